#include "trigger/weekly_walls.hpp"

#include <algorithm>

namespace carillon {

using std::chrono::days;
using std::chrono::floor;

std::optional<wall_time> weekly_walls::next_wall(wall_time after) const {
  auto date = floor<days>(after);
  const auto today = std::ranges::upper_bound(rule_.times, after - wall_time{date});
  if (rule_.days.contains(date) && today != rule_.times.end()) return date + *today;
  do date += days{1};
  while (!rule_.days.contains(date));
  return date + rule_.times.front();
}

std::optional<wall_time> weekly_walls::previous_wall(wall_time before) const {
  auto date = floor<days>(before);
  const auto today = std::ranges::lower_bound(rule_.times, before - wall_time{date});
  if (rule_.days.contains(date) && today != rule_.times.begin()) return date + *std::prev(today);
  do date -= days{1};
  while (!rule_.days.contains(date));
  return date + rule_.times.back();
}

std::uint64_t weekly_walls::count_walls(wall_time from, wall_time to) const {
  return from < to ? static_cast<std::uint64_t>(index(to) - index(from)) : 0;
}

/// How many of the wall times lie between some Monday long ago and `time`, inclusive.
std::int64_t weekly_walls::index(wall_time time) const {
  constexpr std::chrono::local_days monday{days{4 - 7 * 106'000}};
  const auto date = floor<days>(time);
  const auto since = (date - monday).count();
  const auto day = weekday_set::day_of(date);
  const auto whole_days = since / 7 * rule_.days.size() + rule_.days.size_before(day);
  const auto times = static_cast<std::int64_t>(rule_.times.size());
  const auto today = std::ranges::upper_bound(rule_.times, time - wall_time{date}) - rule_.times.begin();
  return whole_days * times + (rule_.days.contains(day) ? today : 0);
}

}  // namespace carillon
