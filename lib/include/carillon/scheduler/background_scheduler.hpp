#pragma once
#include <carillon/scheduler/scheduler.hpp>
#include <memory>

namespace carillon {

/// A scheduler with an event loop and a thread of its own, for programs that have neither; it runs from the
/// beginning.
///
/// Bodies run on that thread. Thread safety: that of `scheduler`; `stop` from any thread but a body.
class background_scheduler {
 public:
  /// Errors: throws `std::invalid_argument` for options out of range.
  explicit background_scheduler(scheduler_options options = {});
  background_scheduler(std::shared_ptr<job_store> store, scheduler_options options = {});
  background_scheduler(const background_scheduler&) = delete;
  background_scheduler& operator=(const background_scheduler&) = delete;
  /// Stops as `stop()` does; what `run()` threw is lost.
  ~background_scheduler();

  scheduler& operator*() noexcept;
  scheduler* operator->() noexcept { return &**this; }

  /// Shuts down, and returns when everything has ended. Does nothing the second time. Operations that are
  /// asked for afterwards are answered with `errc::stopped`, as long as this object lives; so they are when a
  /// body has shut the scheduler down.
  /// Errors: throws what `scheduler::run` threw.
  void stop(shutdown_options how = {});

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace carillon
