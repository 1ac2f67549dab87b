#pragma once
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <optional>

#include "trigger/evaluate.hpp"
#include "trigger/rules.hpp"

namespace carillon {

/// The dates of `every 3 months on 15`: counted from a first one, those that don't exist left out or clamped.
///
/// Steps of months alone, or of weeks and days alone, are found by reckoning; where both are mixed (first the
/// months, again and again until the date exists, then the days) each date follows from the one before it.
class calendar_dates {
 public:
  using date = std::chrono::local_days;

  /// Counts from `start`; dates before number `first_step` are left out.
  calendar_dates(const rules::calendar& rule, date start, std::int64_t first_step,
                 search_budget& budget) noexcept;

  /// The first not before `day`, up to the year 9999.
  std::optional<date> first_from(date day) const noexcept;
  /// The last not after `day`.
  std::optional<date> last_until(date day) const noexcept;
  /// How many lie in (from, to].
  std::uint64_t count(date from, date to) const noexcept;

 private:
  std::optional<date> in_step(std::int64_t step) const noexcept;
  std::optional<date> in_month(std::int64_t month) const noexcept;
  std::int64_t step_of(date day) const noexcept;
  std::int64_t last_step_until(date day) const noexcept;
  std::optional<date> after(date previous) const noexcept;
  std::optional<date> chain_begin() const noexcept;
  std::uint64_t existing(std::int64_t from, std::int64_t steps) const noexcept;

  std::int64_t months_;
  std::int64_t days_;
  bool clamp_;
  date start_;
  std::int64_t start_month_;  // counted from year 0
  unsigned day_;              // of the month
  std::int64_t first_step_;
  search_budget* budget_;  // pays for the steps of a chain
};

/// The wall times of a calendar interval: a wall schedule (trigger/wall_clock_map.hpp).
class calendar_walls {
 public:
  calendar_walls(const rules::calendar& rule, calendar_dates::date start, std::int64_t first_step,
                 search_budget& budget) noexcept
      : rule_{rule}, dates_{rule, start, first_step, budget} {}

  std::optional<wall_time> next_wall(wall_time after) const;
  std::optional<wall_time> previous_wall(wall_time before) const;
  std::uint64_t count_walls(wall_time from, wall_time to) const;

 private:
  const rules::calendar& rule_;
  calendar_dates dates_;
};

}  // namespace carillon
