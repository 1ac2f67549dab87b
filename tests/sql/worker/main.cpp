// One process of kill_test.cpp: jobs of a mix on an SQL database, and a log of what their bodies did.
//
// Arguments are NAME=VALUE: url, instance, log (a file); seed, jobs, until (milliseconds since 1970) and
// lease (milliseconds) of the mix.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <carillon/sql/job_store.hpp>
#include <iostream>

#include "cluster/body_log.hpp"
#include "cluster/job_mix.hpp"
#include "cluster/worker_arguments.hpp"

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::testing;
using asio::awaitable;

namespace {

awaitable<void> body(body_log& log, const mixed_job& job, run& run) {
  log.began(run);
  if (job.longest > milliseconds{0}) {
    const auto where = co_await asio::this_coro::executor;
    asio::steady_timer timer{where, takes(job, run.scheduled_for(), run.attempt())};
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (cancelled) {
      log.ended(run, std::string{name(run.cancel_reason())});
      throw boost::system::system_error{cancelled};
    }
  }
  const bool failed = fails(job, run.scheduled_for(), run.attempt());
  log.ended(run, failed ? "failed" : "ok");
  if (failed) throw failure{"planned", "this attempt was meant to fail"};
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
  sql::job_store_options sharing;
  sharing.url = with.text("url");
  sharing.lease = mix.lease;
  sharing.ledger_length = 10'000'000;  // All of it is looked at afterwards.
  sharing.logger = options.logger;
  scheduler scheduler{io, std::make_shared<sql::job_store>(sharing), options};
  for (const auto& job : jobs) {
    scheduler.task(job.id, task{[&log, &job](run& run) -> awaitable<void> { return body(log, job, run); }});
    job_definition made{job.id, job.when, {}, {}, {}, {}, {}};
    made.options = intern(job.options);
    scheduler.add(std::move(made));
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
