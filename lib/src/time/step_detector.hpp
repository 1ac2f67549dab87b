#pragma once
#include <carillon/time/clock.hpp>
#include <chrono>
#include <optional>

namespace carillon {

/// What three clocks of a machine say at one moment.
struct clock_reading {
  std::chrono::nanoseconds wall;       ///< May be set.
  std::chrono::nanoseconds monotonic;  ///< Stands still while the machine is suspended.
  std::chrono::nanoseconds boot;       ///< Goes on meanwhile.

  static clock_reading now() noexcept;
};

/// Tells steps of the wall clock from time that passes, by comparing one look with the next.
class step_detector {
 public:
  explicit step_detector(clock_reading first) noexcept : last_{first} {}

  /// What happened since the last look: a step of more than a second, a suspend of more than a second, or
  /// nothing to speak of.
  std::optional<clock_step> look(clock_reading now) noexcept {
    constexpr std::chrono::seconds worth_telling{1};
    const auto passed = now.boot - last_.boot;
    const auto stepped = now.wall - last_.wall - passed;
    const auto suspended = passed - (now.monotonic - last_.monotonic);
    last_ = now;
    const bool resumed = suspended > worth_telling;
    if (!resumed && std::chrono::abs(stepped) <= worth_telling) return std::nullopt;
    return clock_step{std::chrono::duration_cast<milliseconds>(stepped), resumed};
  }

 private:
  clock_reading last_;
};

}  // namespace carillon
