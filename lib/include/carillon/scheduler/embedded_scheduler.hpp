#pragma once
#include <carillon/async/foreign_loop.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace carillon {

/// A scheduler for a program whose event loop is not Asio's: a toolkit's, a poll() of its own, a game's. It
/// runs from the beginning; the program's code is called by `run_pending`, and nowhere else.
///
///     carillon::embedded_scheduler scheduler;
///     scheduler->add("tick", carillon::every(1s), [] { … });       // called by run_pending()
///     pollfd wakeup{scheduler.descriptor(), POLLIN, 0};
///     for (;;) {
///       ::poll(&wakeup, 1, -1);
///       scheduler.run_pending();
///     }
///
/// Timers, claims, the store and its leases live on a thread of this object's, where nothing of the program
/// runs: a loop that is held up makes bodies late, and harms nothing else. A run that waits for `run_pending`
/// counts as active. On the program's loop run: bodies, plain or coroutines, of jobs that name no other
/// executor; handlers of `on` and `on_next` of this class; what is posted to `get_executor()`, and completion
/// handlers bound to it. Operations may be waited for (`asio::use_future`) on the loop's own thread, but one
/// that needs a body to end (`shutdown`) may not: `stop` may. Bodies that are coroutines may await timers and
/// sockets made with their own executor, and operations of the scheduler.
///
/// Thread safety: `run_pending`, `on`, `on_next`, `stop` and the destructor on the loop's thread,
/// subscriptions ended there; all else from any thread.
class embedded_scheduler {
 public:
  /// Errors: throws `std::invalid_argument` for options out of range.
  explicit embedded_scheduler(scheduler_options options = {});
  embedded_scheduler(std::shared_ptr<job_store> store, scheduler_options options = {});
  /// With a store that needs the event loop it will live on:
  ///
  ///     embedded_scheduler{[](asio::io_context& io) { return std::make_shared<my_store>(io); }}
  explicit embedded_scheduler(
      const std::function<std::shared_ptr<job_store>(boost::asio::io_context&)>& store,
      scheduler_options options = {});
  embedded_scheduler(const embedded_scheduler&) = delete;
  embedded_scheduler& operator=(const embedded_scheduler&) = delete;
  /// Stops as `stop()` does; what `run()` threw is lost.
  ~embedded_scheduler();

  scheduler& operator*() noexcept;
  scheduler* operator->() noexcept { return &**this; }

  /// Readable, as poll() and its like see it, when `run_pending` has something to do. To be watched and
  /// nothing else.
  int descriptor() const noexcept;

  /// Calls what has come due, and what else waits for the program's loop. Does not wait: neither for a time,
  /// nor for a store that is out of reach, nor for the body of another thread. With a store in memory all
  /// that was due when it was called is called. Answers how many calls that were, the parts of coroutines
  /// counted each. Errors: throws what functions throw that were posted, or bound as completion handlers, to
  /// its executor; never what a body throws, which is its run's outcome, or a handler of an event, which is
  /// logged.
  std::size_t run_pending();

  /// For a loop that cannot watch a descriptor: in how long to call `run_pending` again. Zero: something
  /// waits for it now; none: nothing will come due. A time that lies ahead may come sooner (a job is added by
  /// another thread, the clock is set): who sleeps long does well to look again now and then. Looks at each
  /// job.
  std::optional<milliseconds> next_wakeup();

  /// Calls `handler` in `run_pending` for each event that `which` wants, until the subscription goes.
  [[nodiscard]] subscription on(event_filter which, std::function<void(const event&)> handler);
  /// The same for the next such event only.
  [[nodiscard]] subscription on_next(event_filter which, std::function<void(const event&)> handler);

  /// What is posted to it is called by `run_pending`.
  foreign_loop::executor_type get_executor() noexcept;

  /// Shuts down, and returns when everything has ended; bodies and handlers are called meanwhile. Does
  /// nothing the second time. Operations that are asked for afterwards are answered with `errc::stopped`, as
  /// long as this object lives. Errors: throws what `scheduler::run` threw, and what a handler throws.
  void stop(shutdown_options how = {});

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace carillon
