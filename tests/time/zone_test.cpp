#include <cctz/civil_time.h>
#include <cctz/time_zone.h>
#include <doctest/doctest.h>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>

#include <array>
#include <cstdlib>
#include <random>
#include <string>

namespace carillon {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<const char*, 22> zones{
    "America/New_York",  "Europe/London",     "Europe/Dublin",    "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "America/Sao_Paulo", "Antarctica/Troll", "Pacific/Chatham",     "Asia/Kathmandu",
    "Europe/Amsterdam",  "Asia/Tehran",       "Africa/Cairo",     "America/Caracas",     "Asia/Pyongyang",
    "Pacific/Kwajalein", "Asia/Manila",       "America/Juneau",   "Africa/Monrovia",     "Asia/Gaza",
    "America/Havana",    "Etc/GMT+12"};

instant at(std::string_view text) { return parse_timestamp(text).value().in({}); }
wall_time wall(std::string_view text) { return parse_timestamp(text).value().wall; }

using cctz_seconds = cctz::time_point<cctz::seconds>;
cctz_seconds to_cctz(instant time) {
  return cctz_seconds{std::chrono::floor<cctz::seconds>(time.time_since_epoch())};
}

cctz::civil_second to_civil(wall_time time) {
  return cctz::civil_second{1970, 1, 1, 0, 0, 0} +
         std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

wall_kind kind_of(cctz::time_zone::civil_lookup::civil_kind kind) {
  using lookup = cctz::time_zone::civil_lookup;
  return kind == lookup::UNIQUE    ? wall_kind::unique
         : kind == lookup::SKIPPED ? wall_kind::gap
                                   : wall_kind::overlap;
}

/// Times in which something is likely to be wrong: near changes, and anywhere between the years 1800 and
/// 9999.
class time_source {
 public:
  explicit time_source(const zone& where) : where_{where} {}
  instant next() {
    std::uniform_int_distribution<std::int64_t> anywhere(-5'364'662'400, 253'402'300'799);
    std::uniform_int_distribution<std::int64_t> near(-100'000, 100'000);
    const instant time{seconds{anywhere(random_)}};
    if (random_() % 4 == 0) return time;
    const auto change = where_.next_change(instant{seconds{anywhere(random_) % 4'102'444'800}});
    return change ? *change + seconds{random_() % 3 == 0 ? near(random_) % 2 : near(random_)} : time;
  }

 private:
  zone where_;
  std::mt19937_64 random_{7};
};

}  // namespace

TEST_CASE("a zone's offsets and lookups are those of the zone database, up to the year 9999") {
  for (const auto* name : zones) {
    CAPTURE(name);
    const auto where = zone::find(name).value();
    cctz::time_zone oracle;
    REQUIRE(cctz::load_time_zone(name, &oracle));
    time_source times(where);
    std::size_t wrong = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto time = times.next();
      wrong += where.offset(time).count() != oracle.lookup(to_cctz(time)).offset;
      const wall_time shown{time.time_since_epoch()};
      const auto expected = oracle.lookup(to_civil(shown));
      const auto found = where.lookup(shown);
      wrong += found.kind != kind_of(expected.kind) || to_cctz(found.first) != expected.pre ||
               to_cctz(found.second) != expected.post || to_cctz(found.change) != expected.trans;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("the spans of a zone follow each other without a hole, and longer than their changes") {
  for (const auto* name : zones) {
    CAPTURE(name);
    const auto where = zone::find(name).value();
    auto span = where.span_at(earliest_instant);
    CHECK(span.begin < earliest_instant);
    CHECK(span.offset_before == span.offset);
    std::size_t wrong = 0;
    while (span.end <= latest_instant) {
      const auto next = where.span_at(span.end);
      const bool follows =
          next.begin == span.end && next.offset_before == span.offset && next.offset == span.offset_after;
      const bool changes = next.offset != span.offset;
      wrong += !follows || !changes ||
               next.end - next.begin <= 2 * std::chrono::abs(next.offset - next.offset_before);
      span = next;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("changes are found strictly after and strictly before a time") {
  const auto new_york = zone::find("America/New_York").value();
  const auto spring = at("2026-03-08T07:00:00Z");
  const auto autumn = at("2026-11-01T06:00:00Z");
  CHECK(new_york.next_change(spring - milliseconds{1}) == spring);
  CHECK(new_york.next_change(spring) == autumn);
  CHECK(new_york.previous_change(autumn) == spring);
  CHECK(new_york.previous_change(autumn + milliseconds{1}) == autumn);
  CHECK(new_york.next_change(at("9998-12-31T00:00:00Z")) == at("9999-03-14T07:00:00Z"));
  CHECK_FALSE(zone{}.next_change(spring));
  CHECK_FALSE(zone{}.previous_change(spring));
  CHECK_FALSE(new_york.previous_change(at("1800-01-01T00:00:00Z")));
}

TEST_CASE("a skipped day, half hours, two hours and a midnight are gaps; their overlaps too") {
  const auto apia = zone::find("Pacific/Apia").value().lookup(wall("2011-12-30T12:00"));
  CHECK(apia.kind == wall_kind::gap);
  CHECK(apia.change == at("2011-12-30T10:00:00Z"));
  CHECK(apia.first - apia.change == hours{12});
  CHECK(apia.change - apia.second == hours{12});

  const auto lord_howe = zone::find("Australia/Lord_Howe").value().lookup(wall("2026-04-05T01:45"));
  CHECK(lord_howe.kind == wall_kind::overlap);
  CHECK(lord_howe.second - lord_howe.first == minutes{30});

  const auto troll = zone::find("Antarctica/Troll").value().lookup(wall("2026-03-29T02:59:59.999"));
  CHECK(troll.kind == wall_kind::gap);
  CHECK(troll.first - troll.second == hours{2});

  const auto sao_paulo = zone::find("America/Sao_Paulo").value().lookup(wall("2018-11-04T00:00"));
  CHECK(sao_paulo.kind == wall_kind::gap);
  CHECK(sao_paulo.first == sao_paulo.change);
}

TEST_CASE("wall time and offset are what the clocks show") {
  const auto kathmandu = zone::find("Asia/Kathmandu").value();
  CHECK(kathmandu.to_wall(at("2026-01-01T00:00:00.250Z")) == wall("2026-01-01T05:45:00.250"));
  CHECK(kathmandu.offset(at("2026-01-01T00:00:00Z")) == hours{5} + minutes{45});
  CHECK(zone{}.to_wall(at("2026-01-01T00:00:00Z")) == wall("2026-01-01"));
  CHECK(zone{}.name() == "UTC");
}

TEST_CASE("a zone found twice is the same") {
  CHECK(zone::find("Europe/Oslo").value() == zone::find("Europe/Oslo").value());
  CHECK(zone::find("Europe/Oslo").value() != zone::find("Europe/London").value());
  CHECK(zone::find("UTC").value() == zone{});
}

TEST_CASE("what is no IANA name is refused, though zone libraries take it") {
  for (const auto* bad : {"",
                          "localtime",
                          "posix/Europe/Oslo",
                          "right/UTC",
                          "posixrules",
                          "/etc/localtime",
                          "../zoneinfo/UTC",
                          "Europe/../UTC",
                          "europe/oslo",
                          "EUROPE/OSLO",
                          "Utc",
                          "+08:00",
                          "UTC+8",
                          "EST5EDT4,M3.2.0,M11.1.0",
                          ":UTC",
                          "Fixed/UTC+08:00:00",
                          "Europe",
                          "Europe/",
                          "Mars/Olympus",
                          "America/New York",
                          "tzdata.zi",
                          "zone.tab",
                          "Europe/Oslo ",
                          "libc:localtime"}) {
    CAPTURE(bad);
    const auto found = zone::find(bad);
    REQUIRE_FALSE(found.has_value());
    CHECK_FALSE(found.error().hint.empty());
  }
}

TEST_CASE("a name that is nearly right is answered with the right one") {
  const auto hint = [](std::string_view name) { return zone::find(name).error().hint; };
  CHECK(hint("europe/oslo") == "did you mean Europe/Oslo?");
  CHECK(hint("America/New York") == "did you mean America/New_York?");
  CHECK(hint("Shanghai") == "did you mean Asia/Shanghai?");
  CHECK(hint("Eurpoe/Oslo") == "did you mean Europe/Oslo?");
  CHECK(hint("posix/Europe/Oslo") == "did you mean Europe/Oslo?");
  CHECK(hint("Europe") == "a city is missing, as in Europe/Amsterdam");
}

TEST_CASE("the system's zone is what TZ names, however it names it") {
  const char* const before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  const auto with = [](const char* value) {
    setenv("TZ", value, 1);
    return std::string{zone::system().name()};
  };
  CHECK(with("Asia/Tokyo") == "Asia/Tokyo");
  CHECK(with(":Asia/Tokyo") == "Asia/Tokyo");
  CHECK(with("/usr/share/zoneinfo/Asia/Tokyo") == "Asia/Tokyo");
  CHECK(with("") == "UTC");
  before == nullptr ? unsetenv("TZ") : setenv("TZ", kept.c_str(), 1);
}

TEST_CASE("the zone data say which they are") { CHECK_FALSE(zone_data_version().empty()); }

}  // namespace carillon
