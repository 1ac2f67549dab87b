#include <carillon/time/system_clock.hpp>
#include "time/approach.hpp"
#include "time/step_detector.hpp"
#include "time/step_watch.hpp"

#include <ctime>

namespace carillon {

namespace {

std::chrono::nanoseconds read(clockid_t which) noexcept {
  timespec time{};
  ::clock_gettime(which, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

#if defined(CLOCK_BOOTTIME)
constexpr clockid_t boot_clock = CLOCK_BOOTTIME;
#else
constexpr clockid_t boot_clock = CLOCK_MONOTONIC;
#endif

}  // namespace

clock_reading clock_reading::now() noexcept {
  return {read(CLOCK_REALTIME), read(CLOCK_MONOTONIC), read(boot_clock)};
}

std::shared_ptr<system_clock> system_clock::shared() {
  static const auto only = std::make_shared<system_clock>();
  return only;
}

instant system_clock::now() const noexcept {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

std::chrono::nanoseconds system_clock::elapsed() const noexcept { return read(boot_clock); }

std::chrono::steady_clock::time_point system_clock::arm(sleeper&, instant wake_at) {
  // In this order: read the other way round, every sleeper would wake a moment too early.
  const auto wall = read(CLOCK_REALTIME);
  const auto steady = std::chrono::steady_clock::now();
  return steady + first_sleep(wake_at, wall);
}

std::chrono::steady_clock::time_point clock::arm_in_order(sleeper& who, instant wake_at,
                                                          std::chrono::microseconds later) {
  const auto at = arm(who, wake_at);
  return at == std::chrono::steady_clock::time_point::max() ? at : at + later;
}

void system_clock::disarm(sleeper&) noexcept {}

std::unique_ptr<clock::watch> system_clock::watch_steps(boost::asio::any_io_executor where,
                                                        std::function<void(clock_step)> on_step) {
  return start_step_watch(std::move(where), std::move(on_step));
}

}  // namespace carillon
