#include <doctest/doctest.h>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/cron_expression.hpp>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "trigger/wall_clock_map.hpp"

namespace carillon {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A schedule that cannot count pairs, as those of other triggers cannot.
struct plain_schedule {
  const cron_expression& times;
  std::optional<wall_time> next_wall(wall_time after) const { return times.next_wall(after); }
  std::optional<wall_time> previous_wall(wall_time before) const { return times.previous_wall(before); }
  std::uint64_t count_walls(wall_time from, wall_time to) const { return times.count_walls(from, to); }
};
static_assert(wall_schedule<plain_schedule> && !counts_wall_pairs<plain_schedule>);
static_assert(counts_wall_pairs<cron_expression>);

/// The wall times of a schedule of whole minutes that can have to do with (from, to], minute by minute.
std::vector<wall_lookup> walls_of(const cron_expression& times, const zone& where, instant from, instant to) {
  std::vector<wall_lookup> walls;
  const auto end = where.to_wall(to) + hours{25};
  for (auto wall = std::chrono::floor<minutes>(where.to_wall(from) - hours{25}); wall < end;
       wall += minutes{1})
    if (times.count_walls(wall - milliseconds{1}, wall) != 0) walls.push_back(where.lookup(wall));
  return walls;
}

/// When these wall times fire, by the words of the rule.
std::set<instant> fires_by_rule(const std::vector<wall_lookup>& walls, wall_policy policy, instant from,
                                instant to) {
  std::set<instant> fires;
  const auto add = [&](instant time) {
    if (time > from && time <= to) fires.insert(time);
  };
  for (const auto& wall : walls) {
    if (wall.kind == wall_kind::unique) add(wall.first);
    if (wall.kind == wall_kind::gap && policy.gap == gap_policy::at_gap_end) add(wall.change);
    if (wall.kind == wall_kind::gap && policy.gap == gap_policy::shift) add(wall.first);
    if (wall.kind == wall_kind::overlap && policy.overlap != overlap_policy::second) add(wall.first);
    if (wall.kind == wall_kind::overlap && policy.overlap != overlap_policy::first) add(wall.second);
  }
  return fires;
}

constexpr std::array gaps{gap_policy::skip, gap_policy::at_gap_end, gap_policy::shift};
constexpr std::array overlaps{overlap_policy::first, overlap_policy::second, overlap_policy::both};

template <typename Schedule>
void check_map(const wall_clock_map<Schedule>& map, const std::set<instant>& expected, instant from,
               instant to) {
  std::vector<instant> forward;
  for (auto fire = map.next(from); fire && *fire <= to; fire = map.next(*fire)) {
    if (!forward.empty()) REQUIRE(*fire > forward.back());
    forward.push_back(*fire);
  }
  CHECK(forward == std::vector<instant>(expected.begin(), expected.end()));
  std::vector<instant> backward;
  for (auto fire = map.previous(to + milliseconds{1}); fire && *fire > from; fire = map.previous(*fire)) {
    if (!backward.empty()) REQUIRE(*fire < backward.back());
    backward.push_back(*fire);
  }
  CHECK(backward == std::vector<instant>(expected.rbegin(), expected.rend()));
  std::uint64_t count = 0;
  std::size_t wrong = 0;
  wrong += map.count(from, to) != expected.size();
  for (const auto fire : expected) {  // each place where a question can be asked amid a change
    wrong += map.count(from, fire - milliseconds{1}) != count;
    wrong += map.count(from, fire) != ++count;
    wrong += map.count(fire, to) != expected.size() - count;
    wrong += map.latest(from, fire) != fire;
    wrong += map.next(fire - milliseconds{1}) != fire;
  }
  CHECK(wrong == 0);
}

struct change {
  const char* zone;
  const char* at;  // near it
};

constexpr std::array<change, 20> changes{
    {{"America/New_York", "2026-03-08"},    {"America/New_York", "2026-11-01"},
     {"Europe/London", "2026-10-25"},       {"Australia/Lord_Howe", "2026-10-03"},
     {"Australia/Lord_Howe", "2026-04-04"}, {"Antarctica/Troll", "2026-03-29"},
     {"Antarctica/Troll", "2026-10-25"},    {"Pacific/Apia", "2011-12-30"},
     {"Pacific/Apia", "2011-09-24"},        {"America/Sao_Paulo", "2018-11-04"},
     {"America/Sao_Paulo", "2019-02-17"},   {"Pacific/Chatham", "2026-09-26"},
     {"Pacific/Chatham", "2026-04-04"},     {"Africa/Casablanca", "2024-03-10"},
     {"Africa/Casablanca", "2024-04-14"},   {"Europe/Dublin", "2026-03-29"},
     {"America/Caracas", "2016-05-01"},     {"Asia/Pyongyang", "2018-05-04"},
     {"Asia/Kathmandu", "1985-12-31"},      {"Pacific/Kwajalein", "1993-08-21"}}};

constexpr std::array<const char*, 11> schedules{
    "*/5 * * * *", "0 * * * *",    "30 2 * * *",  "15,45 1-3 * * *", "0 0 * * *", "*/20 0,1,2,3 * * *",
    "59 23 * * *", "30 */2 * * *", "7 1 * * sun", "10 3 30 12 *",    "0 0 1 1 *"};

}  // namespace

