#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <utility>

namespace carillon {

/// Waits for wall times on a clock, with a timer of its own.
///
/// Any wait may end early: because a far-off time is approached in several sleeps, because the clock was set,
/// or because somebody called `wake`. So one looks at the clock afterwards, and waits again if it is too
/// soon. Thread safety: none; used on the strand it was made for.
class wall_timer final : public clock::sleeper {
 public:
  wall_timer(clock& time, const loop_executor& where) : time_{time}, timer_{where} {}
  ~wall_timer() { time_.disarm(*this); }

  /// Rings at `wake_at`, at once if that has passed. Ends a wait that is under way.
  void set(instant wake_at) { timer_.expires_at(time_.arm(*this, wake_at)); }
  /// The same `later` than others of that instant (`clock::arm_in_order`).
  void set(instant wake_at, std::chrono::microseconds later) {
    timer_.expires_at(time_.arm_in_order(*this, wake_at, later));
  }

  /// Rings only when woken. Ends a wait that is under way.
  void set_never() {
    time_.disarm(*this);
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  /// Waits until it rings. Completes with `void(error_code)`, of which nothing can be learnt. One wait at a
  /// time. Cancellation: total.
  template <typename Token>
  auto async_wait(Token&& token) {
    return timer_.async_wait(std::forward<Token>(token));
  }

  /// Ends the wait that is under way, if there is one.
  void wake() override { timer_.cancel(); }

 private:
  clock& time_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      timer_;
};

}  // namespace carillon
