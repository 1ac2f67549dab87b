#pragma once
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <optional>

#include "trigger/rules.hpp"

namespace carillon {

/// The wall times of `every mon,wed at 08:00,12:00`: a wall schedule (trigger/wall_clock_map.hpp) without
/// beginning.
class weekly_walls {
 public:
  explicit weekly_walls(const rules::weekly& rule) noexcept : rule_{rule} {}

  std::optional<wall_time> next_wall(wall_time after) const;
  std::optional<wall_time> previous_wall(wall_time before) const;
  std::uint64_t count_walls(wall_time from, wall_time to) const;

 private:
  std::int64_t index(wall_time time) const;

  const rules::weekly& rule_;
};

}  // namespace carillon
