#pragma once
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/time/clock.hpp>
#include <memory>
#include <utility>

namespace carillon::pushes {

/// The time by a scheduler, which on a shared store is the store's: so that instances with different clocks
/// send at one time. Lifetime: of the scheduler.
class scheduler_clock final : public clock {
 public:
  scheduler_clock(const scheduler& whose, std::shared_ptr<clock> inner)
      : whose_{whose}, inner_{std::move(inner)} {}

  instant now() const noexcept override { return whose_.now(); }
  std::chrono::nanoseconds elapsed() const noexcept override { return inner_->elapsed(); }
  std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) override {
    return inner_->arm(who, wake_at - (whose_.now() - inner_->now()));
  }
  void disarm(sleeper& who) noexcept override { inner_->disarm(who); }
  std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                     std::function<void(clock_step)> on_step) override {
    return inner_->watch_steps(std::move(where), std::move(on_step));
  }

 private:
  const scheduler& whose_;
  std::shared_ptr<clock> inner_;
};

}  // namespace carillon::pushes
