// What happened, told to listeners and written to the log.

#include <spdlog/logger.h>
#include <boost/asio/post.hpp>
#include <carillon/time/duration.hpp>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

event_kind kind_of(outcome_kind how) {
  switch (how) {
    case outcome_kind::succeeded: return event_kind::run_succeeded;
    case outcome_kind::failed: return event_kind::run_failed;
    case outcome_kind::timed_out: return event_kind::run_timed_out;
    case outcome_kind::cancelled: return event_kind::run_cancelled;
    case outcome_kind::lost: return event_kind::run_lost;
    case outcome_kind::missed: return event_kind::run_missed;
    case outcome_kind::skipped: return event_kind::run_skipped;
    case outcome_kind::coalesced: return event_kind::run_coalesced;
  }
  return event_kind::run_failed;
}

std::string in_words(std::chrono::nanoseconds time) {
  return format_duration(std::chrono::round<milliseconds>(time));
}

/// Of which run it tells, and which attempt of it.
void tell_which(event& happened, std::string_view run, const auto& attempt) {
  happened.run = run;
  happened.occurrence = attempt.occurrence;
  happened.attempt = attempt.attempt;
  happened.fence = attempt.fence;
}

}  // namespace

event engine::make_event(event_kind kind) const {
  event happened;
  happened.kind = kind;
  happened.at = clock_.now();
  happened.instance = options_.instance;
  happened.store = alias_;
  return happened;
}

event engine::make_event(event_kind kind, std::string_view id) const {
  auto happened = make_event(kind);
  happened.job = id;
  const auto known = jobs_.find(id);
  if (known == jobs_.end()) return happened;
  const auto& job = **known;
  happened.options = job.definition->options;
  if (job.has_cursor()) happened.next = job.cursor.nominal;
  return happened;
}

void engine::tell_job(event_kind kind, const std::string& id, std::string message) {
  logger_->debug("{}: {}{}{}", id, name(kind), message.empty() ? "" : ": ", message);
  if (!wanted(kind)) return;
  auto happened = make_event(kind, id);
  happened.message = std::move(message);
  events_.tell(happened);
}

/// Of a job that perhaps has no loop here, or none any more.
void engine::tell_job(event_kind kind, const job_definition& job, std::string message) {
  logger_->debug("{}: {}{}{}", job.id, name(kind), message.empty() ? "" : ": ", message);
  if (!wanted(kind)) return;
  auto happened = make_event(kind, job.id);
  happened.options = job.options;
  happened.message = std::move(message);
  events_.tell(happened);
}

/// Of something that is registered under a name, from any thread.
void engine::tell_named(event_kind kind, std::string_view what) {
  if (!wanted(kind)) return;
  auto happened = make_event(kind);
  happened.name = what;
  boost::asio::post(
      strand_, [self = shared_from_this(), happened = std::move(happened)] { self->events_.tell(happened); });
}

event engine::make_event(event_kind kind, const active_run& attempt) const {
  auto happened = make_event(kind);
  const auto& context = attempt.context;
  happened.job = *context.job;
  happened.options = attempt.definition ? attempt.definition->options : attempt.job->definition->options;
  happened.run = context.id;
  happened.occurrence = context.scheduled_for;
  happened.attempt = context.attempt;
  happened.fence = context.fence;
  happened.lateness = attempt.started - context.due;
  return happened;
}

void engine::tell_started(const active_run& attempt) {
  if (wanted(event_kind::run_started)) events_.tell(make_event(event_kind::run_started, attempt));
}

void engine::tell_claimed(const job_entry& job, const taken_run& taken) {
  if (!wanted(event_kind::run_claimed)) return;
  auto happened = make_event(event_kind::run_claimed, job.id());
  happened.options = job.definition->options;
  tell_which(happened, taken.id, taken);
  events_.tell(happened);
}

void engine::tell_requested(const extra_run& run) {
  if (!wanted(event_kind::run_requested)) return;
  auto happened = make_event(event_kind::run_requested, run.id);
  happened.occurrence = run.occurrence;
  events_.tell(happened);
}

void engine::tell_queued(const job_entry& job, const planned_run& planned) {
  if (!wanted(event_kind::run_queued)) return;
  auto happened = make_event(event_kind::run_queued, job.id());
  happened.run = planned.run_id;
  happened.occurrence = planned.occurrence;
  events_.tell(happened);
}

