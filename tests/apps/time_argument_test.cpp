#include <doctest/doctest.h>

#include "carillon/time_argument.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr instant midnight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
const zone oslo = zone::find("Europe/Oslo").value();

time_argument read(std::string_view text) {
  const auto given = read_time(text, midnight + 10h, oslo);
  REQUIRE_MESSAGE(given.has_value(), text);
  return *given;
}

}  // namespace

TEST_SUITE("time argument") {
  TEST_CASE("a time of day is one of today, in the zone") {
    CHECK(read("09:00").at == midnight + 8h);
    CHECK(read("9:00").at == midnight + 8h);
    CHECK(read("09:00:30").at == midnight + 8h + 30s);
  }

  TEST_CASE("RFC 3339 has its own offset, or that of the zone") {
    CHECK(read("2026-11-21T09:00:00Z").at == midnight + 9h);
    CHECK(read("2026-11-21T09:00").at == midnight + 8h);
    CHECK(read("2026-11-21").at == midnight - 1h);
  }

  TEST_CASE("now, and how far away") {
    CHECK(read("now").at == midnight + 10h);
    CHECK(read("2h ago").at == midnight + 8h);
    CHECK(read("in 1h30m").at == midnight + 11h + 30min);
  }

  TEST_CASE("what was left out is what is meant") {
    CHECK(read("09:00").grain == 1min);
    CHECK(read("09:00:30").grain == 1s);
    CHECK(read("09:00:30.250").grain == 1ms);
    CHECK(read("2026-11-21").grain == 24h);
    CHECK(read("2026-11-21T09:00+01:00").grain == 1min);
    CHECK(read("2026-11-21T09:00:00-05:00").grain == 1s);
  }

  TEST_CASE("a text that is no time is refused where it is wrong, with the ways to say one") {
    for (const auto* text :
         {"", "soon", "25:00", "09:61", "2026-02-30", "2 ago", "in 5 minutes", "-1h ago"}) {
      CAPTURE(text);
      const auto refused = read_time(text, midnight, oslo);
      REQUIRE_FALSE(refused.has_value());
      CHECK_FALSE(refused.error().message.empty());
      CHECK(refused.error().position <= std::string_view{text}.size());
    }
    CHECK(read_time("25:00", midnight, oslo).error().position == 0);
    CHECK(read_time("in 5x", midnight, oslo).error().position == 4);
  }
}

}  // namespace carillon::app
