// The end of a run: what the store is told, and what follows from its answer.

#include <spdlog/logger.h>
#include <carillon/job/retry.hpp>

#include "scheduler/engine_parts.hpp"

namespace carillon {

void engine::finish(active_run& attempt, outcome result, std::chrono::nanoseconds took,
                    const std::exception_ptr& thrown) {
  auto& job = *attempt.job;
  auto report = report_of(attempt, result, took);
  const auto answer = store_->finish_now(report);
  if (answer) {
    tell_ended(report, thrown);
    return finished(job, report, *answer);
  }
  auto work = std::make_shared<finish_work>();
  work->id = report.id;
  work->run_id = report.run_id;
  work->result = std::move(result);
  work->report = std::move(report);
  work->report.id = work->id;
  work->report.run_id = work->run_id;
  work->report.result = &work->result;
  work->thrown = thrown;
  work->job = &job;
  chores_.spawn(finish_slowly(std::move(work)));
}

run_report engine::report_of(const active_run& attempt, const outcome& result,
                             std::chrono::nanoseconds took) const {
  const auto& job = *attempt.job;
  const auto& definition = attempt.definition ? *attempt.definition : *job.definition;
  const auto& context = attempt.context;
  run_report report;
  report.id = *context.job;
  report.handle = job.handle;
  report.run_id = context.id;
  report.member = options_.instance;
  report.fence = context.fence;
  report.occurrence = context.scheduled_for;
  report.attempt = context.attempt;
  report.due = context.due;
  report.started = attempt.started;
  report.finished = attempt.started + std::chrono::floor<milliseconds>(took);
  report.result = &result;
  if (result.is_failure() && should_retry(definition.options->retry, result, context.attempt)) {
    report.retry_at = report.finished + backoff(definition.options->retry, seed_of(job.id()),
                                                context.scheduled_for, context.attempt);
  }
  const bool waits_for_this =
      definition.when.fixed_delay() && !job.has_cursor() && job.state == job_state::active;
  if (waits_for_this && !report.retry_at) {
    auto bound = bound_to(job);
    bound.fired = job.fired;
    const auto next = fire_after_run(definition.when, bound, report.finished);
    report.next = run_report::fixed_delay_move{
        job.revision, next ? std::optional{next->nominal} : std::nullopt, next ? next->due : instant{}};
  }
  return report;
}

loop_awaitable<void> engine::finish_slowly(std::shared_ptr<finish_work> work) {
  const auto answer = co_await store_->finish(work->report);
  tell_ended(work->report, work->thrown);
  finished(*work->job, work->report, answer);
}

void engine::finished(job_entry& job, const run_report& report, const finish_answer& answer) {
  --job.active;
  --active_;
  job.no_room = false;
  if (active_ == 0 && phase_ != phase::running) news_.notify();
  if (answer.what == finish_answer::kind::done) {
    job.next_waiting = answer.next_waiting.value_or(job_entry::never);
    if (report.next && report.next->expected_revision == job.revision) {
      job.set_cursor(report.next->cursor ? std::optional{fire{*report.next->cursor, report.next->due}}
                                         : std::nullopt);
      if (!report.next->cursor) {
        job.state = job_state::ended;
        tell_job(event_kind::job_ended, job.id());
      }
    }
    if (answer.paused_now) {
      reload(job);
      tell_job(event_kind::job_paused, job.id(),
               fmt::format("{} failures in a row", job.options().pause_after));
    }
    if (answer.removed_now) retire(job);
  }
  job.bell.wake();
  if (job.active == 0) settle_idle(job);  // the last thing: it may be the end of the job
}

}  // namespace carillon