void engine::tell_left_out(const job_entry& job, const ledger_stretch& stretch) {
  const auto kind = kind_of(stretch.kind);
  if (stretch.kind == outcome_kind::missed) {
    logger_->warn("{}: missed {} fire{}, nobody ran them in time", job.id(), stretch.count,
                  stretch.count == 1 ? "" : "s");
  }
  if (!wanted(kind)) return;
  auto happened = make_event(kind, job.id());
  happened.options = job.definition->options;
  happened.occurrence = stretch.first;
  happened.last = stretch.last;
  happened.count = stretch.count;
  happened.result.kind = stretch.kind;
  happened.message = stretch.reason;
  events_.tell(happened);
}

void engine::tell_ended(const run_report& report, const std::exception_ptr& thrown) {
  const auto& result = *report.result;
  const auto kind = kind_of(result.kind);
  if (result.kind != outcome_kind::succeeded) {
    logger_->warn("{}: run {} (attempt {}) {}: {}", report.id, report.run_id, report.attempt,
                  name(result.kind), result.message);
  }
  if (!wanted(kind) && !wanted(event_kind::run_retrying)) return;
  auto happened = make_event(kind, report.id);
  tell_which(happened, report.run_id, report);
  happened.lateness = report.started - report.due;
  happened.duration = report.finished - report.started;
  happened.result = result;
  happened.message = result.message;
  happened.exception = thrown;
  happened.until = report.retry_at;
  if (wanted(kind)) events_.tell(happened);
  if (!report.retry_at || !wanted(event_kind::run_retrying)) return;
  happened.kind = event_kind::run_retrying;
  events_.tell(happened);
}

/// Of another instance, told by the one that has ended it.
void engine::on_run_lost(const lost_run& run) {
  const auto whose = run.member.substr(0, run.member.rfind('/'));
  logger_->warn("{}: run {} (attempt {}) of {} is lost: {}", run.job, run.run_id, run.attempt, whose,
                run.why);
  if (!wanted(event_kind::run_lost)) return;
  auto happened = make_event(event_kind::run_lost, run.job);
  tell_which(happened, run.run_id, run);
  happened.lateness = run.started - run.due;
  happened.result.kind = outcome_kind::lost;
  happened.result.reason = cancel_reason::lost_lease;
  happened.result.message = run.why;
  happened.message = fmt::format("{}: {}", run.why, whose);
  events_.tell(happened);
}

/// The end of a run that its store has not confirmed.
void engine::tell_unreported(const run_report& report, const std::string& why) {
  logger_->error("{}: run {} (attempt {}) {}, but the store has not confirmed that: {}", report.id,
                 report.run_id, report.attempt, name(report.result->kind), why);
  if (!wanted(event_kind::run_unreported)) return;
  auto happened = make_event(event_kind::run_unreported, report.id);
  tell_which(happened, report.run_id, report);
  happened.result = *report.result;
  happened.message = why;
  events_.tell(happened);
}

void engine::tell_of_store(event_kind kind, std::string message, std::uint64_t count) {
  if (!wanted(kind)) return;
  auto happened = make_event(kind);
  happened.message = std::move(message);
  happened.count = count;
  events_.tell(happened);
}

void engine::tell_stuck(const active_run& attempt) {
  const auto running = clock_.elapsed() - attempt.began;
  const auto why = name(attempt.context.reason.load());
  logger_->error("{}: run {} was asked to stop ({}) and has not; it began {} ago and counts as active",
                 *attempt.context.job, attempt.context.id, why, in_words(running));
  if (!wanted(event_kind::run_stuck)) return;
  auto happened = make_event(event_kind::run_stuck, attempt);
  happened.duration = std::chrono::floor<milliseconds>(running);
  happened.result.reason = attempt.context.reason;
  happened.message = fmt::format("was asked to stop ({}) and has not", why);
  events_.tell(happened);
}

void engine::tell_blocked(const active_run& attempt, std::chrono::nanoseconds took) {
  logger_->warn("{}: run {} kept the event loop from running for {}", *attempt.context.job,
                attempt.context.id, in_words(took));
  if (!wanted(event_kind::loop_blocked)) return;
  auto happened = make_event(event_kind::loop_blocked, attempt);
  happened.duration = std::chrono::floor<milliseconds>(took);
  happened.message = fmt::format("kept the event loop from running for {}", in_words(took));
  events_.tell(happened);
}

}  // namespace carillon
