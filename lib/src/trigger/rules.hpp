#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/after.hpp>
#include <carillon/trigger/trigger.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "trigger/weekday_set.hpp"

namespace carillon {
class cron_expression;
}

/// The kinds of schedule, as the grammar has them. Values without behaviour; trigger/evaluate.hpp answers for
/// them.
namespace carillon::rules {

/// A time of day, counted from midnight on the wall; 24:00 only as the end of a window.
using day_time = std::chrono::seconds;

/// `at 2026-12-31T23:59:59`
struct at {
  timestamp when;
};

/// `every 5m`, `every 2h..4h`: elapsed time. With `from_day` the grid begins on the first such day (`every 1w
/// from tue`).
struct interval {
  milliseconds shortest;
  milliseconds longest;
  std::optional<std::uint8_t> from_day;  // Monday is 0
};

/// `every 5m from 09:00 to 17:00 on mon-fri`; crosses midnight where `to` is not after `from`.
struct window {
  milliseconds period;
  day_time from;
  day_time to;
  weekday_set days;
};

/// `every day at 10:30`, `every mon,wed at 08:00`
struct weekly {
  weekday_set days;
  std::vector<day_time> times;  // ascending, never empty
};

/// `every 3 months on 15 at 08:00`
struct calendar {
  std::int32_t years = 0;
  std::int32_t months = 0;
  std::int32_t weeks = 0;
  std::int32_t days = 0;
  std::uint8_t on = 0;          // day of the month; 0: the start's
  bool clamp = false;           // a day that does not exist is the month's last
  std::vector<day_time> times;  // ascending, never empty

  std::int64_t step_months() const noexcept { return std::int64_t{years} * 12 + months; }
  std::int64_t step_days() const noexcept { return std::int64_t{weeks} * 7 + days; }
  /// Whether one step is one unit, so that the first fire may come on the day of the anchor.
  bool single() const noexcept { return years + months + weeks + days == 1; }
};

enum class clock_unit : std::uint8_t { minute, hour, day };

/// `every hour at :30`, `every 6 hours at 34:19`, `every 2..4 days at 10:30`: a place within the unit.
struct clock {
  clock_unit unit;
  std::int32_t shortest;  // in units
  std::int32_t longest;
  day_time at;  // from the unit's beginning
};

struct cron {
  std::shared_ptr<const cron_expression> expression;
};

/// `after import on failure`: no time of its own.
struct after {
  predecessor which;
};

struct any_of {
  std::vector<trigger> parts;
};

struct all_of {
  std::vector<trigger> parts;
  milliseconds threshold;
};

struct except {
  trigger base;
  std::vector<trigger> others;
  std::vector<std::chrono::local_days> dates;  // ascending, each once
  std::vector<std::string> calendars;          // ascending, each once
};

using rule = std::variant<interval, at, window, weekly, std::shared_ptr<const calendar>, clock, cron, any_of,
                          all_of, std::shared_ptr<const except>, std::shared_ptr<const after>>;

}  // namespace carillon::rules
