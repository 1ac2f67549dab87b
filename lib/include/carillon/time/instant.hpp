#pragma once
#include <chrono>

namespace carillon {

using std::chrono::milliseconds;

/// A moment on the world's time line, in whole milliseconds since 1970-01-01T00:00:00Z.
using instant = std::chrono::sys_time<milliseconds>;

/// What a clock on a wall shows, in whole milliseconds, without saying where the wall is.
using wall_time = std::chrono::local_time<milliseconds>;

/// The grain of time: between an instant and the one a tick later there is none.
inline constexpr milliseconds tick{1};

/// The last moments that the library reckons with, so that sums never overflow: years 1 and 9999.
inline constexpr instant earliest_instant{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};
inline constexpr instant latest_instant{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31} +
                                        std::chrono::hours{24} - milliseconds{1}};

}  // namespace carillon
