#pragma once
#include <carillon/executor/executor.hpp>
#include <cstdint>
#include <memory>

namespace boost::asio {
class thread_pool;
}

namespace carillon {

/// How a `thread_executor` behaves.
struct thread_executor_options {
  std::uint32_t threads = 0;  ///< 1 to 1,000; 0: as many as the machine has processors.
  /// `running` 0: as many as there are threads. More make sense for coroutines only, which share threads.
  executor_limits limits{.running = 0, .queued = 1000};
};

/// Runs registered bodies on threads of its own: those that block or compute, which would keep the event loop
/// from everything else.
///
/// A plain body is called on one of the threads; one that is a coroutine runs there on a strand of its own,
/// which `co_await this_coro::executor` answers. Bodies of different runs go on at the same time, so what
/// they share needs a lock. A run that is asked to stop reaches a coroutine as Asio cancellation, total or
/// terminal; a plain body must look at `run.cancel_reason()` itself: no thread can be stopped from outside.
/// One that does not is reported (`run_stuck`), keeps its thread and counts as active until it returns, also
/// at the scheduler's end.
///
/// An executor of one scheduler. What bodies leave behind on their strand is dropped when it closes.
class thread_executor final : public executor {
 public:
  /// Starts the threads. Errors: throws `std::invalid_argument` for more than 1,000, and `std::system_error`
  /// when the system has none left.
  explicit thread_executor(thread_executor_options options = {});
  ~thread_executor() override;

  executor_limits limits() const noexcept override { return limits_; }
  boost::asio::awaitable<void> execute(run& run, const task* body) override;
  boost::asio::awaitable<void> close() override;

 private:
  executor_limits limits_;
  std::unique_ptr<boost::asio::thread_pool> threads_;
};

}  // namespace carillon
