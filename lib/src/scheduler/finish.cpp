// The end of a run: what the store is told, and what follows from its answer.

#include <spdlog/logger.h>
#include <carillon/job/retry.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr const char* not_taken =
    "it knows no such run any more: it was given up as lost, or lost by a fail-over";
constexpr const char* perhaps_taken =
    "it did not answer at first, and by now knows no such run: either the end was taken then, or the run was "
    "given up as lost; the ledger says which";

}  // namespace

/// Whatever throws meanwhile, the run is over here: who waits for that, shutdown above all, must not wait for
/// ever.
void engine::finish(active_run& attempt, outcome result, std::chrono::nanoseconds took,
                    const std::exception_ptr& thrown) {
  auto& job = *attempt.job;
  bool goes_on = false;
  try {
    goes_on = report_end(attempt, std::move(result), took, thrown);
  } catch (...) {
    tell_end_failed(job.id(), std::current_exception());
  }
  if (!goes_on) no_longer_active(job);
}

/// True: its store must be waited for, and somebody does.
bool engine::report_end(active_run& attempt, outcome result, std::chrono::nanoseconds took,
                        const std::exception_ptr& thrown) {
  auto& job = *attempt.job;
  auto report = report_of(attempt, result, took);
  std::optional<finish_answer> answer;
  try {
    answer = store_->finish_now(report);
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is asked once more, and the failure told then
  }
  if (answer) {
    tell_ended(report, thrown);
    finished(job, report, *answer);
    return false;
  }
  auto work = std::make_shared<finish_work>();
  work->id = report.id;
  work->run_id = report.run_id;
  work->result = std::move(result);
  work->report = std::move(report);
  work->report.id = work->id;
  work->report.run_id = work->run_id;
  work->report.result = &work->result;
  work->value = work->report.value;
  work->report.value = work->value;
  if (work->report.carry) {
    work->carry.emplace(*work->report.carry);
    work->report.carry = *work->carry;
  }
  work->thrown = thrown;
  work->job = &job;
  chores_.spawn(finish_slowly(std::move(work)));
  return true;
}

run_report engine::report_of(const active_run& attempt, const outcome& result,
                             std::chrono::nanoseconds took) {
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
    const auto wait =
        backoff(definition.options->retry, seed_of(job.id()), context.scheduled_for, context.attempt);
    report.retry_at = report.finished + std::max(wait, result.retry_after.value_or(milliseconds{0}));
  }
  if (result.kind == outcome_kind::succeeded) {
    report.value = context.value;
    report.keep_value = definition.options->keep_result;
    if (context.carry) report.carry = *context.carry;
  }
  const bool waits_for_this =
      definition.when.fixed_delay() && !job.has_cursor() && job.state == job_state::active;
  if (waits_for_this && !report.retry_at) move_on(report, *attempt.job, definition.when);
  return report;
}

/// The end of a run of a fixed_delay job says when the next one begins.
void engine::move_on(run_report& report, job_entry& job, const trigger& when) {
  auto bound = bound_to(job);
  bound.fired = job.fired;
  std::optional<fire> next;
  try {
    next = fire_after_run(when, bound, report.finished);
  } catch (const boost::system::system_error& failure) {
    return pause_exhausted(job, failure.what());
  }
  report.next = run_report::fixed_delay_move{job.revision, next ? std::optional{next->nominal} : std::nullopt,
                                             next ? next->due : instant{}};
}

/// Tells a store that must be waited for: again and again while it fails, as long as this instance may. The
/// run counts as active here until then, as it does there.
loop_awaitable<void> engine::finish_slowly(std::shared_ptr<finish_work> work) {
  std::optional<finish_answer> answer;
  std::string why;
  bool was_sent = false;
  for (std::uint32_t failures = 0; !answer; ++failures) {
    std::exception_ptr failure;
    try {
      answer = co_await store_->finish(work->report);
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) break;
    was_sent = was_sent || store_failure(failure) == errc::store_unreachable;
    why = outcome_of(failure).message;
    if (!may_finish_again(failure)) break;
    tell_trouble(failure);
    co_await rest(failures);
  }
  const char* doubt = nullptr;
  if (answer && answer->what == finish_answer::kind::stale)
    doubt = was_sent || answer->was_sent_before ? perhaps_taken : not_taken;
  end_slowly(*work, answer, doubt ? doubt : why);
}

/// `why`: the store has not confirmed it, if it says so.
void engine::end_slowly(const finish_work& work, const std::optional<finish_answer>& answer,
                        const std::string& why) {
  try {
    if (answer) store_answers();
    tell_ended(work.report, work.thrown);
    if (!answer || answer->what == finish_answer::kind::stale) tell_unreported(work.report, why);
    if (answer && work.job) finished(*work.job, work.report, *answer);
  } catch (...) {
    tell_end_failed(work.id, std::current_exception());
  }
  if (work.job) no_longer_active(*work.job);
}

void engine::tell_end_failed(std::string_view id, const std::exception_ptr& failure) {
  logger_->critical("{}: a run has ended, but not all of that could be told: {}", id,
                    outcome_of(failure).message);
}

/// Whether a finish that failed is worth another try: not when the store has given the run up, and not when
/// everybody waits for the end.
bool engine::may_finish_again(const std::exception_ptr& failure) const {
  const auto code = store_failure(failure);
  return at_work() && member_ && (code == errc::store_unreachable || code == errc::store_refused);
}

void engine::finished(job_entry& job, const run_report& report, const finish_answer& answer) {
  job.no_room = false;
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
    if (answer.removed_now) {
      forget_call(job.id());
      retire(job);
    }
  }
}

/// The end of a run here; perhaps that of the job.
void engine::no_longer_active(job_entry& job) {
  --job.active;
  --active_;
  if (active_ == 0 && phase_ != phase::running) news_.notify();
  job.bell.wake();
  if (job.retired && shared_) {
    const auto successor = jobs_.find(std::string_view{job.id()});  // The same job, owned once more.
    if (successor != jobs_.end()) look_again(job.id());
  }
  if (job.active == 0) settle_idle(job);  // the last thing: it may be the end of the job
}

}  // namespace carillon
