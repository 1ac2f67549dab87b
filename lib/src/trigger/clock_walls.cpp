#include "trigger/clock_walls.hpp"

#include <algorithm>

namespace carillon {

namespace {

wall_time floor_to(wall_time time, milliseconds unit) noexcept {
  const auto since = time.time_since_epoch();
  const auto rest = since % unit;
  return wall_time{since - rest - (rest < milliseconds::zero() ? unit : milliseconds::zero())};
}

constexpr std::int64_t without_beginning = -(std::int64_t{1} << 40);

bool single(const rules::clock& rule) noexcept { return rule.shortest == 1 && rule.longest == 1; }

}  // namespace

milliseconds length_of(rules::clock_unit unit) noexcept {
  switch (unit) {
    case rules::clock_unit::minute: return std::chrono::minutes{1};
    case rules::clock_unit::hour: return std::chrono::hours{1};
    case rules::clock_unit::day: return std::chrono::days{1};
  }
  return milliseconds{1};
}

clock_walls::clock_walls(const rules::clock& rule, wall_time origin, std::int64_t first_step,
                         std::uint64_t seed) noexcept
    : grid_{length_of(rule.unit), rule.shortest, rule.longest, seed},
      begin_{floor_to(origin, length_of(rule.unit)) + rule.at},
      first_step_{single(rule) ? without_beginning : first_step} {}

std::int64_t clock_walls::last_at_most(wall_time time) const noexcept {
  return std::max(grid_.last_at_most(time - begin_), first_step_ - 1);
}

std::optional<wall_time> clock_walls::next_wall(wall_time after) const noexcept {
  return begin_ + grid_[last_at_most(after) + 1];
}

std::optional<wall_time> clock_walls::previous_wall(wall_time before) const noexcept {
  const auto step = last_at_most(before - milliseconds{1});
  if (step < first_step_) return std::nullopt;
  return begin_ + grid_[step];
}

std::uint64_t clock_walls::count_walls(wall_time from, wall_time to) const noexcept {
  return from < to ? static_cast<std::uint64_t>(last_at_most(to) - last_at_most(from)) : 0;
}

}  // namespace carillon
