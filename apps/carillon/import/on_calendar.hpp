#pragma once
#include <carillon/error.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// What a calendar expression of systemd (`OnCalendar=`, systemd.time(7)) is here.
struct calendar_schedule {
  std::string text;                      ///< A schedule text that fires at the same times ...
  std::vector<std::string> differences;  ///< ... but for these.
};

/// Reads "Mon..Fri *-*-* 09:00:00 Europe/Oslo", "hourly", "*-*~01", "Sat *-1..6~07/1 0/2:30" and the like.
/// Where clocks change the schedule does as systemd: nothing in the hour that is left out, once in one that
/// comes twice.
///
/// Errors: a `parse_error` with the position in `text`.
parse_result<calendar_schedule> translate_calendar(std::string_view text);

}  // namespace carillon::app
