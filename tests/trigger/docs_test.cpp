// The examples of docs/triggers.md: those called schedules are read, those called refused are not.
#include <doctest/doctest.h>

#include <carillon/trigger/explanation.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "support/trigger_world.hpp"

namespace carillon {

namespace {

std::vector<std::string> examples(const std::string& kind) {
  std::ifstream file(std::string{CARILLON_TEST_DATA} + "/../docs/triggers.md");
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```" + kind;
    } else if (inside) {
      found.push_back(line);
    }
  }
  return found;
}

}  // namespace

TEST_CASE("every schedule on the page reads, prints as itself, fires and is explained") {
  using namespace std::chrono_literals;
  const auto lines = examples("schedule");
  CHECK(lines.size() > 50);
  testing::added_job job{"2026-01-01T00:00Z", "Europe/Oslo"};
  date_calendars calendars;
  calendars.define("holidays", {std::chrono::local_days{2026y / 12 / 25}});
  job.bound.calendars = &calendars;
  for (const auto& line : lines) {
    CAPTURE(line);
    const auto parsed = parse_trigger(line);
    REQUIRE(parsed.has_value());
    CHECK(parse_trigger(parsed->text()).value() == *parsed);
    CHECK(parsed->next(job.bound, *job.bound.anchor).value().has_value());
    CHECK(explain(*parsed, job.bound, *job.bound.anchor).sentence.size() > 8);
  }
}

TEST_CASE("what the page says of jobs that follow others reads and prints as itself") {
  const auto lines = examples("following");
  CHECK(lines.size() >= 4);
  for (const auto& line : lines) {
    CAPTURE(line);
    const auto parsed = parse_trigger(line);
    REQUIRE(parsed.has_value());
    CHECK(parsed->text() == line);
    CHECK(parsed->follows());
  }
}

TEST_CASE("what the page says is refused is refused") {
  const auto lines = examples("refused");
  CHECK(lines.size() >= 7);
  for (const auto& line : lines) {
    CAPTURE(line);
    CHECK_FALSE(parse_trigger(line).has_value());
  }
}

}  // namespace carillon
