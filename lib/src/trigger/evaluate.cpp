#include "trigger/evaluate.hpp"

#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>
#include <chrono>

#include "trigger/calendar_walls.hpp"
#include "trigger/clock_walls.hpp"
#include "trigger/combination_fires.hpp"
#include "trigger/elapsed_grid.hpp"
#include "trigger/weekly_walls.hpp"
#include "trigger/window_fires.hpp"

namespace carillon {

namespace {

constexpr instant before_all = earliest_instant - tick;

template <typename... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

/// One wall time: `at` without an offset.
struct single_wall {
  wall_time time;

  std::optional<wall_time> next_wall(wall_time after) const {
    return after < time ? std::optional{time} : std::nullopt;
  }
  std::optional<wall_time> previous_wall(wall_time before) const {
    return time < before ? std::optional{time} : std::nullopt;
  }
  std::uint64_t count_walls(wall_time from, wall_time to) const { return from < time && time <= to ? 1 : 0; }
};

/// One instant: `at` with an offset.
struct single_instant {
  instant time;

  fire next(instant after) const { return after < time ? fire{time} : std::nullopt; }
  fire previous(instant before) const { return time < before ? fire{time} : std::nullopt; }
  std::uint64_t count(instant from, instant to) const { return from < time && time <= to ? 1 : 0; }
};

/// `after`: what it waits for is no time.
struct no_fires {
  fire next(instant) const { return std::nullopt; }
  fire previous(instant) const { return std::nullopt; }
  std::uint64_t count(instant, instant) const { return 0; }
};

/// Where a grid in wall time begins, and with which step.
struct wall_start {
  wall_time begin;
  bool given;  // by `starting`

  wall_start(const modifiers& how, const question& asked)
      : given{how.bounds && how.bounds->starting.has_value()} {
    if (given && !how.bounds->starting->offset) {
      begin = how.bounds->starting->wall;
    } else {
      begin = asked.where.to_wall(given ? first_instant(*how.bounds->starting, asked.where) : asked.anchor);
    }
  }
};

std::int64_t first_step(const rules::calendar& rule, const wall_start& start) {
  return start.given || rule.single() || rule.on != 0 ? 0 : 1;
}

/// What exactly `limit`, `until` and the like bound: a rule with its modifiers, as one job sees it.
struct view {
  const trigger_node& node;
  question asked;
  instant floor = before_all;  // nothing fires at it or before
  instant end = latest_instant;
  fire extra;  // of `immediately`

