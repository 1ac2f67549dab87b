#include "push/subscription.hpp"

#include <doctest/doctest.h>

using namespace carillon;
using namespace carillon::pushes;

TEST_SUITE("subscription") {
  TEST_CASE("a member names a user and a tag, and prints as it was") {
    for (const auto* text :
         {"user:42|tag:news", "user:42|tag:a|b", "user:a:b|tag:user:1|tag:x", "user:42|tag:"}) {
      CAPTURE(text);
      const auto whom = parse_member(text);
      REQUIRE(whom.has_value());
      CHECK(member_of(*whom) == text);
    }
    CHECK(parse_member("user:42|tag:a|tag:b").value() == recipient{"42", "a|tag:b"});
  }

  TEST_CASE("a malformed member is refused with the place and the reason") {
    CHECK(parse_member("").error().message == "does not begin with user:");
    CHECK(parse_member("User:42|tag:x").error().message == "does not begin with user:");
    CHECK(parse_member("user:42").error().message == "has no tag");
    CHECK(parse_member("user:|tag:x").error().message == "names no user");
    CHECK(parse_member("user:4|2|tag:x").error().position == 7);
    CHECK(parse_member("user:42|tags:x").error().hint == "user:UID|tag:TAG");
  }

  TEST_CASE("a name is read back, the tag with all its bars") {
    CHECK(name_of(recipient{"42", "a|b"}) == "42|a|b");
    CHECK(parse_name("42|a|b").value() == recipient{"42", "a|b"});
    CHECK_FALSE(parse_name("42").has_value());
    CHECK_FALSE(parse_name("|a").has_value());
  }

  TEST_CASE("a score is a time of day, or refused with what is wrong with it") {
    CHECK(parse_score("0").value() == std::chrono::minutes{0});
    CHECK(parse_score("830").value() == std::chrono::minutes{8 * 60 + 30});
    CHECK(parse_score("2359").value() == std::chrono::minutes{24 * 60 - 1});
    for (const auto* bad : {"2400", "860", "-1", "99999999999999"}) {
      CAPTURE(bad);
      CHECK_FALSE(parse_score(bad).has_value());
    }
    CHECK(parse_score("860").error().to_string().find("minutes 0 to 59") != std::string::npos);
    for (const auto* bad : {"830.5", "inf", "-inf", "nan", "", "1e+20"}) {
      CAPTURE(bad);
      CHECK(parse_score(bad).error().message.find("no whole number") != std::string::npos);
    }
    CHECK(score_of(std::chrono::minutes{8 * 60 + 30}) == 830);
  }

  TEST_CASE("a time of day is taken as people write it") {
    for (const auto* good : {"08:30", "8:30", " 08:30", "8:30\t "}) {
      CAPTURE(good);
      CHECK(parse_time_of_day(good).value() == std::chrono::minutes{8 * 60 + 30});
    }
    CHECK(parse_time_of_day("0:00").value() == std::chrono::minutes{0});
    for (const auto* bad : {"", " ", ":", "830", "24:00", "08:60", "08:3", "008:30", "-8:30", "08:-3",
                            "8 :30", "08:30:00", "08:30 12:00"}) {
      CAPTURE(bad);
      CHECK(parse_time_of_day(bad).error().message.ends_with("is no time of day"));
    }
  }
}
