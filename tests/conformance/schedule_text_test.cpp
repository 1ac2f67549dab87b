// The rows of all tables that can be said as schedule text, through the grammar.
#include "conformance/schedule_text.hpp"

#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/trigger.hpp>
#include <map>

namespace carillon::conformance {

namespace {

bool is_of_other_zone_data(const row& from) { return from.contains("timezone") && has_other_zone_data(from); }

void check_said(const row& from, const said_row& said) {
  CAPTURE(text_of(from, "id"));
  CAPTURE(said.text);
  const auto expected = expected_of(from);
  const auto parsed = parse_trigger(said.text);
  if (!parsed) {
    INFO(parsed.error().to_string());
    CHECK((expected.fires.empty() && expected.ends));  // what never fires may be refused
    return;
  }
  CHECK(parse_trigger(parsed->text()).value() == *parsed);
  const binding bound{.seed = 0, .anchor = said.after, .where = {}};
  bool exhausted = false;
  const auto given = answers(expected, said.after, [&](instant time) -> std::optional<instant> {
    const auto found = parsed->next(bound, time);
    exhausted = !found;
    return found ? *found : std::nullopt;
  });
  if (exhausted) {
    CHECK((expected.fires.empty() && expected.ends));
    return;
  }
  const auto where = from.contains("timezone") ? zone_of(from) : zone{};
  CHECK_MESSAGE(given == expected, "expected ", to_string(expected, where), "\n  answered ",
                to_string(given, where));
}

void check_table(std::string_view name, std::size_t at_least) {
  std::size_t rows = 0;
  std::size_t left_out = 0;
  for (const auto& from : read_table(name)) {
    const auto said = say(from);
    if (!said || is_of_other_zone_data(from)) {
      ++left_out;
      continue;
    }
    ++rows;
    check_said(from, *said);
  }
  MESSAGE(std::string{name}, ": ", rows, " rows as text, ", left_out, " left out");
  CHECK(rows >= at_least);
}

}  // namespace

TEST_CASE("crontab text fires when the crontab implementations say") { check_table("cron_unix", 1500); }
TEST_CASE("quartz text fires when Quartz says") { check_table("cron_quartz", 600); }
TEST_CASE("cron{} text fires when APScheduler says") { check_table("cron_apscheduler", 1100); }
TEST_CASE("cron{} text of five fields fires when from_crontab says") {
  check_table("cron_apscheduler_crontab", 80);
}
TEST_CASE("clock changes said as text are treated as the policies say") { check_table("clock_changes", 500); }
TEST_CASE("interval text fires when APScheduler says") { check_table("interval", 100); }
TEST_CASE("calendar interval text fires when APScheduler 4 says") { check_table("calendarinterval", 150); }
TEST_CASE("combination text fires when APScheduler 3 says") { check_table("combining", 30); }

TEST_CASE("text that every implementation refuses is refused, with a message and a place in the text") {
  std::size_t rows = 0;
  for (const auto& from : read_table("errors")) {
    const auto text = say_refused(from);
    if (!text) continue;
    ++rows;
    CAPTURE(text_of(from, "id"));
    CAPTURE(*text);
    const auto parsed = parse_trigger(*text);
    CHECK_FALSE(parsed.has_value());
    if (parsed) continue;
    CHECK_FALSE(parsed.error().message.empty());
    CHECK(parsed.error().position <= text->size());
  }
  MESSAGE("errors: ", rows, " rows as text");
  CHECK(rows >= 200);
}

}  // namespace carillon::conformance
