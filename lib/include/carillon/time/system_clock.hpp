#pragma once
#include <carillon/time/clock.hpp>

namespace carillon {

/// The machine's clock.
///
/// It notices that it was set by a signal from the system (Linux: a timerfd that is cancelled then), and
/// everywhere by looking once a minute whether wall and elapsed time have moved apart. Slewing (NTP) needs no
/// notice: far-off sleepers look again. Thread safety: all of it, from any thread.
class system_clock final : public clock {
 public:
  /// The one that schedulers use when they are given no other.
  static std::shared_ptr<system_clock> shared();

  instant now() const noexcept override;
  std::chrono::nanoseconds elapsed() const noexcept override;
  std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) override;
  void disarm(sleeper& who) noexcept override;
  std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                     std::function<void(clock_step)> on_step) override;
};

}  // namespace carillon
