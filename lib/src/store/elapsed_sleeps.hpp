#pragma once
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/async/wall_timer.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <utility>

namespace carillon {

/// Sleeps of coroutines by elapsed time, which no setting of the clock makes longer or shorter. All of them
/// can be ended at once.
///
/// Thread safety: none; one strand. Lifetime: outlives the sleeps, unless its executor runs no more.
class elapsed_sleeps {
 public:
  elapsed_sleeps(std::shared_ptr<clock> time, const loop_executor& where)
      : time_{std::move(time)}, where_{where} {}

  /// Returns when `clock::elapsed` has reached `until`, or earlier, after `wake_all`.
  loop_awaitable<void> until(std::chrono::nanoseconds until) {
    const auto time = time_;  // A sleep that is never woken may outlive this: the bell is the clock's.
    wall_timer bell{*time, where_};
    const auto place = bells_.insert(bells_.end(), &bell);
    const auto round = rounds_;
    while (round == rounds_ && time->elapsed() < until) {
      bell.set(time->now() + std::chrono::ceil<milliseconds>(until - time->elapsed()));
      co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    }
    bells_.erase(place);
  }
  loop_awaitable<void> last(std::chrono::nanoseconds duration) { return until(time_->elapsed() + duration); }

  void wake_all() {
    ++rounds_;
    reset_all();
  }
  /// Has all look again how much time is left: the clock was set, or the machine slept.
  void reset_all() {
    for (auto* bell : bells_) bell->wake();
  }

 private:
  std::shared_ptr<clock> time_;
  loop_executor where_;
  std::list<wall_timer*> bells_;
  std::uint64_t rounds_ = 0;
};

}  // namespace carillon
