#pragma once
#include <carillon/job/options.hpp>
#include <memory>
#include <string>
#include <utility>

namespace carillon {

class engine;
struct pending_call;

/// The options of a job that `scheduler::once` makes: as any job's, but never too late.
job_options delayed_options();

/// What is to run once: the answer of `scheduler::once`. Dropping it changes nothing. A small value; copies
/// are of the same call.
///
/// Thread safety: safe.
class delayed_call {
 public:
  /// Of nothing: it cannot be cancelled, and is not pending.
  delayed_call() noexcept = default;

  /// Takes it back. True: it had not begun, and never will. False: it has begun (`scheduler::cancel_runs`
  /// asks it to stop), or was cancelled before.
  bool cancel();
  /// Whether it has neither begun nor been cancelled.
  bool pending() const noexcept;
  /// Of its job, for operations and events; empty: of nothing.
  const std::string& id() const noexcept;

 private:
  friend class scheduler;
  delayed_call(std::weak_ptr<engine> owner, std::shared_ptr<pending_call> call) noexcept
      : owner_{std::move(owner)}, call_{std::move(call)} {}

  std::weak_ptr<engine> owner_;
  std::shared_ptr<pending_call> call_;
};

}  // namespace carillon
