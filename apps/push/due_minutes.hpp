#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <chrono>
#include <vector>

namespace carillon::pushes {

/// A time of day, and when it is due.
struct due_minute {
  instant due{};
  std::chrono::minutes time_of_day{0};  ///< Since midnight.
  friend bool operator==(const due_minute&, const due_minute&) = default;
};

/// The times of day that come due in (from, to], the earliest first; each once a day that has it.
///
/// A time that the clocks show twice is due the first time; one that they leave out is due at the first
/// instant after the gap: the same as `every day at` of the library.
std::vector<due_minute> due_minutes(const zone& where, instant from, instant to);

/// The instant at which a time of day is due on the day of `wall`, by the same rule.
instant due_at(const zone& where, wall_time wall);

}  // namespace carillon::pushes
