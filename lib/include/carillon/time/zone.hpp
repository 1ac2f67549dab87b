#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// What a zone's clocks do when they should show a given wall time.
enum class wall_kind {
  unique,   ///< They show it once.
  gap,      ///< They never show it: the clock was set forward over it.
  overlap,  ///< They show it twice: the clock was set back.
};

/// The instants at which a zone's clocks show a wall time.
///
/// unique: `first == second == change`. overlap: `first` and `second` are the two passes, `change` the
/// instant of the change. gap: `first` is the wall time read with the offset before the change (02:30 becomes
/// 03:30), `second` with the offset after it (01:30), `change` the first instant after the gap.
struct wall_lookup {
  wall_kind kind;
  instant first;
  instant second;
  instant change;
};

/// A stretch of time in which a zone's clocks keep one distance from UTC.
///
/// A change with `offset_before < offset` leaves a gap in wall time at `begin`, one with `offset_before >
/// offset` an overlap. A stretch without beginning or end reaches beyond `earliest_instant` or
/// `latest_instant`, with equal offsets there.
struct offset_span {
  instant begin;               ///< The first instant of the stretch.
  instant end;                 ///< The first instant after it.
  milliseconds offset;         ///< Wall time minus UTC within it.
  milliseconds offset_before;  ///< Just before `begin`.
  milliseconds offset_after;   ///< From `end` on.
};

/// A time zone: an IANA name, or UTC. A small value that points to data kept for the life of the process.
///
/// Thread safety: all of it, from any thread.
class zone {
 public:
  /// UTC.
  zone() noexcept;

  /// The zone of that IANA name ("Europe/Oslo"), exactly as the zone database spells it, or "UTC".
  ///
  /// Errors: a `parse_error` for anything else that a zone library may take ("localtime", "posix/…", paths,
  /// POSIX rules,
  /// "+08:00"), with a hint for a name that is nearly right.
  static parse_result<zone> find(std::string_view name);

  /// The zone of this machine: TZ if it names one, else /etc/localtime or /etc/timezone; UTC if none of these
  /// tells.
  static zone system();

  std::string_view name() const noexcept;

  /// What the zone's clocks show at `time`.
  wall_time to_wall(instant time) const noexcept;

  /// Wall time minus UTC at `time`.
  std::chrono::seconds offset(instant time) const noexcept;

  /// The stretch of one offset that `time` lies in. Cheaper than two of the questions here that it answers
  /// together.
  offset_span span_at(instant time) const noexcept;

  /// When the zone's clocks show `wall`.
  wall_lookup lookup(wall_time wall) const noexcept;

  /// The first change of offset strictly after `time`; none if the zone has no more.
  std::optional<instant> next_change(instant time) const noexcept;

  /// The last change of offset strictly before `time`.
  std::optional<instant> previous_change(instant time) const noexcept;

  friend bool operator==(const zone&, const zone&) = default;

 private:
  struct rep;
  explicit zone(const rep* data) noexcept : rep_{data} {}
  const rep* rep_;
};

/// The version of the zone data in use ("2025b"), or "unknown". Fire times are computed again when it
/// changes.
std::string zone_data_version();

}  // namespace carillon
