#include "cluster/mixed_worker.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace carillon::testing {

namespace asio = boost::asio;
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

}  // namespace

mix_options mix_of(const worker_arguments& with) {
  mix_options mix;
  mix.seed = with.number("seed");
  mix.jobs = static_cast<std::uint32_t>(with.number("jobs"));
  mix.until = instant{milliseconds{with.number("until")}};
  mix.lease = milliseconds{with.number("lease")};
  return mix;
}

scheduler_options options_of(const worker_arguments& with) {
  scheduler_options options;
  options.instance = with.text("instance");
  options.time_zone = zone{};
  options.drain = milliseconds{1'500};
  options.logger =
      std::make_shared<spdlog::logger>("worker", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  return options;
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

}  // namespace carillon::testing
