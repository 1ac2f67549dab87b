#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/time/clock.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>

namespace carillon {

/// Waits for wall times on a clock, with a timer of its own.
///
/// Any wait may end early: because a far-off time is approached in several sleeps, because the clock was set, or because somebody
/// called `wake`. So one looks at the clock afterwards, and waits again if it is too soon.
/// Thread safety: none; used on the strand it was made for.
class alarm final : public clock::sleeper {
 public:
  using timer_type =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  alarm(clock& time, const loop_executor& where) : time_{time}, timer_{where} {}
  ~alarm() { time_.disarm(*this); }

  /// Completes with `void(error_code)`, of which nothing can be learnt: at `wake_at`, at once if that has passed, or earlier.
  /// One wait at a time: another ends the one before.
  template <typename Token>
  auto async_wait_until(instant wake_at, Token&& token) {
    timer_.expires_at(time_.arm(*this, wake_at));
    return timer_.async_wait(std::forward<Token>(token));
  }

  /// Completes only when woken.
  template <typename Token>
  auto async_wait(Token&& token) {
    time_.disarm(*this);
    timer_.expires_at(std::chrono::steady_clock::time_point::max());
    return timer_.async_wait(std::forward<Token>(token));
  }

  /// Ends the wait, if there is one; a wait that begins later does not notice.
  void wake() override { timer_.cancel(); }

 private:
  clock& time_;
  timer_type timer_;
};

}  // namespace carillon
