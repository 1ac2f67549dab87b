#pragma once
#include <carillon/time/instant.hpp>
#include <optional>
#include <string>

#include "conformance/table.hpp"

namespace carillon::conformance {

/// A row of the tables, said as schedule text.
struct said_row {
  std::string text;
  instant after;  ///< The fires asked for are strictly later.
};

/// The row as text, or nothing where a text alone cannot say it.
std::optional<said_row> say(const row& from);

/// An input that must be refused, as text; nothing where the fault would not be in the text.
std::optional<std::string> say_refused(const row& from);

/// A trigger of a combination row, parenthesised; nothing where it nests.
std::optional<std::string> say_part(const row& part, std::string_view zone_name);

/// "every 2w3h" of a row's `interval`; nothing for zero and below.
std::optional<std::string> say_interval(const row& interval);

/// "every 1 year 2 days at 10:30:00" of a row's `interval` and `time`.
std::string say_calendar_interval(const row& from);

}  // namespace carillon::conformance