  view(const trigger_node& of, const question& outer);
};

/// Whether a rule counts from its anchor, so that nothing lies before it.
bool begins_at_anchor(const rules::rule& rule) {
  if (std::holds_alternative<rules::interval>(rule)) return true;
  if (const auto* clock = std::get_if<rules::clock>(&rule)) return clock->longest > 1;
  return std::holds_alternative<std::shared_ptr<const rules::calendar>>(rule);
}

view::view(const trigger_node& of, const question& outer) : node{of}, asked{outer.in(of.how)} {
  const auto& how = node.how;
  const bool once = std::holds_alternative<rules::at>(node.rule);
  const bool started = how.bounds && how.bounds->starting;
  const auto start = started ? first_instant(*how.bounds->starting, asked.where) : earliest_instant;
  const auto begin = std::max(asked.anchor, start);
  floor = std::max(floor, start - tick);
  if ((begins_at_anchor(node.rule) && !started) || (how.limit && !once))
    floor = std::max(floor, asked.anchor);
  if (how.bounds && how.bounds->until)
    end = std::min(end, last_instant(*how.bounds->until, asked.where, begin));
  if (how.immediately && begin <= end) extra = begin;
}

/// Calls `on_walls` with the wall schedule of a rule that has one, else `use` with an object that answers for
/// its fires.
template <typename OnWalls, typename Use>
auto with_walls_or_fires(const view& seen, const OnWalls& on_walls, const Use& use) {
  const auto& how = seen.node.how;
  const auto& asked = seen.asked;
  return std::visit(
      overloaded{
          [&](const rules::interval& rule) { return use(elapsed_grid{rule, how, asked}); },
          [&](const rules::at& rule) {
            if (rule.when.offset) return use(single_instant{rule.when.in(asked.where)});
            return on_walls(single_wall{rule.when.wall});
          },
          [&](const rules::window& rule) {
            return use(window_fires{rule, asked.where, resolve(how.gap, how.overlap, false)});
          },
          [&](const rules::weekly& rule) { return on_walls(weekly_walls{rule}); },
          [&](const std::shared_ptr<const rules::calendar>& rule) {
            const wall_start start{how, asked};
            const auto day = std::chrono::floor<std::chrono::days>(start.begin);
            return on_walls(calendar_walls{*rule, day, first_step(*rule, start), *asked.budget});
          },
          [&](const rules::clock& rule) {
            const wall_start start{how, asked};
            return on_walls(clock_walls{rule, start.begin, start.given ? 0 : 1, asked.seed});
          },
          [&](const rules::cron& rule) {
            if (rule.expression->is_drawn()) return on_walls(rule.expression->for_job(asked.seed));
            return on_walls(*rule.expression);
          },
          [&](const rules::any_of& rule) { return use(any_of_fires{rule.parts, asked}); },
          [&](const rules::all_of& rule) { return use(all_of_fires{rule, asked}); },
          [&](const std::shared_ptr<const rules::except>& rule) { return use(except_fires{*rule, asked}); },
          [&](const std::shared_ptr<const rules::after>&) { return use(no_fires{}); },
      },
      seen.node.rule);
}

/// Calls `use` with an object that answers next, previous and count for the rule alone: without its end, its
/// limit and the extra fire of `immediately`. What lies before its beginning it may tell or not.
template <typename Use>
auto with_rule(const view& seen, const Use& use) {
  const auto policy = resolve(seen.node.how.gap, seen.node.how.overlap, follows_real_time(seen.node.rule));
  const auto on_walls = [&](const auto& walls) {
    return use(wall_clock_map{walls, seen.asked.where, policy});
  };
  return with_walls_or_fires(seen, on_walls, use);
}

// Within floor and end, with the extra fire, whatever the limit.

result<fire> unlimited_next(const view& seen, instant after) {
  const auto from = std::max(after, seen.floor);
  result<fire> found = fire{};
  if (from < seen.end)
    found = with_rule(seen, [&](const auto& fires) { return result<fire>{fires.next(from)}; });
  if (!found) return found;
  if (*found && **found > seen.end) found = fire{};
  if (seen.extra && *seen.extra > after && (!*found || *seen.extra < **found)) return seen.extra;
  return found;
}

result<fire> unlimited_previous(const view& seen, instant before) {
  before = std::min(before, seen.end + tick);
  result<fire> found = fire{};
  if (before > seen.floor)
    found = with_rule(seen, [&](const auto& fires) { return result<fire>{fires.previous(before)}; });
  if (!found) return found;
  if (*found && **found <= seen.floor) found = fire{};
  if (seen.extra && *seen.extra < before && (!*found || *seen.extra > **found)) return seen.extra;
  return found;
}

result<std::uint64_t> unlimited_count(const view& seen, instant from, instant to) {
  const auto after = std::max(from, seen.floor);
  const auto last = std::min(to, seen.end);
  const auto counted = [&](instant begin, instant end) {
    if (begin >= end) return result<std::uint64_t>{0U};
    return with_rule(seen, [&](const auto& fires) { return result<std::uint64_t>{fires.count(begin, end)}; });
  };
  auto fires = counted(after, last);
  if (!fires || !seen.extra || *seen.extra <= from || *seen.extra > to) return fires;
  const auto at_extra =
      *seen.extra > seen.floor ? counted(*seen.extra - tick, *seen.extra) : result<std::uint64_t>{0U};
  if (!at_extra) return at_extra;
  return *at_extra > 0 ? fires : result<std::uint64_t>{*fires + 1};
}

// With the limit, which counts from the floor.

std::uint64_t allowed(const view& seen) {
  const auto limit = *seen.node.how.limit;
  return limit > seen.asked.fired ? limit - seen.asked.fired : 0;
}

instant before_first(const view& seen) {
  return seen.extra ? std::min(seen.floor, *seen.extra - tick) : seen.floor;
}

/// How many fires lie up to `time`, as far as that matters for the limit: one more than it allows is enough
/// to know.
result<std::uint64_t> count_for_limit(const view& seen, instant time) {
  const auto enough = allowed(seen) + 1;
  if (!is_combination(seen.node.rule) || enough > 10'000)
    return unlimited_count(seen, before_first(seen), time);
  std::uint64_t fires = 0;
  for (auto last = before_first(seen); fires < enough; ++fires) {
    seen.asked.budget->refill();
    const auto found = unlimited_next(seen, last);
    if (!found) return found.error();
    if (!*found || **found > time) break;
    last = **found;
  }
  return fires;
}

/// The fire that uses the limit up, given one that comes after it.
result<fire> last_allowed(const view& seen, instant beyond) {
  const auto number = allowed(seen);
  if (number == 0) return fire{};
  auto low = before_first(seen);
  if (is_combination(seen.node.rule) && number < 10'000) {
    for (std::uint64_t i = 0; i < number; ++i) {
      const auto found = unlimited_next(seen, low);
      if (!found || !*found) return found;
      low = **found;
    }
    return fire{low};
  }
  auto high = beyond;
  while (high - low > tick) {
    const auto middle = low + (high - low) / 2;
    const auto fires = unlimited_count(seen, before_first(seen), middle);
    if (!fires) return fires.error();
    (*fires >= number ? high : low) = middle;
  }
  return fire{high};
}

}  // namespace

question::question(const binding& bound, instant otherwise, search_budget& search) noexcept
    : seed{bound.seed},
      anchor{std::clamp(bound.anchor.value_or(otherwise), before_all, latest_instant)},
      where{bound.where},
      calendars{bound.calendars},
      fired{bound.fired},
      budget{&search} {}

question question::in(const modifiers& how) const noexcept {
  auto inner = *this;
  if (how.where) inner.where = *how.where;
  return inner;
}

instant first_instant(const timestamp& starting, const zone& where) {
  if (!starting.date_only || starting.offset) return starting.in(where);
  const auto midnight = where.lookup(starting.wall);
  return midnight.kind == wall_kind::gap ? midnight.change : midnight.first;
}

instant last_instant(const until_bound& until, const zone& where, instant anchor) {
  if (const auto* stamp = std::get_if<timestamp>(&until)) {
    if (!stamp->date_only) return stamp->in(where);
    auto next_day = *stamp;
    next_day.wall += std::chrono::days{1};
    if (next_day.offset) return next_day.in(where)-tick;
    const auto midnight = where.lookup(next_day.wall);
    return (midnight.kind == wall_kind::gap ? midnight.change : midnight.second) - tick;
  }
  if (const auto* time = std::get_if<rules::day_time>(&until)) {
    const auto today = std::chrono::floor<std::chrono::days>(where.to_wall(anchor));
    return timestamp{today + *time, {}, false}.in(where);
  }
  return std::min(latest_instant, anchor + std::get<milliseconds>(until));
}

bool follows_real_time(const rules::rule& rule) noexcept {
  if (const auto* cron = std::get_if<rules::cron>(&rule)) return cron->expression->follows_real_time();
  const auto* clock = std::get_if<rules::clock>(&rule);
  if (!clock) return false;
  return clock->unit == rules::clock_unit::minute ||
         (clock->unit == rules::clock_unit::hour && clock->longest == 1);
}

result<fire> next(const trigger_node& node, const question& asked, instant after) {
  const view seen{node, asked};
  auto found = unlimited_next(seen, after);
  if (!found || !*found || !node.how.limit) return found;
  const auto fires = count_for_limit(seen, **found);
  if (!fires) return fires.error();
  return *fires <= allowed(seen) ? found : result<fire>{fire{}};
}

result<fire> previous(const trigger_node& node, const question& asked, instant before) {
  const view seen{node, asked};
  auto found = unlimited_previous(seen, before);
  if (!found || !*found || !node.how.limit) return found;
  const auto fires = count_for_limit(seen, **found);
  if (!fires) return fires.error();
  return *fires <= allowed(seen) ? found : last_allowed(seen, **found);
}

result<std::uint64_t> count(const trigger_node& node, const question& asked, instant from, instant to) {
  if (from >= to) return std::uint64_t{0};
  const view seen{node, asked};
  if (!node.how.limit) return unlimited_count(seen, from, to);
  const auto before = count_for_limit(seen, from);
  if (!before) return before;
  const auto until = count_for_limit(seen, to);
  if (!until) return until;
  return std::min(*until, allowed(seen)) - std::min(*before, allowed(seen));
}

std::optional<wall_time> next_wall(const trigger_node& node, const question& asked, wall_time after) {
  const view seen{node, asked};
  return with_walls_or_fires(
      seen, [&](const auto& walls) { return walls.next_wall(after); },
      [](const auto&) { return std::optional<wall_time>{}; });
}

result<bool> fires_at(const trigger_node& node, const question& asked, instant time) {
  const auto found = next(node, asked, time - tick);
  if (!found) return found.error();
  return *found == time;
}

}  // namespace carillon
