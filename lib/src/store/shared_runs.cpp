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

bool gives_up(const outcome& result) {
  return result.reason == cancel_reason::lost_lease || result.reason == cancel_reason::shutdown;
}

}  // namespace

std::shared_ptr<lease> shared_core::require_lease() const {
  if (!is_member()) throw boost::system::system_error(errc::lease_lost);
  return lease_;
}

std::uint64_t shared_core::born_of(const job_handle& handle) {
  return handle ? static_cast<const shared_handle*>(handle.get())->born : 0;
}

loop_awaitable<claim_answer> shared_core::claim(const claim_request& request) {
  if (request.next_cursor && *request.next_cursor <= request.expected_cursor) {
    throw std::invalid_argument("claim of '" + std::string{request.id} +
                                "': the next cursor must be greater than the expected one");
  }
  const auto under = require_lease();
  const auto partition = partition_of(request.id);
  concern(partition);
  asking asked{runs_};
  for (const auto& run : request.runs) asked.add(run.run_id);
  claim_step step;
  step.request = &request;
  step.born = born_of(request.handle);
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
    if (!may_begin(partition, run)) said.what = run_answer::kind::skipped;
  }
  co_return answer;
}

/// Holds a run that was won from now on. False: it was begun here before a fail-over, which has brought back
/// its job's cursor, or the run where it waited.
bool shared_core::may_begin(std::uint32_t partition, const active_record& run) {
  const bool news = started(partition, run.job, run.run_id, run.fence);
  if (!news || run.born == 0) return true;
  const attempted_occurrence what{run.job, run.born, run.occurrence, run.attempt, run.extra, run.revision};
  if (attempts_.start(what)) return true;
  tasks_.spawn(finish_as_already_run(partition, run));
  return false;
}

/// Holds a run from now on. False: it was started before.
bool shared_core::started(std::uint32_t partition, std::string_view job, std::string_view run_id,
                          std::uint64_t fence) {
  started_run run;
  run.job = job;
  run.run_id = run_id;
  run.partition = partition;
  run.fence = fence;
  return runs_.start(std::move(run));
}

/// A fail-over has brought it back: it has been run, and the ledger says so.
loop_awaitable<void> shared_core::finish_as_already_run(std::uint32_t partition, active_record run) {
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
  finish_step step;
  step.report = &report;
  step.born = run.born;
  auto call = finishes_.ask(partition, step);
  const auto got = co_await attempted(std::move(call));
  runs_.end(partition, run.fence);
  static_cast<void>(got);  // What could not be finished is reaped.
}

loop_awaitable<take_answer> shared_core::take(const take_request& request) {
  const auto under = require_lease();
  const auto partition = partition_of(request.id);
  concern(partition);
  asking asked{runs_};
  asked.add(request.run_id);
  take_step step;
  step.request = &request;
  step.born = born_of(request.handle);
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
  if (!may_begin(partition, run)) answer.what = take_answer::kind::none_due;
  co_return answer;
}

loop_awaitable<finish_answer> shared_core::finish(const run_report& report) {
  const auto partition = partition_of(report.id);
  finish_step step;
  step.report = &report;
  step.born = born_of(report.handle);
  auto call = gives_up(*report.result) ? give_up_run(partition, report) : finishes_.ask(partition, step);
  auto got = co_await attempted(std::move(call));
  runs_.end(partition, report.fence);
  if (got.failure) std::rethrow_exception(got.failure);
  co_return std::move(*got.answer);
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
  answer.what = ended > 0 ? finish_answer::kind::done : finish_answer::kind::stale;
  if (ended > 0) tell_changed(std::string(report.id), UINT64_MAX);
  co_return answer;
}

/// Ends runs as lost, by their fences. Answers how many were still active, as far as is known.
loop_awaitable<std::size_t> shared_core::reap(std::uint32_t partition, std::vector<reap_step> steps) {
  std::size_t ended = 0;
  for (std::size_t at = 0; at < steps.size(); at += most_steps) {
    const std::span<const reap_step> some{steps.data() + at, std::min(most_steps, steps.size() - at)};
    bool unsure = false;
    const auto call = [&] { return backend_->reap(partition, some, store_now()); };
    const auto answered = co_await repeated(call, unsure);
    ended += unsure ? some.size() : answered;
  }
  co_return ended;
}

}  // namespace carillon
