// Claims, takes and finishes: what this instance runs, and under which lease.

#include <fmt/format.h>
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
    const bool news = started(partition, request.id, planned.run_id, said.fence);
    const bool again =
        news && step.born != 0 &&
        occurrences_.contains(request.id, step.born, planned.occurrence, request.expected_revision);
    if (again) {
      said.what = run_answer::kind::skipped;
      tasks_.spawn(finish_as_already_run(partition, std::string(request.id), std::string(planned.run_id),
                                         step.born, said.fence, planned.occurrence, planned.due));
    } else if (step.born != 0) {
      occurrences_.remember(request.id, step.born, planned.occurrence, request.expected_revision);
    }
  }
  co_return answer;
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

/// A cursor was brought back by a fail-over: the occurrence has been run, and the ledger says so.
loop_awaitable<void> shared_core::finish_as_already_run(std::uint32_t partition, std::string job,
                                                        std::string run_id, std::uint64_t born,
                                                        std::uint64_t fence, instant occurrence,
                                                        instant due) {
  logger_->warn("{}: its cursor has come back to {}, which has run here already", job,
                occurrence.time_since_epoch().count());
  outcome result;
  result.kind = outcome_kind::skipped;
  result.message = "already ran";
  run_report report;
  report.id = job;
  report.run_id = run_id;
  report.fence = fence;
  report.occurrence = occurrence;
  report.due = due;
  report.started = report.finished = store_now();
  report.result = &result;
  finish_step step;
  step.report = &report;
  step.born = born;
  auto call = finishes_.ask(partition, step);
  const auto got = co_await attempted(std::move(call));
  runs_.end(partition, fence);
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
  if (answer.what == take_answer::kind::won) {
    started(partition, request.id, request.run_id, answer.fence);
    occurrences_.remember(request.id, step.born, answer.occurrence, 0);
  }
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
