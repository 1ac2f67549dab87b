#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::pushes {

/// Hours of the day in which nothing is sent: from `begin` until `end`, over midnight if that is the earlier
/// one.
struct quiet_hours {
  std::chrono::minutes begin{0};
  std::chrono::minutes end{0};
  friend bool operator==(const quiet_hours&, const quiet_hours&) = default;
};

/// A subscription that says more than a time of day: JSON, kept as the value of the field `UID|TAG` of a
/// hash.
///
///     {"at": "08:30", "weekdays": "mon-fri", "zone": "Europe/Oslo"}
///     {"schedule": "every 2h from 08:00 to 20:00", "quiet": "22:00..07:00", "added": "2026-11-21T08:00:00Z"}
///
/// `at` takes several times with commas between them. `schedule` takes what docs/triggers.md describes, but
/// not `fixed_delay`, which needs to know when runs end, and no calendars by name. What falls into quiet
/// hours is due at their end, once however much it is. `added` is where grids without a `starting` begin, and
/// nothing from before it is due; without it, 1970. Everything is due at a whole second, and once in it.
class rich_subscription {
 public:
  /// Errors: a `parse_error` whose message names the member; its position is that in the member's own text,
  /// or in the JSON.
  static parse_result<rich_subscription> parse(std::string_view json);

  /// As `parse` reads it.
  std::string to_json() const;

  /// When it was added, if it says so.
  const std::optional<instant>& added() const noexcept { return added_; }
  void set_added(instant time) { added_ = time; }

  /// When it is due in (from, to], the earliest first; the last `limit` of them.
  /// @param name `UID|TAG`, from which random gaps and jitter come.
  /// @param where The zone of subscriptions that name none.
  std::vector<instant> due(std::string_view name, const zone& where, instant from, instant to,
                           std::size_t limit = 100) const;

 private:
  explicit rich_subscription(trigger when) : when_{std::move(when)} {}

  std::optional<instant> fire_before(const binding& bound, instant before) const;
  bool fires_within(const binding& bound, instant begin, instant end) const;

  std::string at_;
  std::string weekdays_;
  std::optional<std::string> schedule_;
  std::optional<zone> where_;
  std::optional<quiet_hours> quiet_;
  std::optional<instant> added_;
  trigger when_;
};

}  // namespace carillon::pushes
