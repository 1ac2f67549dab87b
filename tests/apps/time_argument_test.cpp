#include <doctest/doctest.h>

#include "carillon/time_argument.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr instant today{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
const zone oslo = zone::find("Europe/Oslo").value();

time_argument time_of(std::string_view text) {
  const auto given = read_time(text, today + 10h, oslo);
  REQUIRE_MESSAGE(given.has_value(), text);
  return *given;
}

}  // namespace

TEST_SUITE("time argument") {
  TEST_CASE("a time of day is one of today, in the zone") {
    CHECK(time_of("09:00").at == today + 8h);
    CHECK(time_of("9:00").at == today + 8h);
    CHECK(time_of("09:00:30").at == today + 8h + 30s);
  }

  TEST_CASE("RFC 3339 has its own offset, or that of the zone") {
    CHECK(time_of("2026-11-21T09:00:00Z").at == today + 9h);
    CHECK(time_of("2026-11-21T09:00").at == today + 8h);
    CHECK(time_of("2026-11-21").at == today - 1h);
  }

  TEST_CASE("now, and how far away") {
    CHECK(time_of("now").at == today + 10h);
    CHECK(time_of("2h ago").at == today + 8h);
    CHECK(time_of("in 1h30m").at == today + 11h + 30min);
  }

  TEST_CASE("what was left out is what is meant") {
    CHECK(time_of("09:00").grain == 1min);
    CHECK(time_of("09:00:30").grain == 1s);
    CHECK(time_of("09:00:30.250").grain == 1ms);
    CHECK(time_of("2026-11-21").grain == 24h);
    CHECK(time_of("2026-11-21T09:00+01:00").grain == 1min);
    CHECK(time_of("2026-11-21T09:00:00-05:00").grain == 1s);
  }

  TEST_CASE("a text that is no time is refused where it is wrong, with the ways to say one") {
    for (const auto* text :
         {"", "soon", "25:00", "09:61", "2026-02-30", "2 ago", "in 5 minutes", "-1h ago"}) {
      CAPTURE(text);
      const auto refused = read_time(text, today, oslo);
      REQUIRE_FALSE(refused.has_value());
      CHECK_FALSE(refused.error().message.empty());
      CHECK(refused.error().position <= std::string_view{text}.size());
    }
    CHECK(read_time("25:00", today, oslo).error().position == 0);
    CHECK(read_time("in 5x", today, oslo).error().position == 4);
  }
}

}  // namespace carillon::app
