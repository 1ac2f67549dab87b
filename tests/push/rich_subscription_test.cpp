#include "push/rich_subscription.hpp"

#include <doctest/doctest.h>

#include <carillon/time/timestamp.hpp>

using namespace carillon;
using namespace carillon::pushes;

namespace {

instant local(const std::string& text) { return parse_timestamp(text).value().in(zone{}); }

std::string dues(std::string_view json, const std::string& from, const std::string& to,
                 std::size_t limit = 100) {
  std::string all;
  const auto parsed = rich_subscription::parse(json);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().to_string());
  for (const auto each : parsed->due("42|news", zone{}, local(from), local(to), limit))
    all += (all.empty() ? "" : " ") + format_instant(each, zone{}).substr(5, 11);
  return all;
}

std::string why_not(std::string_view json) {
  const auto parsed = rich_subscription::parse(json);
  REQUIRE_FALSE(parsed.has_value());
  return parsed.error().to_string();
}

}  // namespace

TEST_SUITE("rich subscription") {
  TEST_CASE("it has times, weekdays and a zone of its own") {
    CHECK(dues(R"({"at": "08:30"})", "2026-11-20", "2026-11-22") == "11-20T08:30 11-21T08:30");
    CHECK(dues(R"({"at": "08:30,18:00", "weekdays": "mon-fri", "zone": "Asia/Shanghai"})", "2026-11-20",
               "2026-11-24") == "11-20T00:30 11-20T10:00 11-23T00:30 11-23T10:00");
  }

  TEST_CASE("it takes any schedule text, whose grid begins when it was added") {
    CHECK(dues(R"({"schedule": "every 7h", "added": "2026-11-20T01:00:00Z"})", "2026-11-20", "2026-11-21") ==
          "11-20T08:00 11-20T15:00 11-20T22:00");
    CHECK(dues(R"({"schedule": "cron 30 2 * * * in Europe/Oslo"})", "2026-03-28T12:00:00", "2026-03-30") ==
          "03-29T01:00");
  }

  TEST_CASE("a window begins after its first moment and ends with its last") {
    CHECK(dues(R"({"at": "08:30"})", "2026-11-20T08:30:00", "2026-11-21T08:30:00") == "11-21T08:30");
  }

  TEST_CASE("of what would be too many the last are answered") {
    CHECK(dues(R"({"schedule": "every 1m"})", "2026-11-20", "2026-11-21", 2) == "11-20T23:59 11-21T00:00");
  }

  TEST_CASE("what falls into quiet hours is due at their end, once") {
    const auto* all_night = R"({"schedule": "every 1h", "quiet": "22:00..07:00"})";
    CHECK(dues(all_night, "2026-11-20T20:30:00", "2026-11-21T08:00:00") ==
          "11-20T21:00 11-21T07:00 11-21T08:00");
    const auto* early = R"({"at": "06:15", "quiet": "22:00..07:00"})";
    CHECK(dues(early, "2026-11-21T06:00:00", "2026-11-21T06:59:00").empty());
    CHECK(dues(early, "2026-11-21T06:59:00", "2026-11-21T07:00:00") == "11-21T07:00");
    CHECK(dues(R"({"at": "13:00", "quiet": "12:00..14:30"})", "2026-11-20", "2026-11-21") == "11-20T14:30");
    CHECK(dues(R"({"at": "22:00", "quiet": "12:00..14:30"})", "2026-11-20", "2026-11-21") == "11-20T22:00");
  }

  TEST_CASE("quiet hours follow the clocks: an end that a gap leaves out is at the gap's end") {
    CHECK(dues(R"({"at": "01:30", "zone": "Europe/Oslo", "quiet": "22:00..02:30"})", "2026-03-28T12:00:00",
               "2026-03-29T12:00:00") == "03-29T01:00");
  }

  TEST_CASE("nothing is due from before it was added, nor what fell into quiet hours then") {
    const auto* minutely = R"({"schedule": "every 1m", "added": "2026-11-20T08:00:30Z"})";
    CHECK(dues(minutely, "2026-11-20T07:50:00", "2026-11-20T08:02:00") == "11-20T08:01");
    const auto* daily = R"({"at": "08:30", "added": "2026-11-20T08:31:00Z"})";
    CHECK(dues(daily, "2026-11-20T08:21:00", "2026-11-20T08:35:00").empty());
    CHECK(dues(daily, "2026-11-20T08:21:00", "2026-11-21T08:35:00") == "11-21T08:30");
    const auto* hushed = R"({"at": "06:15", "quiet": "22:00..07:00", "added": "2026-11-20T06:30:00Z"})";
    CHECK(dues(hushed, "2026-11-20T06:00:00", "2026-11-21T08:00:00") == "11-21T07:00");
  }

  TEST_CASE("it is due at whole seconds and once in each, whichever window is asked for") {
    const auto often = rich_subscription::parse(R"({"schedule": "every 1ms"})").value();
    const auto begin = local("2026-11-20T08:00:00");
    const auto whole = often.due("42|news", zone{}, begin, begin + milliseconds{2'500});
    CHECK(whole == std::vector<instant>{begin + milliseconds{1'000}, begin + milliseconds{2'000}});
    auto parts = often.due("42|news", zone{}, begin, begin + milliseconds{1'200});
    for (const auto each :
         often.due("42|news", zone{}, begin + milliseconds{1'200}, begin + milliseconds{2'500}))
      parts.push_back(each);
    CHECK(parts == whole);
  }

  // This took a step for each millisecond of the night.
  TEST_CASE("quiet hours cost nothing, however often it would fire in them") {
    const auto* often = R"({"schedule": "every 1ms", "quiet": "22:00..07:00"})";
    CHECK(dues(often, "2026-11-20T21:59:58", "2026-11-21T06:59:00", 3) == "11-20T21:59");
    CHECK(dues(often, "2026-11-20T22:00:00", "2026-11-21T07:00:00") == "11-21T07:00");
  }

  TEST_CASE("jitter into and out of quiet hours loses none, and makes none two") {
    const auto one = rich_subscription::parse(
        R"({"schedule": "every day at 21:59,06:59 jitter 10m", "quiet": "22:00..07:00"})");
    REQUIRE(one.has_value());
    for (const auto* name : {"1|a", "2|b", "3|c", "4|d", "5|e"}) {
      CAPTURE(name);
      const auto all = one->due(name, zone{}, local("2026-11-20T21:00:00"), local("2026-11-21T21:00:00"));
      const auto plain =
          rich_subscription::parse(R"({"schedule": "every day at 21:59,06:59 jitter 10m"})").value();
      const auto loud = plain.due(name, zone{}, local("2026-11-20T21:00:00"), local("2026-11-21T21:00:00"));
      REQUIRE(loud.size() == 2);
      std::vector<instant> expected;
      for (const auto each : loud) {
        const bool hushed = each >= local("2026-11-20T22:00:00") && each < local("2026-11-21T07:00:00");
        const auto due = hushed ? local("2026-11-21T07:00:00") : each;
        if (expected.empty() || expected.back() != due) expected.push_back(due);
      }
      CHECK(all == expected);
    }
  }

  TEST_CASE("times, days and quiet hours are taken as people write them, and printed in one way") {
    CHECK(rich_subscription::parse(
              R"({"at": "8:30, 12:00", "weekdays": "mon-wed, fri", "quiet": "9:00 .. 9:30"})")
              .value()
              .to_json() == R"({"at":"08:30,12:00","weekdays":"mon-wed,fri","quiet":"09:00..09:30"})");
    CHECK(dues(R"({"at": "8:30, 12:00"})", "2026-11-20", "2026-11-21") == "11-20T08:30 11-20T12:00");
  }

  TEST_CASE("it prints as it is read") {
    for (const auto* json :
         {R"({"at":"08:30","weekdays":"mon-fri","zone":"Europe/Oslo","quiet":"22:00..07:00"})",
          R"({"schedule":"every 2h","added":"2026-11-20T01:00:00+00:00"})"}) {
      CHECK(rich_subscription::parse(json).value().to_json() == json);
    }
  }

  TEST_CASE("what is wrong is told with its member") {
    CHECK(why_not("{").find("no JSON") != std::string::npos);
    CHECK(why_not("[]").find("no JSON object") != std::string::npos);
    CHECK(why_not("{}").find("either by at or by schedule") != std::string::npos);
    CHECK(why_not(R"({"at": "08:30", "schedule": "every 1h"})").find("either") != std::string::npos);
    CHECK(why_not(R"({"at": 830})").find("at: must be a text") == 0);
    CHECK(why_not(R"({"at": "8:3"})").find("at: '8:3' is no time of day") == 0);
    CHECK(why_not(R"({"at": "08:30,"})").find("at: '' is no time of day") == 0);
    CHECK(why_not(R"({"at": "08:30", "weekdays": "mon,"})").find("weekdays:") == 0);
    CHECK(why_not(R"({"at": "08:30", "weekdays": "mon at 09:00"})").find("weekdays:") == 0);
    CHECK(why_not(R"({"at": "08:30", "weekdays": "moon"})").find("weekdays:") == 0);
    CHECK(why_not(R"({"at": "08:30", "zone": "Oslo"})").find("zone:") == 0);
    CHECK(why_not(R"({"at": "08:30", "quiet": "22:00-07:00"})").find("quiet:") == 0);
    CHECK(why_not(R"({"at": "08:30", "quiet": "07:00..07:00"})").find("quiet:") == 0);
    CHECK(why_not(R"({"at": "08:30", "colour": "red"})").find("colour: no such member") == 0);
    CHECK(why_not(R"({"schedule": "every moon"})").find("schedule:") == 0);
    CHECK(why_not(R"({"schedule": "every 5m fixed_delay"})").find("fixed_delay") != std::string::npos);
  }
}
