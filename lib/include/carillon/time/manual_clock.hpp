#pragma once
#include <atomic>
#include <carillon/time/clock.hpp>
#include <compare>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace carillon {

/// A clock that moves only when told to: for tests, also those of programs that use the library.
///
/// Moving it wakes sleepers in a fixed order: the earliest first, of equal ones by the order that they were
/// armed with, then the one that was armed first.
/// To wake is to let a waiting coroutine go on as soon as its event loop runs; nothing runs inside `advance`.
/// So a test moves the clock, then polls its io_context, and sees the same each time. Thread safety: `now`
/// and `elapsed` from any thread. All else on the strand of those who sleep, or while no event loop of theirs
/// runs; with a `background_scheduler`, post the move to its executor.
class manual_clock final : public clock {
 public:
  explicit manual_clock(instant start) noexcept : now_{start.time_since_epoch().count()} {}
  ~manual_clock() override;

  instant now() const noexcept override {
    return instant{milliseconds{now_.load(std::memory_order_relaxed)}};
  }
  std::chrono::nanoseconds elapsed() const noexcept override {
    return milliseconds{elapsed_.load(std::memory_order_relaxed)};
  }

  /// Lets time pass until `time`, and wakes every sleeper that has come due; a time that has passed changes
  /// nothing else.
  void advance_to(instant time);
  void advance(milliseconds duration) { advance_to(now() + duration); }

  /// Sets the clock, forward or backward: no time passes. Those who watch for steps are told of every one.
  void set(instant time);

  /// Lets time pass with the machine asleep: nobody is woken, and those who watch for steps are told of the
  /// resume.
  void suspend(milliseconds duration);

  /// When the next sleeper wakes, if there is one. It may lie in the past, after `suspend`.
  std::optional<instant> next_alarm() const;

  std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) override;
  std::chrono::steady_clock::time_point arm_in_order(sleeper& who, instant wake_at,
                                                     std::chrono::microseconds later) override;
  void disarm(sleeper& who) noexcept override;
  std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                     std::function<void(clock_step)> on_step) override;

 private:
  struct place {
    instant at;
    std::chrono::microseconds later;
    std::uint64_t armed;
    auto operator<=>(const place&) const = default;
  };
  struct watcher;
  class registration;

  void wake_due();
  void tell(clock_step step);

  std::atomic<std::int64_t> now_;  // milliseconds
  std::atomic<std::int64_t> elapsed_{0};
  std::uint64_t armed_ = 0;
  std::map<place, sleeper*> sleepers_;
  std::unordered_map<const sleeper*, place>
      places_;  // Not in the sleeper: a million of them pay for each word.
  std::list<std::shared_ptr<watcher>> watchers_;
};

}  // namespace carillon
