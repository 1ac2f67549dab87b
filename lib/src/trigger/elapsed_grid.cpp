#include "trigger/elapsed_grid.hpp"

#include <algorithm>

namespace carillon {

namespace {

/// The same time of day on the first `day` not before `time`.
instant moved_to(std::uint8_t day, instant time, const zone& where) {
  const auto wall = where.to_wall(time);
  const auto today = weekday_set::day_of(std::chrono::floor<std::chrono::days>(wall));
  const auto ahead = std::chrono::days{(day + 7U - today) % 7U};
  return ahead.count() == 0 ? time : timestamp{wall + ahead, {}, false}.in(where);
}

}  // namespace

elapsed_grid::elapsed_grid(const rules::interval& rule, const modifiers& how, const question& asked)
    : grid_{milliseconds{1}, rule.shortest.count(), rule.longest.count(), asked.seed},
      begin_{asked.anchor},
      first_step_{1} {
  if (how.bounds && how.bounds->starting) {
    const auto start = first_instant(*how.bounds->starting, asked.where);
    if (!how.fixed_delay || start > asked.anchor) {
      begin_ = start;
      first_step_ = 0;
    }
  }
  if (!rule.from_day) return;
  const auto moved = moved_to(*rule.from_day, begin_, asked.where);
  if (moved != begin_) first_step_ = 0;
  begin_ = moved;
}

std::int64_t elapsed_grid::last_step_until(instant time) const noexcept {
  return std::max(grid_.last_at_most(time - begin_), first_step_ - 1);
}

fire elapsed_grid::next(instant after) const noexcept { return begin_ + grid_[last_step_until(after) + 1]; }

fire elapsed_grid::previous(instant before) const noexcept {
  const auto step = last_step_until(before - milliseconds{1});
  if (step < first_step_) return std::nullopt;
  return begin_ + grid_[step];
}

std::uint64_t elapsed_grid::count(instant from, instant to) const noexcept {
  return from < to ? static_cast<std::uint64_t>(last_step_until(to) - last_step_until(from)) : 0;
}

}  // namespace carillon
