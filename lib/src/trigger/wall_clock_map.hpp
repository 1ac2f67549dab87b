#pragma once
#include <algorithm>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/clock_change.hpp>
#include <concepts>
#include <cstdint>
#include <optional>

namespace carillon {

/// A pair of policies of which none is `auto_` any more.
struct wall_policy {
  gap_policy gap = gap_policy::at_gap_end;
  overlap_policy overlap = overlap_policy::first;
  friend bool operator==(const wall_policy&, const wall_policy&) = default;
};

/// Puts in what `auto_` means for a schedule that follows real time, or for one of fixed times.
constexpr wall_policy resolve(gap_policy gap, overlap_policy overlap, bool follows_real_time) noexcept {
  if (gap == gap_policy::auto_) gap = follows_real_time ? gap_policy::skip : gap_policy::at_gap_end;
  if (overlap == overlap_policy::auto_)
    overlap = follows_real_time ? overlap_policy::both : overlap_policy::first;
  return {gap, overlap};
}

/// A sequence of wall times, of which only the clocks of some zone can say when they are.
template <typename T>
concept wall_schedule = requires(const T& schedule, wall_time time) {
  { schedule.next_wall(time) } -> std::same_as<std::optional<wall_time>>;      // the first strictly after
  { schedule.previous_wall(time) } -> std::same_as<std::optional<wall_time>>;  // the last strictly before
  { schedule.count_walls(time, time) } -> std::same_as<std::uint64_t>;         // how many in (from, to]
};

/// A wall schedule that can count the wall times w in (from, to] for which w + distance is one as well.
template <typename T>
concept counts_wall_pairs = requires(const T& schedule, wall_time time, milliseconds distance) {
  { schedule.count_wall_pairs(time, time, distance) } -> std::same_as<std::uint64_t>;
};

/// When the clocks of a zone show the times of a wall schedule, where their changes are treated by a policy.
///
/// A zone is a row of spans of one offset. Within a span the fires are the wall times in [first_wall,
/// end_wall), read with its offset, and what the gap at its beginning adds. So the answer is exact at any
/// change, however large, and one search in the schedule gives it unless a change lies between.
template <wall_schedule Schedule>
class wall_clock_map {
 public:
  wall_clock_map(const Schedule& schedule, zone where, wall_policy policy) noexcept
      : schedule_{schedule}, where_{where}, policy_{policy} {}

  /// The first fire strictly after `after`.
  std::optional<instant> next(instant after) const;
  /// The last fire strictly before `before`.
  std::optional<instant> previous(instant before) const;
  /// How many fires lie in (from, to].
  std::uint64_t count(instant from, instant to) const;
  /// The last fire in (from, to].
  std::optional<instant> latest(instant from, instant to) const;

 private:
  static constexpr milliseconds most_offset =
      std::chrono::hours{26};  // no zone has ever been further from UTC

  /// The schedule's next time, remembering the last answer: most questions around one change have the same.
  class forward {
   public:
    explicit forward(const Schedule& schedule) noexcept : schedule_{schedule} {}
    std::optional<wall_time> after(wall_time time) {
      if (asked_ && *asked_ <= time && (!answer_ || time < *answer_)) return answer_;
      asked_ = time;
      return answer_ = schedule_.next_wall(time);
    }

   private:
    const Schedule& schedule_;
    std::optional<wall_time> asked_;
    std::optional<wall_time> answer_;
  };

  class backward {
   public:
    explicit backward(const Schedule& schedule) noexcept : schedule_{schedule} {}
    std::optional<wall_time> before(wall_time time) {
      if (asked_ && time <= *asked_ && (!answer_ || *answer_ < time)) return answer_;
      asked_ = time;
      return answer_ = schedule_.previous_wall(time);
    }

   private:
    const Schedule& schedule_;
    std::optional<wall_time> asked_;
    std::optional<wall_time> answer_;
  };

