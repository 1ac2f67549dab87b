#pragma once
#include <doctest/doctest.h>
#include <boost/json.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/clock_change.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trigger/wall_clock_map.hpp"

/// The tables of tests/conformance/tables: schedules and the fire times on which independent implementations
/// agree. What a row means is written in tests/conformance/README.md.
namespace carillon::conformance {

using row = boost::json::object;

/// The rows of a table, such as "cron_unix".
std::vector<row> read_table(std::string_view name);

inline std::string_view text_of(const row& from, std::string_view key) {
  const auto* const value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()} : std::string_view{};
}

/// A time of a table; without an offset, local to `where`. Digits beyond milliseconds are cut off.
instant instant_of(std::string_view text, const zone& where);

/// The first whole millisecond that is not before a time of a table.
instant not_before(std::string_view text, const zone& where);

/// Whether a row was computed with other rules for its zone than this system has: its times show other
/// offsets.
bool has_other_zone_data(const row& from);

zone zone_of(const row& from);

/// The fire times that a row expects; `ends` if there is none after them.
struct expectation {
  std::vector<instant> fires;
  bool ends = false;
};
expectation expected_of(const row& from, std::string_view key = "expect");

/// A policy under which a row's answer is to be had.
struct reading {
  gap_policy gap;
  overlap_policy overlap;
};

/// The row's readings, and `auto_` where it comes to one of them; a row without them has none to tell.
std::vector<reading> readings_of(const row& from, bool follows_real_time);

/// As many answers of `next` as the row expects, from `after` on.
template <typename Next>
expectation answers(const expectation& expected, instant after, Next next) {
  expectation given;
  while (given.fires.size() < expected.fires.size()) {
    const std::optional<instant> fire = next(after);
    if (!fire) break;
    given.fires.push_back(*fire);
    after = *fire;
  }
  given.ends = expected.ends && !next(after);
  return given;
}

std::string to_string(const expectation& times, const zone& where);
std::string to_string(const reading& policies);

inline bool operator==(const expectation& a, const expectation& b) {
  return a.ends == b.ends && a.fires == b.fires;
}

}  // namespace carillon::conformance
