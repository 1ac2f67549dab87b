#include "push/rich_subscription.hpp"

#include <doctest/doctest.h>

#include <carillon/time/timestamp.hpp>

using namespace carillon;
using namespace carillon::pushes;

namespace {

instant at(const std::string& text) { return parse_timestamp(text).value().in(zone{}); }

std::string dues(std::string_view json, const std::string& from, const std::string& to,
                 std::size_t limit = 100) {
  std::string all;
  const auto parsed = rich_subscription::parse(json);
  REQUIRE_MESSAGE(parsed.has_value(), parsed.error().to_string());
  for (const auto each : parsed->due("42|news", zone{}, at(from), at(to), limit))
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
    CHECK(why_not(R"({"at": "8:30"})").find("at: '8:30' is no time of day") == 0);
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
