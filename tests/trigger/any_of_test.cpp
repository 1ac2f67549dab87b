#include <doctest/doctest.h>
#include <carillon/trigger/any_of.hpp>
#include <carillon/trigger/builder.hpp>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("several triggers on one job") {
  TEST_CASE("they are the same as 'or', in a program and as texts") {
    const trigger wanted{"(cron 0 9 * * mon-fri) or (every saturday at 11:00) or (at 2026-01-01T00:00)"};
    CHECK(any_of({cron("0 9 * * mon-fri"), every().saturday().at("11:00"), at("2026-01-01T00:00")}) ==
          wanted);
    CHECK(*parse_any_of(texts{"cron 0 9 * * mon-fri", "every saturday at 11:00", "at 2026-01-01T00:00"}) ==
          wanted);
    CHECK(*parse_any_of(
              texts{"(cron 0 9 * * mon-fri) or (every saturday at 11:00)", "at 2026-01-01T00:00"}) == wanted);
  }

  TEST_CASE("what fires at one instant fires once") {
    const auto both = *parse_any_of(texts{"every day at 09:00", "cron 0 9 * * *", "every day at 10:00"});
    const instant from{0h};
    CHECK(*both.count(binding(), from, from + 24h) == 2);
  }

  TEST_CASE("one alone is that one, and may say all that it could") {
    CHECK(*parse_any_of(texts{"every 5m limit 3"}) == trigger{"every 5m limit 3"});
    CHECK(any_of({trigger{"every 5m limit 3"}}) == trigger{"every 5m limit 3"});
  }

  TEST_CASE("a fault is told with the place of the text, and its place within that") {
    std::size_t faulty = 9;
    auto read = parse_any_of(texts{"every 5m", "every 5m at", "every"}, &faulty);
    REQUIRE(!read);
    CHECK(faulty == 1);
    CHECK(read.error() == parse_trigger("every 5m at").error());
    read = parse_any_of(texts{"every 5m", "every 1h limit 3"}, &faulty);
    REQUIRE(!read);
    CHECK(faulty == 1);
    CHECK(read.error().message == "'limit' stands only after the whole trigger");
    CHECK(read.error().position == 9);
    read = parse_any_of(texts{"every 5m) or (every 7m", "every 1h"}, &faulty);
    REQUIRE(!read);
    CHECK(faulty == 0);
    read = parse_any_of(texts{}, &faulty);
    REQUIRE(!read);
    CHECK(read.error().message == "no schedule is given, and at least one is needed");
  }

  TEST_CASE("so it is in a program") {
    const std::vector<trigger> second{trigger{"every 5m"}, trigger{"every 1h jitter 5s"}};
    try {
      any_of(second);
      FAIL("it was taken");
    } catch (const parse_failure& failure) {
      CHECK(failure.error().message.starts_with("trigger 2: "));
    }
    const std::vector<trigger> first{trigger{"every 1h limit 5"}, trigger{"every 5m"}};
    try {
      any_of(first);
      FAIL("it was taken");
    } catch (const parse_failure& failure) {
      CHECK(failure.error().message.starts_with("trigger 1: "));
    }
    CHECK_THROWS_AS(any_of({}), std::invalid_argument);
  }
}
