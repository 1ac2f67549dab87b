#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trigger/node.hpp"

namespace carillon {

/// A trigger in words, without capital and full stop: "at 09:00 on Monday through Friday, in Europe/London
/// time". `otherwise` is the zone of schedules that name none, `seed` that of the job.
std::string describe(const trigger_node& node, const zone& otherwise, std::uint64_t seed);

/// A cron expression in words: "at 09:00 on Monday through Friday".
std::string describe(const cron_expression& expression);

/// The spellings of explanations.
std::string listed(const std::vector<std::string>& items, std::string_view last = "and");  ///< "1, 2 and 3"
std::string ordinal(std::int64_t number);                                                  ///< "21st"
std::string spoken(milliseconds duration);                           ///< "1 hour and 30 minutes"
std::string spoken(std::chrono::local_days date);                    ///< "25 December 2026"
std::string spoken(const timestamp& time);                           ///< "09:00 on 25 December 2026 (UTC+8)"
std::string spoken_days(weekday_set days);                           ///< "Monday through Friday"
std::string_view full_weekday(unsigned day) noexcept;                ///< Monday is 0.
std::string_view full_month(unsigned month) noexcept;                ///< January is 1.
std::string number_of(std::int64_t number, std::string_view thing);  ///< "1 hour", "2 hours"

}  // namespace carillon
