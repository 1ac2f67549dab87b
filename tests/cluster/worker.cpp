// One instance of a cluster: jobs of a mix on a Redis, and a log of what their bodies did.
//
// Arguments are NAME=VALUE: instance, log (a file), and one of port (of a Redis on this machine) and url;
// seed, jobs, until (milliseconds since 1970) and lease (milliseconds) of the mix; first and last (of the
// jobs that this program knows), file (under which they are declared; without it the program itself declares
// them).
#include <carillon/redis/job_store.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
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
  redis::link_options where;
  where.url = with.has("url") ? with.text("url") : "redis://127.0.0.1:" + with.text("port");
  where.name_space = "cluster";
  redis::link link{io, where};
  redis::job_store_options sharing;
  sharing.lease = mix.lease;
  sharing.ledger_length = 10'000'000;  // All of it is looked at afterwards.
  scheduler scheduler{io, std::make_shared<redis::job_store>(link, sharing), options};

  std::vector<job_definition> declared;
  for (auto number = with.number("first", 0); number <= with.number("last", mix.jobs - 1); ++number) {
    const auto& job = jobs.at(number);
    scheduler.task(job.id, body_of(log, job));
    declared.push_back(definition_of(job));
  }
  if (const auto file = with.text("file", ""); !file.empty()) {
    scheduler.declare(file, std::move(declared), [](const std::exception_ptr& failed, const declare_result&) {
      if (failed) std::rethrow_exception(failed);
    });
  } else {
    for (auto& job : declared) scheduler.add(std::move(job));
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
