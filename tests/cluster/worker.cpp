// One instance of a cluster: jobs of a mix on a Redis, and a log of what their bodies did.
//
// Arguments are NAME=VALUE: instance, log (a file), and one of port (of a Redis on this machine) and url;
// seed, jobs, until (milliseconds since 1970) and lease (milliseconds) of the mix; first and last (of the
// jobs that this program knows), file (under which they are declared; without it the program itself declares
// them).
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <iostream>
#include <map>

#include "body_log.hpp"
#include "job_mix.hpp"
#include "worker_arguments.hpp"

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::testing;
using asio::awaitable;

namespace {

void end_of(body_log& log, const mixed_job& job, const run& run) {
  const bool failed = fails(job, run.scheduled_for(), run.attempt());
  log.ended(run, failed ? "failed" : "ok");
  if (failed) throw failure{"planned", "this attempt was meant to fail"};
}

awaitable<void> lasting_body(body_log& log, const mixed_job& job, run& run) {
  log.began(run);
  const auto where = co_await asio::this_coro::executor;
  asio::steady_timer timer{where, takes(job, run.scheduled_for(), run.attempt())};
  boost::system::error_code cancelled;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (cancelled) {
    log.ended(run, std::string{name(run.cancel_reason())});
    throw boost::system::system_error{cancelled};
  }
  end_of(log, job, run);
}

task body_of(body_log& log, const mixed_job& job) {
  if (job.longest == milliseconds{0}) {
    return task{[&log, &job](run& run) {
      log.began(run);
      end_of(log, job, run);
    }};
  }
  return task{[&log, &job](run& run) -> awaitable<void> { return lasting_body(log, job, run); }};
}

job_definition definition_of(const mixed_job& job) {
  job_definition made{job.id, job.when, {}, {}, {}, {}, {}};
  made.options = intern(job.options);
  return made;
}

void work(const worker_arguments& with) {
  mix_options mix;
  mix.seed = with.number("seed");
  mix.jobs = static_cast<std::uint32_t>(with.number("jobs"));
  mix.until = instant{milliseconds{with.number("until")}};
  mix.lease = milliseconds{with.number("lease")};
  const auto jobs = job_mix(mix);

  asio::io_context io;
  scheduler_options options;
  options.instance = with.text("instance");
  options.time_zone = zone{};
  options.drain = milliseconds{1'500};
  options.logger =
      std::make_shared<spdlog::logger>("worker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
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