  static wall_time read(instant time, milliseconds offset) noexcept {
    return wall_time{time.time_since_epoch() + offset};
  }
  static instant stand(wall_time wall, milliseconds offset) noexcept {
    return instant{wall.time_since_epoch() - offset};
  }
  static milliseconds gap_of(const offset_span& span) noexcept { return span.offset - span.offset_before; }

  /// The first wall time whose fire in this span is its own.
  wall_time first_wall(const offset_span& span) const noexcept {
    const bool second_pass = span.offset_before > span.offset && policy_.overlap == overlap_policy::first;
    return read(span.begin, second_pass ? span.offset_before : span.offset);
  }
  /// The wall time after the last whose fire in this span is its own.
  wall_time end_wall(const offset_span& span) const noexcept {
    const bool first_pass = span.offset_after < span.offset && policy_.overlap == overlap_policy::second;
    return read(span.end, first_pass ? span.offset_after : span.offset);
  }

  std::optional<instant> gap_fire_after(const offset_span& span, instant after, forward& walls) const;
  std::optional<instant> first_in(const offset_span& span, instant after, forward& walls) const;
  std::optional<instant> gap_fire_before(const offset_span& span, instant before, backward& walls) const;
  std::optional<instant> last_in(const offset_span& span, instant before, backward& walls) const;
  std::uint64_t count_in(const offset_span& span, instant from, instant to) const;
  std::uint64_t count_gap(const offset_span& span, instant from, instant to) const;
  std::uint64_t count_pairs(wall_time from, wall_time to, milliseconds distance) const;

