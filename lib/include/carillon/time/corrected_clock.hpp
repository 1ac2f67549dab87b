#pragma once
#include <atomic>
#include <carillon/time/clock.hpp>
#include <list>
#include <memory>
#include <mutex>

namespace carillon {

/// A clock that is set right by another one, far away: how several machines fire by one time.
///
/// Until `correct` is called it is the inner clock. From then on it goes on by elapsed time, so that to set
/// the machine's clock changes nothing here; corrections of up to a second are made silently, larger ones are
/// told to those who watch for steps. These are told of a step of 0 ms when only the machine's clock was set:
/// their sleepers must be armed again. Lifetime: of those who sleep on it and watch it. Thread safety: that
/// of the inner clock; `correct` from any thread.
class corrected_clock final : public clock {
 public:
  explicit corrected_clock(std::shared_ptr<clock> inner);
  ~corrected_clock() override;

  /// Sets it right. `offset` is the right time minus that of the inner clock; what is less than 3 ms away
  /// from what is believed changes nothing.
  void correct(milliseconds offset);
  /// This clock minus the inner one, now.
  milliseconds offset() const noexcept { return now() - inner_->now(); }

  instant now() const noexcept override;
  std::chrono::nanoseconds elapsed() const noexcept override { return inner_->elapsed(); }
  std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) override;
  std::chrono::steady_clock::time_point arm_in_order(sleeper& who, instant wake_at,
                                                     std::chrono::microseconds later) override;
  void disarm(sleeper& who) noexcept override { inner_->disarm(who); }
  std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                     std::function<void(clock_step)> on_step) override;

 private:
  struct watcher;
  class registration;

  void tell(milliseconds by);
  instant by_inner(instant wake_at) const;

  std::shared_ptr<clock> inner_;
  std::atomic<bool> corrected_ = false;
  std::atomic<std::int64_t> at_zero_{0};  ///< What this clock showed when `elapsed` was 0, in nanoseconds.
  std::mutex mutex_;                      ///< Guards the watchers.
  std::list<std::shared_ptr<watcher>> watchers_;
};

}  // namespace carillon
