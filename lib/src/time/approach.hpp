#pragma once
#include <algorithm>
#include <carillon/time/instant.hpp>
#include <chrono>

namespace carillon {

/// How long to sleep before looking at the wall clock again, at wall time `now` since 1970: all of the way
/// when it is short; of a long way all but a second or a thousandth of it, so that a clock that is slewed
/// meanwhile does not make the sleeper late; and a month at most, so that no timer overflows. Never negative.
inline std::chrono::nanoseconds first_sleep(instant wake_at, std::chrono::nanoseconds now) noexcept {
  using std::chrono::nanoseconds;
  constexpr milliseconds at_once = std::chrono::seconds{10};
  constexpr milliseconds at_most = std::chrono::days{30};
  // In milliseconds first: in nanoseconds the years 1 and 9999 do not fit 64 bits. And compared first:
  // `instant::min()`, "at once", minus anything does not fit either.
  const auto time = std::chrono::floor<milliseconds>(now);
  if (wake_at.time_since_epoch() < time) return nanoseconds{0};
  const auto rest = wake_at.time_since_epoch() - time;
  if (rest <= at_once) return std::max(nanoseconds{0}, nanoseconds{wake_at.time_since_epoch()} - now);
  const auto early = std::max<milliseconds>(std::chrono::seconds{1}, rest / 1000);
  return std::min<milliseconds>(rest - early, at_most);
}

}  // namespace carillon
