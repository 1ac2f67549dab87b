#pragma once
#include <boost/asio/cancellation_signal.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/loop.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <list>

namespace carillon {

/// Owns coroutines that run in the background: none outlives the group, and none is lost silently.
///
/// Thread safety: none; used on the strand its tasks run on.
class task_group {
 public:
  /// Told of an exception that escaped from a task. Must not throw.
  using failure_handler = std::function<void(std::exception_ptr)>;

  task_group(const loop_executor& where, failure_handler on_failure);
  /// @pre No task is running: `join()` has completed; or its executor runs no more.
  ~task_group();
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// How many tasks have not ended.
  std::size_t size() const noexcept { return running_.size(); }

  /// Starts `task`; called on the strand, it may begin within this call.
  void spawn(loop_awaitable<void> task);

  /// Asks every running task to stop, as Asio cancellation. `join()` waits for them. Tasks spawned later are
  /// not asked.
  void cancel(boost::asio::cancellation_type type = boost::asio::cancellation_type::terminal);

  /// Returns when no task is running, those spawned meanwhile included.
  /// Cancellation: terminal; the tasks go on.
  loop_awaitable<void> join();

 private:
  using tasks = std::list<boost::asio::cancellation_signal>;

  void ended(tasks::iterator who, std::exception_ptr failure);

  loop_executor where_;
  failure_handler on_failure_;
  tasks running_;
  condition idle_;
};

}  // namespace carillon
