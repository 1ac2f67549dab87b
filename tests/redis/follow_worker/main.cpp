// One of the processes of tests/redis/follow_processes_test.cpp: jobs that run all the time, and others that
// follow them. Usage: carillon-test-follow-worker URL NAMESPACE NAME
#include <boost/asio/io_context.hpp>
#include <carillon/carillon.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <cstdio>
#include <exception>

#include "support/followed_jobs.hpp"

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    boost::asio::io_context io;
    carillon::redis::link link{io, {.url = arguments[1], .name_space = arguments[2]}};
    carillon::redis::job_store_options how;
    how.lease = 1'000ms;
    how.partitions = 8;
    carillon::scheduler_options options;
    options.instance = arguments[3];
    carillon::scheduler scheduler{io, carillon::redis::job_store{link, how}, options};
    carillon::testing::add_followed_jobs(scheduler, 8, 50ms);
    carillon::run_until_signalled(io, scheduler);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 1;
  }
}
