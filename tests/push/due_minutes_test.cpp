#include "push/due_minutes.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <carillon/time/timestamp.hpp>
#include <string>

using namespace carillon;
using namespace carillon::pushes;
using namespace std::chrono_literals;

namespace {

instant at(const std::string& text) { return parse_timestamp(text).value().in(zone{}); }

std::string times(const char* where, const std::string& from, const std::string& to) {
  std::string all;
  for (const auto& each : due_minutes(zone::find(where).value(), at(from), at(to))) {
    all += fmt::format("{}{:02}{:02}", all.empty() ? "" : " ", each.time_of_day.count() / 60,
                       each.time_of_day.count() % 60);
  }
  return all;
}

}  // namespace

TEST_SUITE("due minutes") {
  TEST_CASE("a window begins after its first moment and ends with its last") {
    CHECK(times("UTC", "2026-11-21T08:00:00Z", "2026-11-21T08:02:00Z") == "0801 0802");
    CHECK(times("UTC", "2026-11-21T08:00:00.001Z", "2026-11-21T08:01:59.999Z") == "0801");
    CHECK(times("UTC", "2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z").empty());
    CHECK(times("UTC", "2026-11-21T08:01:00Z", "2026-11-21T08:00:00Z").empty());
  }

  TEST_CASE("windows wrap past the hour and past midnight") {
    CHECK(times("Asia/Shanghai", "2026-11-21T00:57:00Z", "2026-11-21T01:01:00Z") == "0858 0859 0900 0901");
    CHECK(times("Asia/Shanghai", "2026-11-21T15:57:30Z", "2026-11-21T16:03:00Z") ==
          "2358 2359 0000 0001 0002 0003");
  }

  TEST_CASE("what a gap leaves out is due at its end, with what is due there anyway") {
    const auto oslo = zone::find("Europe/Oslo").value();
    const auto all = due_minutes(oslo, at("2026-03-29T00:58:00Z"), at("2026-03-29T01:01:00Z"));
    REQUIRE(all.size() == 1 + 60 + 2);
    CHECK(all.front() == due_minute{at("2026-03-29T00:59:00Z"), 1h + 59min});
    for (int i = 0; i < 60; ++i)
      CHECK(all[static_cast<std::size_t>(i) + 1] == due_minute{at("2026-03-29T01:00:00Z"), 2h + i * 1min});
    CHECK(all[61] == due_minute{at("2026-03-29T01:00:00Z"), 3h});
    CHECK(all[62] == due_minute{at("2026-03-29T01:01:00Z"), 3h + 1min});
  }

  TEST_CASE("a window that begins in the moment of the change has had what the gap left out") {
    CHECK(times("Europe/Oslo", "2026-03-29T01:00:00Z", "2026-03-29T01:02:00Z") == "0301 0302");
  }

  TEST_CASE("what the clocks show twice is due the first time") {
    CHECK(times("Europe/Oslo", "2026-10-25T00:29:00Z", "2026-10-25T00:31:00Z") == "0230 0231");
    CHECK(times("Europe/Oslo", "2026-10-25T00:58:00Z", "2026-10-25T02:01:00Z") == "0259 0300 0301");
  }

  TEST_CASE("over a year each time of day is due once a day, with both changes of the clocks") {
    for (const auto* where : {"Europe/Oslo", "America/New_York", "Australia/Lord_Howe", "UTC"}) {
      CAPTURE(where);
      const auto zone_of = zone::find(where).value();
      std::size_t count = 0;
      const auto begin = due_at(zone_of, wall_time{std::chrono::local_days{std::chrono::year{2026} / 1 / 1}});
      const auto end = due_at(zone_of, wall_time{std::chrono::local_days{std::chrono::year{2027} / 1 / 1}});
      // In windows of an odd length, which meet without overlap.
      for (auto from = begin; from < end; from += 437s)
        count += due_minutes(zone_of, from - tick, std::min(from + 437s, end) - tick).size();
      CHECK(count == 365 * 1440);
    }
  }
}
