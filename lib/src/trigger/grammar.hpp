#pragma once
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

#include "trigger/node.hpp"
#include "trigger/scanner.hpp"

namespace carillon {

/// The parts of the grammar, each with the part of the text that it reads. All fail by `fail`.

/// A schedule with its modifiers: all of a text, or what stands between two parentheses (`depth` > 0).
trigger read_trigger(scanner& in, int depth);

/// What follows `every`.
rules::rule read_every(scanner& in);

/// `09:00` or `09:00:30`, two digits each; `24:00` only where a window may end.
rules::day_time read_day_time(word text, bool may_end_day = false);
/// `mon,wed`, `mon-fri`, `weekday`.
weekday_set read_weekdays(word text);
/// A weekday's name, any case, short or in full; Monday is 0.
std::optional<std::uint8_t> weekday_of(std::string_view name) noexcept;
/// An elapsed time above zero, or from zero on.
milliseconds read_duration(word text, bool may_be_zero = false);
/// Dates and named calendars, parted by commas, blanks allowed around them.
void read_dates(scanner& in, rules::except& into);

/// What followed a rule, and where each clause of it began.
struct read_clauses {
  modifiers how;
  bool clamp = false;
  std::array<std::size_t, 13> position{};  // by clause

  std::size_t& operator[](clause which) { return position[static_cast<std::size_t>(which)]; }
};
read_clauses read_modifiers(scanner& in, int depth);

/// Puts together what was read; fails at the clause that is wrong.
trigger finish(rules::rule rule, read_clauses clauses);

/// Why a text that is no schedule isn't one, with what it may have been meant for.
[[noreturn]] void fail_at_beginning(scanner& in);

/// Combinations of combinations, in their flat form.
void append_part(std::vector<trigger>& parts, trigger part);
rules::except except_of(trigger base);

}  // namespace carillon
