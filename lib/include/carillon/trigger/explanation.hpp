#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/clock_change.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// What a trigger means, for people.
struct explanation {
  /// The policies in force where the wall clock jumps; none is `auto_`.
  struct policies {
    gap_policy gap;
    overlap_policy overlap;
    bool automatic;  ///< Both follow from the schedule: nobody chose.
  };

  std::string sentence;       ///< "At 09:00 on Monday through Friday, in Europe/London time."
  zone where;                 ///< The zone that the sentence and the warnings speak of.
  std::vector<instant> next;  ///< The next fires, earliest first.
  bool ends = false;          ///< Nothing comes after the last of them.
  std::optional<policies>
      on_change;  ///< None for elapsed time, for instants, and for combinations, whose parts have their own.
  std::vector<std::string> warnings;  ///< Sentences about what may surprise.

  /// The sentence, the next times, the policies and the warnings, on lines of their own.
  std::string to_string() const;
};

/// Says in words when a trigger fires, with the next `fires` times after `now`, and what may surprise: dates
/// that never come, clock changes of the next two years, steps that don't divide, readings in which crontabs
/// differ.
explanation explain(const trigger& which, const binding& bound, instant now, std::size_t fires = 5);

}  // namespace carillon
