// Claims, takes and finishes: what this instance runs, and under which lease.

#include <fmt/format.h>
#include <carillon/time/timestamp.hpp>
#include <stdexcept>

#include "store/shared_repeat.hpp"

namespace carillon {

namespace {

/// Which run ids are being asked for, as long as it lives.
class asking {
 public:
  explicit asking(started_runs& runs) : runs_{runs} {}
  ~asking() {
    for (const auto id : ids_) runs_.answered(id);
  }
  asking(const asking&) = delete;
  asking& operator=(const asking&) = delete;
  void add(std::string_view id) {
    runs_.asking(id);
    ids_.push_back(id);
  }

 private:
  started_runs& runs_;
  boost::container::small_vector<std::string_view, 1> ids_;
};

const shared_handle& handle_of(const job_handle& handle) {
  static const shared_handle whichever;
  return handle ? *static_cast<const shared_handle*>(handle.get()) : whichever;
}

bool gives_up(const outcome& result) {
  return result.reason == cancel_reason::lost_lease || result.reason == cancel_reason::shutdown;
}

}  // namespace

std::shared_ptr<lease> shared_core::require_lease() const {
  if (!is_member()) throw boost::system::system_error(errc::lease_lost);
  return lease_;
}

loop_awaitable<claim_answer> shared_core::claim(const claim_request& request) {
  if (request.next_cursor && *request.next_cursor <= request.expected_cursor) {
    throw std::invalid_argument("claim of '" + std::string{request.id} +
                                "': the next cursor must be greater than the expected one");
  }
  const auto under = require_lease();
  const auto partition = partition_of(request.id);
  concern(partition);
  const auto self = shared_from_this();  // It may go while this waits, with the event loop.
  asking asked{runs_};
  for (const auto& run : request.runs) asked.add(run.run_id);
  claim_step step;
  step.request = &request;
  step.born = handle_of(request.handle).born;
  auto answer = co_await claims_.ask(partition, step);
  // What was won under a lease that is over is found and ended by others.
  if (!under->good()) throw boost::system::system_error(errc::lease_lost);
  for (std::size_t i = 0; i < answer.runs.size(); ++i) {
    auto& said = answer.runs[i];
    if (said.what != run_answer::kind::won) continue;
    const auto& planned = request.runs[i];
    active_record run;
    run.job = request.id;
    run.run_id = planned.run_id;
    run.born = step.born;
    run.fence = said.fence;
    run.occurrence = planned.occurrence;
    run.due = planned.due;
    run.revision = request.expected_revision;
    const auto what = hold(partition, run, handle_of(request.handle).reruns);
    if (what == news::already_ran) said.what = run_answer::kind::already_ran;
    if (what == news::still_runs) said.what = run_answer::kind::still_runs;
  }
  co_return answer;
}

/// Holds a run that was won from now on, unless it is held already. It may have been begun here before a
/// fail-over, which has brought back its job's cursor, or the run where it waited.
shared_core::news shared_core::hold(std::uint32_t partition, const active_record& run, bool reruns) {
  started_run held;
  held.job = run.job;
  held.run_id = run.run_id;
  held.partition = partition;
  held.fence = run.fence;
  held.reruns = reruns;
  const auto asked = run.extra ? run.revision : 0;
  if (run.born != 0) held.attempt = attempt_id({run.job, run.born, run.occurrence, run.attempt, asked});
  const auto attempt = held.attempt;
  const bool is_new = runs_.start(std::move(held));
  if (!is_new || attempt == 0 || attempts_.start(attempt, run.revision)) return news::to_begin;
  auto& again = *runs_.find(partition, run.fence);
  again.completed = true;  // No body is begun for it.
  if (auto* const body = runs_.body_of(attempt)) {
    runs_.adopt(*body, again);
    logger_->warn("{}: its run for {} (attempt {}) has come back; the body that runs here goes on as run {}",
                  run.job, format_instant(run.occurrence, zone{}), run.attempt, run.run_id);
    return news::still_runs;
  }
  tasks_.spawn(finish_as_already_run(partition, run, attempts_.is_retried(attempt)));
  return news::already_ran;
}

/// A fail-over has brought it back: it has been run, and the ledger says so. If it failed then, and was to be
/// tried again, it is now.
loop_awaitable<void> shared_core::finish_as_already_run(std::uint32_t partition, active_record run,
                                                        bool retried) {
  logger_->warn("{}: its run for {} (attempt {}) has come back, which has been begun here already", run.job,
                format_instant(run.occurrence, zone{}), run.attempt);
  outcome result;
  result.kind = outcome_kind::skipped;
  result.message = "already ran";
  run_report report;
  report.id = run.job;
  report.run_id = run.run_id;
  report.fence = run.fence;
  report.occurrence = run.occurrence;
  report.attempt = run.attempt;
  report.due = run.due;
  report.started = report.finished = store_now();
  report.result = &result;
  if (retried) report.retry_at = report.finished;
  finish_step step;
  step.report = &report;
  step.born = run.born;
  auto call = finishes_.ask(partition, step);
  const auto got = co_await attempted(std::move(call));
  runs_.end(partition, run.fence);
  if (got.answer) tell_changed(run.job, UINT64_MAX);  // What could not be finished is reaped.
}

loop_awaitable<take_answer> shared_core::take(const take_request& request) {
  const auto under = require_lease();
  const auto partition = partition_of(request.id);
  concern(partition);
  const auto self = shared_from_this();  // It may go while this waits, with the event loop.
  asking asked{runs_};
  asked.add(request.run_id);
  take_step step;
  step.request = &request;
  step.born = handle_of(request.handle).born;
  auto answer = co_await takes_.ask(partition, step);
  if (!under->good()) throw boost::system::system_error(errc::lease_lost);
  if (answer.what != take_answer::kind::won) co_return answer;
  active_record run;
  run.job = request.id;
  run.run_id = request.run_id;
  run.born = step.born;
  run.fence = answer.fence;
  run.occurrence = answer.occurrence;
  run.due = answer.due;
  run.attempt = answer.attempt;
  run.extra = answer.extra;
  run.revision = answer.revision;
  const auto what = hold(partition, run, handle_of(request.handle).reruns);
  if (what == news::already_ran) answer.what = take_answer::kind::already_ran;
  if (what == news::still_runs) answer.what = take_answer::kind::still_runs;
  co_return answer;
}

loop_awaitable<finish_answer> shared_core::finish(const run_report& report) {
  const auto partition = partition_of(report.id);
  auto ended = report;
  std::string goes_on_as;
  if (auto* const run = runs_.find(partition, report.fence)) {
    remember_end(*run, report);
    if (const auto* const again = runs_.find(partition, run->goes_on_as)) {
      goes_on_as = again->run_id;
      ended.run_id = goes_on_as;
      ended.fence = again->fence;
    }
  }
  finish_step step;
  step.report = &ended;
  step.born = handle_of(report.handle).born;
  auto call = gives_up(*report.result) ? give_up_run(partition, ended) : finishes_.ask(partition, step);
  auto got = co_await attempted(std::move(call));
  runs_.end(partition, report.fence);
  if (ended.fence != report.fence) runs_.end(partition, ended.fence);
  if (got.failure) std::rethrow_exception(got.failure);
  if (got.answer->followed) tell_ends(partition);
  co_return std::move(*got.answer);
}

/// What is to happen if a fail-over should bring this run back. What was not completed, or failed, is begun
/// again only where the job's `on_lost` asks for it.
void shared_core::remember_end(started_run& run, const run_report& report) {
  const bool reruns = run.reruns || handle_of(report.handle).reruns;  // Of a run that was found.
  run.completed = !gives_up(*report.result);
  if (!reruns) return;
  if (!run.completed) attempts_.give_up(run.attempt);
  if (report.retry_at) attempts_.retry(run.attempt);
}

/// A run that ends because its instance has to let go of it: what its body did then nobody knows, so that the
/// job's `on_lost` says what follows.
loop_awaitable<finish_answer> shared_core::give_up_run(std::uint32_t partition, const run_report& report) {
  const bool leaves = report.result->reason == cancel_reason::shutdown;
  reap_step step;
  step.run_id = report.run_id;
  step.job = report.id;
  step.fence = report.fence;
  step.why = leaves ? "its instance left" : "its instance lost its lease";
  std::vector<reap_step> steps{step};
  const auto ended = co_await reap(partition, std::move(steps));
  finish_answer answer;
  answer.what = ended.front() ? finish_answer::kind::done : finish_answer::kind::stale;
  if (ended.front()) tell_changed(std::string(report.id), UINT64_MAX);
  co_return answer;
}

/// Ends runs as lost, by their fences. Answers of each whether it was still active, as far as is known.
loop_awaitable<std::vector<bool>> shared_core::reap(std::uint32_t partition, std::vector<reap_step> steps) {
  std::vector<bool> ended;
  for (std::size_t at = 0; at < steps.size(); at += most_steps) {
    const std::span<const reap_step> some{steps.data() + at, std::min(most_steps, steps.size() - at)};
    bool unsure = false;
    const auto call = [&] { return backend_->reap(partition, some, store_now()); };
    const auto answered = co_await repeated(call, unsure);
    for (const bool was_active : answered) ended.push_back(unsure || was_active);
  }
  if (std::ranges::count(ended, true) > 0 && backend_->keeps_ends())
    tell_ends(partition);  // Others may follow what was lost.
  co_return ended;
}

}  // namespace carillon
