#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// A date, or a date and time of day, as people write it; an instant once its zone is known.
struct timestamp {
  wall_time wall{};                            ///< Midnight if `date_only`.
  std::optional<std::chrono::seconds> offset;  ///< From UTC, if the text had one.
  bool date_only = false;

  /// The instant this stands for: by its own offset, else in `where` (the first of two passes; after a gap by
  /// the gap's length).
  instant in(const zone& where) const;
  friend bool operator==(const timestamp&, const timestamp&) = default;
};

/// Reads RFC 3339 and its usual abbreviations: "2026-12-31", "2026-12-31T23:59", "…T23:59:59.250", with "Z"
/// or "+08:00" or nothing behind it. Digits beyond milliseconds are cut off.
///
/// Errors: a `parse_error` at the offending character ("2026-02-30: February 2026 has 28 days").
parse_result<timestamp> parse_timestamp(std::string_view text);

/// The shortest spelling that `parse_timestamp` reads back.
std::string format_timestamp(const timestamp& time);

/// RFC 3339 in the zone's wall time with its numeric offset: "2026-03-30T09:00:00+01:00"; milliseconds only
/// where there are any.
std::string format_instant(instant time, const zone& where);

}  // namespace carillon
