#include <doctest/doctest.h>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/cron_expression.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "support/cron_expressions.hpp"

namespace carillon {

namespace {

using testing::as_crontab;
using testing::as_quartz;

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

wall_time wall(std::string_view text) { return parse_timestamp(text).value().wall; }
std::string text_of(std::optional<wall_time> time) {
  return time ? format_timestamp({*time, {}, false}) : "never";
}

cron_expression named(std::string_view name, std::string_view value) {
  return cron_expression::parse(std::array<cron_expression::named_field, 1>{{{name, 0, value, 0}}}).value();
}

/// Expressions of every kind that fire a few times in some years.
std::vector<cron_expression> assorted() {
  return {as_crontab("0 9 * * mon-fri"), as_crontab("*/7 */5 1,15 * fri"),
          as_crontab("0 0 29 2 *"),      as_crontab("59 59 23 31 12 *"),
          as_crontab("0 0 L * *"),       as_crontab("0 12 * * 5L"),
          as_crontab("30 4 13 * fri#2"), as_quartz("0 0 12 15W * ?"),
          as_quartz("0 0 12 LW * ?"),    as_quartz("0 0 12 L-3W,1W * ?"),
          as_quartz("0 0 12 L-30 * ?"),  as_quartz("0/20 10-12 0 ? 1/3 2#5 2001-2040/3"),
          named("week", "1,53"),         named("day", "last sun, 2nd fri, 31"),
          named("day_of_week", "0"),     named("year", "2000-9999/7")};
}

/// Whether an expression fires at a time, told without its search.
bool fires_at(const cron_expression& each, wall_time time) {
  return each.count_walls(time - milliseconds{1}, time) == 1;
}

}  // namespace

TEST_CASE("the next time is strictly later, and rare dates are found however far away they are") {
  CHECK(text_of(as_crontab("0 9 * * *").next_wall(wall("2026-01-01T09:00"))) == "2026-01-02T09:00");
  CHECK(text_of(as_crontab("0 9 * * *").next_wall(wall("2026-01-01T08:59:59.999"))) == "2026-01-01T09:00");
  CHECK(text_of(as_crontab("0 0 29 2 *").next_wall(wall("2096-02-29T00:00"))) == "2104-02-29T00:00");
  CHECK(text_of(cron_expression::parse(
                    std::array<cron_expression::named_field, 3>{
                        {{"month", 0, "2", 0}, {"day", 0, "29", 0}, {"day_of_week", 0, "sun", 0}}})
                    .value()
                    .next_wall(wall("2088-03-01"))) == "2128-02-29T00:00");
  CHECK(text_of(as_crontab("* * * * * *").next_wall(wall("9999-12-31T23:59:59"))) == "never");
  CHECK(text_of(as_crontab("0 0 1 1 *").previous_wall(wall("0001-01-01T00:00"))) == "never");
  CHECK(text_of(as_crontab("0 0 1 1 *").next_wall(wall_time::min())) == "0001-01-01T00:00");
  CHECK(text_of(as_crontab("0 0 1 1 *").previous_wall(wall_time::max())) == "9999-01-01T00:00");
}

TEST_CASE("a quartz expression ends in 2099, as Quartz's years do") {
  CHECK(text_of(as_quartz("0 0 0 1 1 ?").next_wall(wall("2098-06-01"))) == "2099-01-01T00:00");
  CHECK(text_of(as_quartz("0 0 0 1 1 ?").next_wall(wall("2099-06-01"))) == "never");
  CHECK(text_of(as_quartz("0 0 0 1 1 ?").previous_wall(wall("9000-01-01"))) == "2099-01-01T00:00");
}

TEST_CASE("years far away are searched like near ones") {
  const auto late = named("year", "2024,9000/500");
  CHECK(text_of(late.next_wall(wall("2023-06-01"))) == "2024-01-01T00:00");
  CHECK(text_of(late.next_wall(wall("2024-06-01"))) == "9000-01-01T00:00");
  CHECK(text_of(late.next_wall(wall("9000-01-01"))) == "9500-01-01T00:00");
  CHECK(text_of(late.next_wall(wall("9500-01-01"))) == "never");
  CHECK(text_of(late.previous_wall(wall("8000-01-01"))) == "2024-01-01T00:00");
}

TEST_CASE("working days stay within their month") {
  CHECK(text_of(as_quartz("0 0 0 1W * ?").next_wall(wall("2026-07-31T12:00"))) ==
        "2026-08-03T00:00");  // the 1st is a Saturday
  CHECK(text_of(as_quartz("0 0 0 15W * ?").next_wall(wall("2026-08-01"))) ==
        "2026-08-14T00:00");  // a Saturday
  CHECK(text_of(as_quartz("0 0 0 31W * ?").next_wall(wall("2026-05-01"))) == "2026-05-29T00:00");  // a Sunday
  CHECK(text_of(as_quartz("0 0 0 LW * ?").next_wall(wall("2026-02-01"))) == "2026-02-27T00:00");
  CHECK_FALSE(cron_expression::parse(cron_dialect::quartz, "0 0 0 30W 2 ?").has_value());
}

TEST_CASE("previous and count agree with a walk through the times") {
  std::mt19937_64 random{11};
  for (const auto& each : assorted()) {
    CAPTURE(each.text());
    std::uniform_int_distribution<std::int64_t> start(0, days{40 * 365} / seconds{1});
    for (int round = 0; round < 20; ++round) {
      const auto from = wall("1990-01-01") + seconds{start(random)} + milliseconds{random() % 3 * 400};
      auto at = from;
      std::optional<wall_time> last;
      std::uint64_t fires = 0;
      for (; fires < 40; ++fires) {
        const auto next = each.next_wall(at);
        if (!next) break;
        CHECK(*next > at);
        CHECK(fires_at(each, *next));
        CHECK(each.previous_wall(*next) <= at);
        CHECK(each.previous_wall(*next + milliseconds{1}) == next);
        if (last) CHECK(each.previous_wall(*next) == last);
        CHECK(each.count_walls(from, *next) == fires + 1);
        CHECK(each.count_walls(from, *next - milliseconds{1}) == fires);
        last = next;
        at = *next;
      }
    }
  }
}

TEST_CASE("nothing is counted backwards, and all of time can be counted") {
  const auto every_second = as_crontab("* * * * * *");
  CHECK(every_second.count_walls(wall("2026-01-02"), wall("2026-01-01")) == 0);
  CHECK(every_second.count_walls(wall("2026-01-01"), wall("2026-01-01")) == 0);
  CHECK(every_second.count_walls(wall("2000-01-01"), wall("2400-01-01")) == 146'097ULL * 86'400);
  CHECK(every_second.count_walls(wall_time::min(), wall_time::max()) == 3'652'059ULL * 86'400);
  CHECK(as_crontab("0 0 29 2 *").count_walls(wall("2000-01-01"), wall("2800-01-01")) == 2 * 97);
}

TEST_CASE("pairs of times at a distance are those that a walk finds") {
  std::mt19937_64 random{5};
  for (const auto* text : {"*/10 0-5 * * *", "0 */7 * * * *", "*/17 */3 * * *", "* * * * * *"}) {
    const auto each = as_crontab(text);
    for (const seconds distance : {seconds{3600}, seconds{1800}, seconds{2700}, seconds{7200},
                                   seconds{86'400}, seconds{1711}, seconds{1}}) {
      const auto from = wall("2026-03-01") + seconds{random() % 86'400};
      const auto to = from + seconds{random() % 7'200};
      std::uint64_t pairs = 0;
      for (auto at = each.next_wall(from); at && *at <= to; at = each.next_wall(*at))
        pairs += fires_at(each, *at + distance);
      CAPTURE(text);
      CAPTURE(distance.count());
      CHECK(each.count_wall_pairs(from, to, distance) == pairs);
    }
  }
}

}  // namespace carillon
