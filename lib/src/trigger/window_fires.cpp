#include "trigger/window_fires.hpp"

#include <algorithm>

namespace carillon {

using std::chrono::days;
using std::chrono::floor;

namespace {

std::chrono::local_days date_of(instant time, const zone& where) {
  return floor<days>(where.to_wall(std::clamp(time, earliest_instant, latest_instant)));
}

}  // namespace

std::optional<instant> window_fires::begin_on(date day) const {
  const auto shown = where_.lookup(day + rule_.from);
  if (shown.kind == wall_kind::overlap)
    return policy_.overlap == overlap_policy::second ? shown.second : shown.first;
  if (shown.kind == wall_kind::unique || policy_.gap == gap_policy::shift) return shown.first;
  if (policy_.gap == gap_policy::skip) return std::nullopt;
  return shown.change;
}

instant window_fires::end_on(date day) const {
  const auto shown = where_.lookup(day + rule_.to + (rule_.to > rule_.from ? days{0} : days{1}));
  if (shown.kind == wall_kind::overlap)
    return policy_.overlap == overlap_policy::first ? shown.first : shown.second;
  if (shown.kind == wall_kind::unique || policy_.gap == gap_policy::shift) return shown.first;
  return policy_.gap == gap_policy::skip ? shown.change - tick : shown.change;
}

/// The window that begins on a date, as far as the next one does not begin in it.
std::optional<window_fires::stretch> window_fires::stretch_on(date day) const {
  if (!rule_.days.contains(day)) return std::nullopt;
  const auto begin = begin_on(day);
  if (!begin) return std::nullopt;
  auto end = end_on(day);
  const auto tomorrow = rule_.days.contains(day + days{1}) ? begin_on(day + days{1}) : std::nullopt;
  if (tomorrow) end = std::min(end, *tomorrow - tick);
  return end < *begin ? std::nullopt : std::optional{stretch{*begin, end}};
}

fire window_fires::next(instant after) const {
  const auto last = date_of(latest_instant, where_);
  for (auto day = date_of(after, where_) - days{2}; day <= last; day += days{1}) {
    const auto open = stretch_on(day);
    if (!open || after >= open->end) continue;
    if (after < open->begin) return open->begin;
    const auto candidate = open->begin + ((after - open->begin) / rule_.period + 1) * rule_.period;
    if (candidate <= open->end) return candidate;
  }
  return std::nullopt;
}

fire window_fires::previous(instant before) const {
  const auto first = date_of(earliest_instant, where_);
  for (auto day = date_of(before, where_) + days{2}; day >= first; day -= days{1}) {
    const auto open = stretch_on(day);
    if (!open || before <= open->begin) continue;
    const auto last = std::min(before - tick, open->end);
    return open->begin + (last - open->begin) / rule_.period * rule_.period;
  }
  return std::nullopt;
}

std::uint64_t window_fires::count_on(date day, instant from, instant to) const {
  const auto open = stretch_on(day);
  if (!open) return 0;
  const auto until = [&](instant time) {
    if (time < open->begin) return std::int64_t{0};
    return (std::min(time, open->end) - open->begin) / rule_.period + 1;
  };
  return static_cast<std::uint64_t>(std::max<std::int64_t>(until(to) - until(from), 0));
}

/// How many weeks from `day` on lie wholly within (from, to] and far from any change of the clocks.
std::int64_t window_fires::weeks_alike(date day, instant from, instant to) const {
  const auto begin = where_.lookup(day).first;
  const auto span = where_.span_at(begin);
  if (begin <= from || begin < span.begin + days{2}) return 0;
  const auto end = std::min(span.end, to) - days{3};
  return end > begin ? (end - begin) / days{7} : 0;
}

std::uint64_t window_fires::count(instant from, instant to) const {
  from = std::max(from, earliest_instant - tick);
  to = std::min(to, latest_instant);
  if (from >= to) return 0;
  std::uint64_t fires = 0;
  const auto last = date_of(to, where_) + days{1};
  for (auto day = date_of(from, where_) - days{2}; day <= last;) {
    if (const auto weeks = weeks_alike(day, from, to); weeks > 1) {
      std::uint64_t in_a_week = 0;
      for (int i = 0; i < 7; ++i) in_a_week += count_on(day + days{i}, from, to);
      fires += static_cast<std::uint64_t>(weeks) * in_a_week;
      day += days{7 * weeks};
    } else {
      fires += count_on(day, from, to);
      day += days{1};
    }
  }
  return fires;
}

}  // namespace carillon
