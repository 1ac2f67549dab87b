#include <doctest/doctest.h>
#include <carillon/time/timestamp.hpp>

#include <string>
#include <utility>

namespace carillon {

using namespace std::chrono_literals;

TEST_CASE("a timestamp has a date, perhaps a time, perhaps an offset") {
  CHECK(parse_timestamp("2026-12-31").value().date_only);
  const auto full = parse_timestamp("2026-12-31T23:59:59.250+08:00").value();
  CHECK_FALSE(full.date_only);
  CHECK(full.offset == 8h);
  CHECK(full.in({}) == std::chrono::sys_days{std::chrono::year{2026} / 12 / 31} + 15h + 59min + 59s + 250ms);
  CHECK(parse_timestamp("2026-12-31T23:59").value().offset == std::nullopt);
  CHECK(parse_timestamp("2026-12-31T23:59Z").value().offset == 0s);
  CHECK(parse_timestamp("2026-12-31T23:59-03:30").value().offset == -(3h + 30min));
}

TEST_CASE("digits beyond milliseconds are cut off") {
  CHECK(parse_timestamp("2026-01-01T00:00:00.9999Z").value() ==
        parse_timestamp("2026-01-01T00:00:00.999Z").value());
  CHECK(parse_timestamp("2026-01-01T00:00:00.5Z").value() ==
        parse_timestamp("2026-01-01T00:00:00.500Z").value());
}

TEST_CASE("what is no timestamp is refused at the offending character") {
  for (const auto& [text, position] : {std::pair{"", 0U},
                                       {"2026", 4U},
                                       {"2026-1-1", 6U},
                                       {"2026-13-01", 5U},
                                       {"2026-00-01", 5U},
                                       {"2026-02-30", 8U},
                                       {"2025-02-29", 8U},
                                       {"0000-01-01", 0U},
                                       {"2026/01/01", 4U},
                                       {"2026-01-01 10:00", 10U},
                                       {"2026-01-01T", 11U},
                                       {"2026-01-01T24:00", 11U},
                                       {"2026-01-01T10:60", 14U},
                                       {"2026-01-01T10:00:60", 17U},
                                       {"2026-01-01T10:00:00.", 20U},
                                       {"2026-01-01T10:00+8", 18U},
                                       {"2026-01-01T10:00+0800", 19U},
                                       {"2026-01-01T10:00 Z", 16U},
                                       {"2026-01-01T10:00Zulu", 17U},
                                       {"tomorrow", 0U},
                                       {"12026-01-01", 4U}}) {
    CAPTURE(text);
    const auto parsed = parse_timestamp(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().position == position);
  }
  CHECK(parse_timestamp("2026-02-30").error().message == "2026-02-30: February 2026 has 28 days");
}

TEST_CASE("a timestamp prints as short as it reads back") {
  for (const auto* text : {"2026-12-31", "2026-12-31T23:59", "2026-12-31T23:59:01", "2026-12-31T23:59:00.25",
                           "2026-12-31T23:59Z", "2026-12-31T23:59:59+08:00", "0001-01-01T00:00-12:45"})
    CHECK(format_timestamp(parse_timestamp(text).value()) == text);
  CHECK(format_timestamp(parse_timestamp("2026-12-31T23:59:00.000+00:00").value()) == "2026-12-31T23:59Z");
}

TEST_CASE("a local timestamp is the first of two passes, and lies behind a gap by the gap's length") {
  const auto new_york = zone::find("America/New_York").value();
  const auto in = [&](const char* text) {
    return format_instant(parse_timestamp(text).value().in(new_york), new_york);
  };
  CHECK(in("2026-11-01T01:30") == "2026-11-01T01:30:00-04:00");
  CHECK(in("2026-03-08T02:30") == "2026-03-08T03:30:00-04:00");
  CHECK(in("2026-03-08T12:00Z") == "2026-03-08T08:00:00-04:00");
}

TEST_CASE("a date is its first instant, also where there is no midnight") {
  const auto sao_paulo = zone::find("America/Sao_Paulo").value();
  CHECK(format_instant(parse_timestamp("2018-11-04").value().in(sao_paulo), sao_paulo) ==
        "2018-11-04T01:00:00-02:00");
  const auto toronto = zone::find("America/Toronto").value();  // its clocks went from 23:30 to 00:30
  CHECK(format_instant(parse_timestamp("1919-03-31").value().in(toronto), toronto) ==
        "1919-03-31T00:30:00-04:00");
}

TEST_CASE("an instant prints with its zone's offset, and milliseconds where it has some") {
  const instant time = std::chrono::sys_days{std::chrono::year{2026} / 3 / 30} + 8h;
  CHECK(format_instant(time, zone::find("Europe/London").value()) == "2026-03-30T09:00:00+01:00");
  CHECK(format_instant(time + 5ms, {}) == "2026-03-30T08:00:00.005+00:00");
  CHECK(format_instant(time, zone::find("Asia/Kathmandu").value()) == "2026-03-30T13:45:00+05:45");
}

}  // namespace carillon
