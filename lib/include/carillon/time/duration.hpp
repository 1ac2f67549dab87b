#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <string>
#include <string_view>

namespace carillon {

/// Reads an elapsed time such as "250ms", "90s", "1h30m" or "2d": digits and a unit (ms s m h d w), largest
/// unit first, each at most once. A day is 24 hours. Zero is allowed ("0s"); signs, blanks and fractions are
/// not.
///
/// Errors: a `parse_error` at the offending character.
parse_result<milliseconds> parse_duration(std::string_view text);

/// A spelling that `parse_duration` reads back, with each unit as large as it can be: "1h30m", "10d", "2w"
/// (weeks only when they are whole), "0s".
std::string format_duration(milliseconds duration);

}  // namespace carillon
