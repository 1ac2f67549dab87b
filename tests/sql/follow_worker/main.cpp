// One of the processes of tests/sql/follow_test.cpp: jobs that run all the time, and others that follow them.
// Usage: carillon-test-sql-follow-worker URL NAME
#include <boost/asio/io_context.hpp>
#include <carillon/carillon.hpp>
#include <carillon/sql/job_store.hpp>
#include <cstdio>
#include <exception>

#include "support/followed_jobs.hpp"

using namespace std::chrono_literals;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  try {
    boost::asio::io_context io;
    carillon::sql::job_store_options how;
    how.url = arguments[1];
    how.lease = 1'000ms;
    how.partitions = 4;
    carillon::scheduler_options options;
    options.instance = arguments[2];
    carillon::scheduler scheduler{io, carillon::sql::job_store{how}, options};
    carillon::testing::add_followed_jobs(scheduler, 4, 100ms);
    carillon::run_until_signalled(io, scheduler);
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 1;
  }
}
