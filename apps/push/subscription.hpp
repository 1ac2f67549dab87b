#pragma once
#include <carillon/error.hpp>
#include <chrono>
#include <string>
#include <string_view>

namespace carillon::pushes {

/// Whom a push is for, and about what.
struct recipient {
  std::string user;
  std::string tag;
  friend bool operator==(const recipient&, const recipient&) = default;
};

/// Reads a member of the set of subscriptions, `user:UID|tag:TAG`. A tag may have a `|` in it and may be
/// empty; a user may not: keys are `PREFIX:UID|TAG`, in which two users could not be told apart.
///
/// Errors: a `parse_error` at the offending character.
parse_result<recipient> parse_member(std::string_view member);

/// As `parse_member` reads it.
std::string member_of(const recipient& whom);

/// `UID|TAG`: what the keys that mark a push as sent end with.
std::string name_of(const recipient& whom);
/// Reads that. Errors: a `parse_error`.
parse_result<recipient> parse_name(std::string_view name);

/// A time of day, in minutes since midnight, of a score HHMM: 830 is 08:30. Redis spells scores as "830",
/// "830.5", "1e+20", "inf".
///
/// Errors: a `parse_error` that says what is wrong with it.
parse_result<std::chrono::minutes> parse_score(std::string_view score);

/// Reads a time of day as people write it, 08:30 or 8:30, with blanks around it or not. Errors: a
/// `parse_error`.
parse_result<std::chrono::minutes> parse_time_of_day(std::string_view text);

/// The score of a time of day: 830 of 08:30.
constexpr int score_of(std::chrono::minutes time_of_day) {
  return static_cast<int>(time_of_day.count() / 60 * 100 + time_of_day.count() % 60);
}

}  // namespace carillon::pushes
