#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/async/loop.hpp>
#include <thread>

#include "redis/connection.hpp"

namespace carillon::redis {

/// A small thread with a loop and a connection of its own, for what must go on while a caller blocks its
/// loop: heartbeats, and the renewal of leases. Nothing slow may run there.
///
/// Coroutines that use it run on `get_executor()` and end before the link goes.
class background {
 public:
  explicit background(connection_options how);
  /// Stops the connection and ends the thread. @pre Not on that thread.
  ~background();
  background(const background&) = delete;
  background& operator=(const background&) = delete;

  /// The strand of the connection. Thread safety: safe.
  const loop_executor& get_executor() const noexcept { return where_; }
  /// Touched on `get_executor()` only; it has been started.
  redis::connection& connection() noexcept { return connection_; }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  loop_executor where_{io_.get_executor()};
  redis::connection connection_;
  std::thread thread_;
};

}  // namespace carillon::redis
