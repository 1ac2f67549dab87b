#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>

#include <string_view>

namespace carillon::app {

/// A time as one writes it on a command line.
struct time_argument {
  instant at{};
  milliseconds grain{
      1};  ///< What was left out: a minute for "09:00", a second for "09:00:30", a day for a date.
};

/// Reads RFC 3339 and its abbreviations ("2026-12-31", "2026-12-31T09:00", with an offset or in `where`), a
/// time of today ("09:00", "09:00:30"), "now", and how far away ("2h ago", "in 30m").
///
/// Errors: a `parse_error` at the offending character, with what would be right.
parse_result<time_argument> read_time(std::string_view text, instant now, const zone& where);

}  // namespace carillon::app
