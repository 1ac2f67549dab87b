#include <doctest/doctest.h>

#include <carillon/trigger/after.hpp>
#include <carillon/trigger/builder.hpp>
#include <carillon/trigger/explanation.hpp>
#include <stdexcept>
#include <string>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

std::string refusal_of(const char* text) {
  const auto read = parse_trigger(text);
  return read ? "it is read as " + read->text() : read.error().message;
}

}  // namespace

TEST_CASE("what a job runs after has a text like any schedule") {
  struct spelling {
    const char* written;
    const char* printed;
  };
  for (const auto& [written, printed] : {
           spelling{"after import", "after import"},
           {"after import on success", "after import"},
           {"after import on failure", "after import on failure"},
           {"after on on either", "after on on either"},
           {"after \"import\"", "after import"},
           {"after \"nightly report\" on failure", "after \"nightly report\" on failure"},
           {R"x(after "say \"yes\" (or \\)")x", R"x(after "say \"yes\" (or \\)")x"},
           {"(after a) or (after b on failure) or (every 5m)",
            "(after a) or (after b on failure) or (every 5m)"},
       }) {
    CAPTURE(written);
    const auto read = parse_trigger(written);
    REQUIRE(read.has_value());
    CHECK(read->text() == printed);
    CHECK(parse_trigger(read->text()).value() == *read);
    CHECK(read->follows());
  }
  CHECK(after("nightly report", on_end::failure).text() == "after \"nightly report\" on failure");
  CHECK((after("a") || every(5min)).text() == "(after a) or (every 5m)");
  CHECK_THROWS_AS(after(""), std::invalid_argument);
}

TEST_CASE("a trigger knows whom it follows") {
  CHECK_FALSE(trigger{"every 5m"}.follows());
  CHECK(trigger{"every 5m"}.predecessors().empty());
  const trigger several{"(after b on failure) or (every 1h) or ((after a) or (after b)) in Europe/Oslo"};
  const std::vector<predecessor> wanted{
      {"a", on_end::success}, {"b", on_end::success}, {"b", on_end::failure}};
  CHECK(several.predecessors() == wanted);
}

TEST_CASE("what runs after others has no times of its own, and those of what it is joined with") {
  const binding bound;
  const instant now{1'000h};
  const auto alone = after("a");
  CHECK_FALSE(alone.next(bound, now).value());
  CHECK_FALSE(alone.previous(bound, now).value());
  CHECK_FALSE(alone.first(bound, now).value());
  CHECK(alone.count(bound, instant{}, now).value() == 0);
  CHECK(alone.due(bound, now) == now);
  const auto both = after("a") || trigger{"every 1h"};
  CHECK(both.next(bound, now).value() == now + 1h);
}

TEST_CASE("after goes with 'or' alone") {
  CHECK(refusal_of("after") == "expected the id of a job, found the end");
  CHECK(refusal_of("after a on sucess") == "expected success, failure or either, found 'sucess'");
  CHECK(refusal_of("after \"a").find("never closed") != std::string::npos);
  for (const auto* text :
       {"(after a) and (every 5m)", "(after a) except 2026-12-25", "(every 5m) except (after a)"}) {
    CAPTURE(text);
    CHECK(refusal_of(text).find("joined with others by 'or' alone") != std::string::npos);
  }
  for (const auto* text : {"after a limit 3", "after a in Europe/Oslo", "after a starting 2026-01-01",
                           "after a jitter 5s", "after a until 2027-01-01", "(after a) or (every 5m) limit 3",
                           "after a immediately", "after a gap skip"}) {
    CAPTURE(text);
    CHECK(refusal_of(text).find("'after' has none") != std::string::npos);
  }
  CHECK_FALSE(parse_trigger("after a fixed_delay").has_value());
}

TEST_CASE("what runs after others is explained") {
  const auto words = explain(trigger{"after import"}, {}, instant{1'000h}, 3).to_string();
  CHECK(words == "After each run of import that succeeded.\n");
  CHECK(explain(trigger{"(after a on failure) or (at 1970-01-02)"}, {}, instant{1'000h}, 3)
            .to_string()
            .find("it only fires after other jobs now") != std::string::npos);
}
