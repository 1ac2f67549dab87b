#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/async/loop.hpp>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "redis/connection.hpp"
#include "redis/lock_clerk.hpp"
#include "redis/lock_desk.hpp"

namespace carillon::redis {

/// A small thread with a loop and a connection of its own, for what must go on while a caller blocks its
/// loop: heartbeats, and locks with their leases and places in queues. Nothing slow may run there.
///
/// Coroutines that use it run on `get_executor()` and end before the link goes.
class background {
 public:
  /// @param otherwise By way of which lock operations complete. Outlives this, and all locks.
  background(connection_options how, std::string_view name_space, boost::asio::any_io_executor otherwise);
  /// As `shut_down`. @pre Not on that thread, unless it has been shut down.
  ~background();
  background(const background&) = delete;
  background& operator=(const background&) = delete;

  /// Closes the desk, stops the connection and ends the thread: what is given to its executor afterwards is
  /// never done. Again: nothing. Thread safety: safe. @pre Not on that thread.
  void shut_down();

  /// The strand of the connection. Thread safety: safe.
  const loop_executor& get_executor() const noexcept { return where_; }
  /// Touched on `get_executor()` only; it has been started.
  redis::connection& connection() noexcept { return connection_; }
  /// Thread safety: safe. May outlive this.
  const std::shared_ptr<lock_desk>& locks() const noexcept { return locks_; }

 private:
  loop_awaitable<void> end();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  loop_executor where_{io_.get_executor()};
  redis::connection connection_;
  const std::shared_ptr<lock_desk> locks_;
  lock_clerk clerk_{connection_, locks_};
  std::mutex ending_;
  std::thread thread_;
};

}  // namespace carillon::redis
