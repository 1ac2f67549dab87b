#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <optional>

#include "trigger/node.hpp"
#include "trigger/wall_clock_map.hpp"

namespace carillon {

using fire = std::optional<instant>;

/// How much one question may search before it is given up, whatever is nested in what: parts asked, and steps
/// of calendar intervals that cannot be found by reckoning.
class search_budget {
 public:
  /// False once all is spent.
  bool spend(std::size_t steps) noexcept {
    left_ -= static_cast<std::int64_t>(steps);
    return left_ > 0;
  }
  /// Another fire was found: the next one may cost as much again.
  void refill() noexcept { left_ = whole; }

 private:
  static constexpr std::int64_t whole = 1'000'000;
  std::int64_t left_ = whole;
};

/// What a node is asked with: a binding whose anchor is known, and the zone of the combination around it.
struct question {
  std::uint64_t seed;
  instant anchor;
  zone where;
  const date_calendars* calendars;
  std::uint64_t fired;
  search_budget* budget;

  /// `budget` must outlive the question.
  question(const binding& bound, instant otherwise, search_budget& budget) noexcept;
  question in(const modifiers& how) const noexcept;
};

/// The fires of a node, bounds and limit included, jitter not.
result<fire> next(const trigger_node& node, const question& asked, instant after);
result<fire> previous(const trigger_node& node, const question& asked, instant before);
result<std::uint64_t> count(const trigger_node& node, const question& asked, instant from, instant to);

/// Whether a node fires at `time`.
result<bool> fires_at(const trigger_node& node, const question& asked, instant time);

/// The next wall time of a rule that is a schedule of wall times, whatever bounds it; none for the others.
std::optional<wall_time> next_wall(const trigger_node& node, const question& asked, wall_time after);

/// When what `starting` and `until` say begins and ends, both inclusive.
instant first_instant(const timestamp& starting, const zone& where);
instant last_instant(const until_bound& until, const zone& where, instant anchor);

/// Whether the hour of a rule is free, so that `auto` follows real time.
bool follows_real_time(const rules::rule& rule) noexcept;

}  // namespace carillon
