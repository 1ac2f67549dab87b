#pragma once
#include <array>
#include <carillon/trigger/clock_change.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "trigger/rules.hpp"

namespace carillon {

/// The spellings that texts and explanations share.

inline constexpr std::array<std::string_view, 7> short_weekdays{"mon", "tue", "wed", "thu",
                                                                "fri", "sat", "sun"};

/// "10:30", "10:30:15"
std::string time_text(rules::day_time time);
/// ":30" or "34:19" within an hour, ":17" within a minute.
std::string place_text(const rules::clock& rule);
/// "2026-12-25"
std::string date_text(std::chrono::local_days date);
/// "day", "mon,wed", "mon-fri"
std::string weekdays_text(weekday_set days);
/// "skip", "first" …
std::string_view name(gap_policy policy) noexcept;
std::string_view name(overlap_policy policy) noexcept;
/// A job's id as `after` has it: as it is where it is one word, else in quotes.
std::string id_text(std::string_view id);

}  // namespace carillon