  const Schedule& schedule_;
  zone where_;
  wall_policy policy_;
};

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::next(instant after) const {
  if (after >= latest_instant) return std::nullopt;
  after = std::max(after, earliest_instant - tick);
  forward walls{schedule_};
  auto span = where_.span_at(after);
  for (bool neighbour_seen = false;; neighbour_seen = true) {
    const auto fire = first_in(span, after, walls);
    if (fire) return *fire <= latest_instant ? fire : std::nullopt;
    if (span.end > latest_instant) return std::nullopt;
    auto onward = span.end;
    if (neighbour_seen) {  // the span next to the first may repeat what the first has shown; from there on
                           // nothing comes early
      const auto wall = walls.after(first_wall(span) - tick);
      if (!wall) return std::nullopt;
      onward = std::max(onward, stand(*wall, most_offset));
    }
    span = where_.span_at(onward);
  }
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::first_in(const offset_span& span, instant after,
                                                          forward& walls) const {
  const auto from_gap = gap_fire_after(span, after, walls);
  const auto wall = walls.after(std::max(read(after, span.offset), first_wall(span) - tick));
  if (!wall || *wall >= end_wall(span)) return from_gap;
  const auto regular = stand(*wall, span.offset);
  return from_gap ? std::min(*from_gap, regular) : regular;
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::gap_fire_after(const offset_span& span, instant after,
                                                                forward& walls) const {
  const auto gap = gap_of(span);
  if (gap <= milliseconds::zero() || policy_.gap == gap_policy::skip) return std::nullopt;
  const bool shifted = policy_.gap == gap_policy::shift;
  if (after >= (shifted ? span.begin + gap : span.begin)) return std::nullopt;
  const auto wall = walls.after(read(std::max(after, span.begin - tick), span.offset_before));
  if (!wall || *wall >= read(span.begin, span.offset)) return std::nullopt;
  return shifted ? stand(*wall, span.offset_before) : span.begin;
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::previous(instant before) const {
  if (before <= earliest_instant) return std::nullopt;
  before = std::min(before, latest_instant + tick);
  backward walls{schedule_};
  auto span = where_.span_at(before - tick);
  for (bool neighbour_seen = false;; neighbour_seen = true) {
    const auto fire = last_in(span, before, walls);
    if (fire) return *fire >= earliest_instant ? fire : std::nullopt;
    if (span.begin <= earliest_instant) return std::nullopt;
    auto onward = span.begin - tick;
    if (neighbour_seen) {
      const auto wall = walls.before(end_wall(span));
      if (!wall) return std::nullopt;
      onward = std::min(onward, stand(*wall, -most_offset));
    }
    span = where_.span_at(onward);
  }
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::last_in(const offset_span& span, instant before,
                                                         backward& walls) const {
  const auto wall = walls.before(std::min(read(before, span.offset), end_wall(span)));
  std::optional<instant> regular;
  if (wall && *wall >= first_wall(span)) regular = stand(*wall, span.offset);
  const auto from_gap = gap_fire_before(span, before, walls);
  return std::max(regular, from_gap);
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::gap_fire_before(const offset_span& span, instant before,
                                                                 backward& walls) const {
  if (gap_of(span) <= milliseconds::zero() || policy_.gap == gap_policy::skip || before <= span.begin)
    return std::nullopt;
  const bool shifted = policy_.gap == gap_policy::shift;
  const auto gap_end = read(span.begin, span.offset);
  const auto wall = walls.before(shifted ? std::min(read(before, span.offset_before), gap_end) : gap_end);
  if (!wall || *wall < read(span.begin, span.offset_before)) return std::nullopt;
  return shifted ? stand(*wall, span.offset_before) : span.begin;
}

template <wall_schedule Schedule>
std::uint64_t wall_clock_map<Schedule>::count(instant from, instant to) const {
  from = std::clamp(from, earliest_instant - tick, latest_instant);
  to = std::min(to, latest_instant);
  std::uint64_t fires = 0;
  for (auto time = from + tick; time <= to;) {
    const auto span = where_.span_at(time);
    fires += count_in(span, from, to);
    time = span.end;
  }
  return fires;
}

template <wall_schedule Schedule>
std::uint64_t wall_clock_map<Schedule>::count_in(const offset_span& span, instant from, instant to) const {
  const auto after = std::max(read(from, span.offset), first_wall(span) - tick);
  const auto last = std::min(read(to, span.offset), end_wall(span) - tick);
  const auto regular = after < last ? schedule_.count_walls(after, last) : 0;
  return regular + count_gap(span, from, to);
}

/// What the gap adds to the regular fires, those that coincide with one left out.
template <wall_schedule Schedule>
std::uint64_t wall_clock_map<Schedule>::count_gap(const offset_span& span, instant from, instant to) const {
  const auto gap = gap_of(span);
  if (gap <= milliseconds::zero() || policy_.gap == gap_policy::skip) return 0;
  const auto gap_begin = read(span.begin, span.offset_before);
  const auto gap_end = gap_begin + gap;
  if (policy_.gap == gap_policy::at_gap_end) {
    if (from >= span.begin || to < span.begin) return 0;
    const bool falls_in = schedule_.count_walls(gap_begin - tick, gap_end - tick) > 0;
    const bool regular = schedule_.count_walls(gap_end - tick, gap_end) > 0;
    return falls_in && !regular ? 1 : 0;
  }
  const auto after = std::max(read(from, span.offset_before), gap_begin - tick);
  const auto last = std::min(read(to, span.offset_before), gap_end - tick);
  return after < last ? schedule_.count_walls(after, last) - count_pairs(after, last, gap) : 0;
}

template <wall_schedule Schedule>
std::uint64_t wall_clock_map<Schedule>::count_pairs(wall_time from, wall_time to,
                                                    milliseconds distance) const {
  if constexpr (counts_wall_pairs<Schedule>) {
    return schedule_.count_wall_pairs(from, to, distance);
  } else {
    std::uint64_t pairs = 0;
    for (auto wall = schedule_.next_wall(from); wall && *wall <= to; wall = schedule_.next_wall(*wall))
      pairs += schedule_.count_walls(*wall + distance - tick, *wall + distance);
    return pairs;
  }
}

template <wall_schedule Schedule>
std::optional<instant> wall_clock_map<Schedule>::latest(instant from, instant to) const {
  const auto fire = previous(std::min(to, latest_instant) + tick);
  return fire && *fire > from ? fire : std::nullopt;
}

}  // namespace carillon
