#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// `carillon next` as it was asked for.
struct next_request {
  std::string schedule;
  std::size_t count = 5;
  std::string after;  ///< A time, as RFC 3339; empty: now.
  std::string zone;   ///< For schedules that name none; empty: the machine's.
  std::string id;     ///< Of the job: it decides what is random in the schedule.
  bool json = false;
};

/// The most fire times that one question may ask for.
inline constexpr std::size_t most_fires = 10'000;

/// The next fire times of a schedule.
struct fire_list {
  std::vector<instant> fires;  ///< Strictly after the moment asked for, earliest first.
  bool ended = false;          ///< There are fewer than asked for, because there are no more.
};

/// Errors: those of `trigger::next`.
result<fire_list> next_fires(const trigger& when, const zone& where, instant after, std::size_t count,
                             std::string_view job = {});

/// The zone in which the times of a schedule are shown: its own, else the given one.
zone shown_zone(const trigger& when, const zone& fallback);

/// Prints the next fire times. Answers the exit code.
int print_next(const next_request& request, instant now, std::ostream& out, std::ostream& err);

/// Shows a faulty text, a mark under the character, and what is wrong with it; or the same as one JSON
/// object.
void print_parse_error(const std::string& text, const parse_error& why, bool json, std::ostream& err);

}  // namespace carillon::app
