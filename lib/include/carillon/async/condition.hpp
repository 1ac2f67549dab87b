#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>

namespace carillon {

/// Lets coroutines wait until something about the state they share has changed: they look, wait, and look
/// again.
///
/// Thread safety: none; used on the strand it was made for, so that nothing changes between looking and
/// waiting.
class condition {
 public:
  explicit condition(const loop_executor& where)
      : never_{where, std::chrono::steady_clock::time_point::max()} {}

  /// Returns after the next `notify`.
  /// Cancellation: terminal; the condition stays as it was.
  loop_awaitable<void> wait() { co_await never_.async_wait(boost::asio::as_tuple(boost::asio::deferred)); }

  /// Lets all go on that wait now.
  void notify() { never_.cancel(); }

 private:
  // A timer that never expires: cancelling it wakes those who wait for it.
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      never_;
};

}  // namespace carillon
