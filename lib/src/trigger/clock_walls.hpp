#pragma once
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <optional>

#include "trigger/rules.hpp"
#include "trigger/step_grid.hpp"

namespace carillon {

/// The length of a unit on the wall.
milliseconds length_of(rules::clock_unit unit) noexcept;

/// The wall times of `every 6 hours at 34:19`: a place within every sixth hour, counted from the hour of
/// `origin`.
class clock_walls {
 public:
  /// The wall times number `first_step` and later. One step of one unit has no beginning: it needs no origin.
  clock_walls(const rules::clock& rule, wall_time origin, std::int64_t first_step,
              std::uint64_t seed) noexcept;

  std::optional<wall_time> next_wall(wall_time after) const noexcept;
  std::optional<wall_time> previous_wall(wall_time before) const noexcept;
  std::uint64_t count_walls(wall_time from, wall_time to) const noexcept;

 private:
  std::int64_t last_at_most(wall_time time) const noexcept;

  step_grid grid_;
  wall_time begin_;
  std::int64_t first_step_;
};

}  // namespace carillon
