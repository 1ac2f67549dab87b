#include <doctest/doctest.h>
#include <carillon/time/duration.hpp>

#include <utility>

namespace carillon {

using namespace std::chrono_literals;

TEST_CASE("a duration is the sum of its units") {
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("90s").value() == 90s);
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("2d").value() == 48h);
  CHECK(parse_duration("1w2d3h4m5s6ms").value() == std::chrono::days{9} + 3h + 4min + 5s + 6ms);
  CHECK(parse_duration("0s").value() == 0ms);
}

TEST_CASE("what is no duration is refused at the offending character") {
  for (const auto& [text, position] : {std::pair{"", 0U},
                                       {"h", 0U},
                                       {"5", 1U},
                                       {"5y", 1U},
                                       {"-1s", 0U},
                                       {"1s ", 2U},
                                       {"1.5h", 1U},
                                       {"1m1h", 3U},
                                       {"1s1s", 3U},
                                       {"1h 30m", 2U},
                                       {"9223372036854775807h", 0U},
                                       {"99999999999999999999ms", 0U}}) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().position == position);
    CHECK_FALSE(parsed.error().message.empty());
  }
}

TEST_CASE("a duration prints with each unit as large as it can be, and reads back") {
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(90s) == "1m30s");
  CHECK(format_duration(0ms) == "0s");
  CHECK(format_duration(250ms) == "250ms");
  CHECK(format_duration(14 * 24h) == "2w");
  CHECK(format_duration(10 * 24h) == "10d");
  for (const milliseconds each :
       {milliseconds{1}, milliseconds{86'399'999}, milliseconds{604'800'001}, milliseconds{36h}})
    CHECK(parse_duration(format_duration(each)).value() == each);
}

}  // namespace carillon