TEST_CASE("around every kind of change a schedule fires by the rule, forward, backward and counted") {
  for (const auto& [name, near] : changes) {
    const auto where = zone::find(name).value();
    const auto span = where.span_at(*where.next_change(parse_timestamp(near).value().in(where)-hours{12}));
    const auto margin = std::chrono::abs(span.offset - span.offset_before) + hours{5};
    const auto from = span.begin - margin;
    const auto to = span.begin + margin;
    for (const auto* text : schedules) {
      const auto times = cron_expression::parse(cron_dialect::crontab, text).value();
      const auto walls = walls_of(times, where, from, to);
      for (const auto gap : gaps) {
        for (const auto overlap : overlaps) {
          INFO(std::string{name}, " ", std::string{text}, " gap ", static_cast<int>(gap), " overlap ",
               static_cast<int>(overlap));
          const wall_policy policy{gap, overlap};
          const auto expected = fires_by_rule(walls, policy, from, to);
          check_map(wall_clock_map(times, where, policy), expected, from, to);
          const plain_schedule plain{times};
          CHECK(wall_clock_map(plain, where, policy).count(from, to) == expected.size());
        }
      }
    }
  }
}

TEST_CASE("what auto means depends on whether the schedule follows real time") {
  CHECK(resolve(gap_policy::auto_, overlap_policy::auto_, true) ==
        wall_policy{gap_policy::skip, overlap_policy::both});
  CHECK(resolve(gap_policy::auto_, overlap_policy::auto_, false) ==
        wall_policy{gap_policy::at_gap_end, overlap_policy::first});
  CHECK(resolve(gap_policy::shift, overlap_policy::auto_, true) ==
        wall_policy{gap_policy::shift, overlap_policy::both});
  CHECK(resolve(gap_policy::auto_, overlap_policy::second, false) ==
        wall_policy{gap_policy::at_gap_end, overlap_policy::second});
}

TEST_CASE("ten years of seconds are counted, whatever the policy") {
  const auto where = zone::find("America/New_York").value();
  const auto every_second = cron_expression::parse(cron_dialect::crontab, "* * * * * *").value();
  const auto from = parse_timestamp("2016-01-01").value().in(where);
  const auto to = parse_timestamp("2026-01-01").value().in(where);
  const auto elapsed = static_cast<std::uint64_t>((to - from) / std::chrono::seconds{1});
  for (const auto gap : gaps) {
    CHECK(wall_clock_map(every_second, where, {gap, overlap_policy::both}).count(from, to) == elapsed);
    CHECK(wall_clock_map(every_second, where, {gap, overlap_policy::first}).count(from, to) ==
          elapsed - 10 * 3600);
  }
}

TEST_CASE("the ends of time are no trap") {
  const auto daily = cron_expression::parse(cron_dialect::crontab, "0 12 * * *").value();
  for (const auto* name : {"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"}) {
    const wall_clock_map map(daily, zone::find(name).value(), wall_policy{});
    CHECK_FALSE(map.next(latest_instant));
    CHECK_FALSE(map.next(instant::max()));
    CHECK_FALSE(map.previous(earliest_instant));
    CHECK_FALSE(map.previous(instant::min()));
    CHECK(map.next(instant::min()).has_value());
    CHECK(map.previous(instant::max()).has_value());
    CHECK(map.count(instant::min(), instant::max()) >= 3'652'058);
    CHECK(map.count(instant::max(), instant::min()) == 0);
    CHECK_FALSE(map.latest(latest_instant, instant::max()));
  }
}

TEST_CASE("a date forty years away is found in a zone, too") {
  const auto rare =
      cron_expression::parse(std::array<cron_expression::named_field, 3>{
                                 {{"month", 0, "2", 0}, {"day", 0, "29", 0}, {"day_of_week", 0, "sun", 0}}})
          .value();
  const auto where = zone::find("Europe/Oslo").value();
  const wall_clock_map map(rare, where, wall_policy{});
  const auto fire = map.next(parse_timestamp("2088-03-01").value().in(where));
  REQUIRE(fire.has_value());
  CHECK(format_instant(*fire, where) == "2128-02-29T00:00:00+01:00");
  CHECK(map.previous(*fire) == parse_timestamp("2088-02-29").value().in(where));
}

}  // namespace carillon
