#include "push/due_minutes.hpp"

#include <algorithm>

namespace carillon::pushes {

namespace {

using std::chrono::minutes;

minutes time_of_day(wall_time wall) {
  return std::chrono::floor<minutes>(wall - std::chrono::floor<std::chrono::days>(wall));
}

// Those of wall times in [begin, end), all due at one instant.
void add_left_out(std::vector<due_minute>& all, wall_time begin, wall_time end, instant due) {
  for (auto wall = std::chrono::ceil<minutes>(begin); wall < end; wall += minutes{1})
    all.push_back({due, time_of_day(wall)});
}

}  // namespace

instant due_at(const zone& where, wall_time wall) {
  const auto found = where.lookup(wall);
  return found.kind == wall_kind::gap ? found.change : found.first;
}

std::vector<due_minute> due_minutes(const zone& where, instant from, instant to) {
  std::vector<due_minute> all;
  for (auto begin = from + tick; begin <= to;) {
    const auto span = where.span_at(begin);
    const auto wall_of = [&](instant time) { return wall_time{time.time_since_epoch() + span.offset}; };
    if (span.begin == begin && span.offset_before < span.offset)
      add_left_out(all, wall_of(begin) - (span.offset - span.offset_before), wall_of(begin), begin);
    const auto last = std::min(to, span.end - tick);
    for (auto wall = std::chrono::ceil<minutes>(wall_of(begin)); wall <= wall_of(last); wall += minutes{1}) {
      const instant due{wall.time_since_epoch() - span.offset};
      if (due_at(where, wall) == due) all.push_back({due, time_of_day(wall)});
    }
    if (last >= to) break;
    begin = span.end;
  }
  return all;
}

}  // namespace carillon::pushes
