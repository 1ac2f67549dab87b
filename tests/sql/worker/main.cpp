// One process of kill_test.cpp: jobs of a mix on an SQL database, and a log of what their bodies did.
//
// Arguments are NAME=VALUE: url, instance, log (a file); seed, jobs, until (milliseconds since 1970) and
// lease (milliseconds) of the mix.
#include <carillon/scheduler/run_until_signalled.hpp>
#include <carillon/sql/job_store.hpp>
#include <iostream>

#include "cluster/mixed_worker.hpp"

using namespace carillon;
using namespace carillon::testing;

namespace {

void work(const worker_arguments& with) {
  const auto mix = mix_of(with);
  const auto jobs = job_mix(mix);
  const auto options = options_of(with);
  boost::asio::io_context io;
  body_log log{with.text("log")};
  sql::job_store_options sharing;
  sharing.url = with.text("url");
  sharing.lease = mix.lease;
  sharing.ledger_length = 10'000'000;  // All of it is looked at afterwards.
  sharing.logger = options.logger;
  scheduler scheduler{io, std::make_shared<sql::job_store>(sharing), options};
  for (const auto& job : jobs) {
    scheduler.task(job.id, body_of(log, job));
    scheduler.add(definition_of(job));
  }
  run_until_signalled(io, scheduler);
}

}  // namespace

int main(int count, char** words) try {
  work(worker_arguments{count, words});
} catch (const std::exception& failed) {
  std::cerr << "worker: " << failed.what() << '\n';
  return 1;
}
