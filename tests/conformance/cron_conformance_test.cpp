// Every row of the cron tables, under each reading that its oracle's answer allows.
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/cron_expression.hpp>

#include <algorithm>
#include <array>

#include "conformance/table.hpp"

namespace carillon::conformance {

namespace {

std::string field_text(const boost::json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : std::to_string(value.to_number<int>());
}

parse_result<cron_expression> parse_named(const boost::json::object& fields) {
  std::vector<std::pair<std::string, std::string>> texts;
  for (const auto& [name, value] : fields) texts.emplace_back(std::string{name}, field_text(value));
  std::vector<cron_expression::named_field> given;
  for (const auto& [name, value] : texts) given.push_back({name, 0, value, name.size() + 1});
  return cron_expression::parse(given);
}

/// APScheduler's from_crontab: five of its fields by position.
parse_result<cron_expression> parse_positional_named(std::string_view text) {
  constexpr std::array<std::string_view, 5> names{"minute", "hour", "day", "month", "day_of_week"};
  std::vector<cron_expression::named_field> given;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (given.size() == names.size()) return parse_error{"more than five fields", at, {}};
    given.push_back({names[given.size()], at, text.substr(at, end - at), at});
    at = end + 1;
  }
  if (given.size() < names.size()) return parse_error{"fewer than five fields", text.size(), {}};
  return cron_expression::parse(given);
}

parse_result<cron_expression> parse_row(std::string_view dialect, const row& from) {
  if (dialect == "apscheduler") return parse_named(from.at("fields").as_object());
  if (dialect == "apscheduler-crontab") return parse_positional_named(text_of(from, "expr"));
  return cron_expression::parse(dialect == "quartz" ? cron_dialect::quartz : cron_dialect::crontab,
                                text_of(from, "expr"));
}

/// A row's schedule: an expression between two dates in a zone.
struct bounded_schedule {
  cron_expression expression;
  zone where;
  std::optional<instant> start;
  std::optional<instant> end;

  std::optional<instant> next(const reading& policies, instant after) const {
    const auto policy = resolve(policies.gap, policies.overlap, expression.follows_real_time());
    if (start && after < *start) after = *start - milliseconds{1};
    const auto fire = wall_clock_map(expression, where, policy).next(after);
    return fire && end && *fire > *end ? std::nullopt : fire;
  }
};

void check_row(const row& from, const reading& policies, const bounded_schedule& schedule, instant after) {
  const auto expected = expected_of(from);
  const auto given = answers(expected, after, [&](instant time) { return schedule.next(policies, time); });
  CAPTURE(text_of(from, "id"));
  CAPTURE(schedule.expression.text());
  CAPTURE(to_string(policies));
  CHECK_MESSAGE(given == expected, "expected ", to_string(expected, schedule.where), "\n  answered ",
                to_string(given, schedule.where));
}

void check_table(std::string_view name) {
  std::size_t rows = 0;
  std::size_t checks = 0;
  std::size_t other_data = 0;
  const auto table = read_table(name);
  for (const auto& from : table) {
    if (has_other_zone_data(from)) {
      ++other_data;
      continue;
    }
    ++rows;
    const auto dialect = text_of(from, "dialect");
    const auto expression = parse_row(dialect, from);
    const auto expected = expected_of(from);
    if (!expression) {
      INFO(text_of(from, "id"), ": ", expression.error().to_string());
      CHECK((expected.fires.empty() && expected.ends));  // what never fires may be refused
      ++checks;
      continue;
    }
    bounded_schedule schedule{*expression, zone_of(from), {}, {}};
    if (const auto start = text_of(from, "start_date"); !start.empty())
      schedule.start = instant_of(start, schedule.where);
    if (const auto end = text_of(from, "end_date"); !end.empty())
      schedule.end = instant_of(end, schedule.where);
    const bool inclusive = dialect.starts_with("apscheduler");
    const auto now = text_of(from, "now");
    const auto after =
        inclusive ? not_before(now, schedule.where) - milliseconds{1} : instant_of(now, schedule.where);
    for (const auto& policies : readings_of(from, expression->follows_real_time())) {
      check_row(from, policies, schedule, after);
      ++checks;
    }
  }
  MESSAGE(std::string{name}, ": ", rows, " rows, ", checks, " answers; ", other_data,
          " rows are of other zone data than ", zone_data_version());
  CHECK(rows > 0);
}

reading policies_of(const row& from) {
  const auto gap = text_of(from, "gap");
  const auto overlap = text_of(from, "overlap");
  return {gap == "auto"    ? gap_policy::auto_
          : gap == "skip"  ? gap_policy::skip
          : gap == "shift" ? gap_policy::shift
                           : gap_policy::at_gap_end,
          overlap == "auto"     ? overlap_policy::auto_
          : overlap == "first"  ? overlap_policy::first
          : overlap == "second" ? overlap_policy::second
                                : overlap_policy::both};
}

}  // namespace

TEST_CASE("crontab expressions fire when croniter, croner, cron-parser and robfig/cron say") {
  check_table("cron_unix");
}
TEST_CASE("quartz expressions fire when Quartz says") { check_table("cron_quartz"); }
TEST_CASE("named fields fire when APScheduler says") { check_table("cron_apscheduler"); }
TEST_CASE("five named fields by position fire when APScheduler's from_crontab says") {
  check_table("cron_apscheduler_crontab");
}

TEST_CASE("clock changes are treated as the policies say") {
  const auto table = read_table("clock_changes");
  std::size_t other_data = 0;
  for (const auto& from : table) {
    if (has_other_zone_data(from)) {
      ++other_data;
      continue;
    }
    const auto expression = parse_row("cron", from).value();
    const bounded_schedule schedule{expression, zone_of(from), {}, {}};
    check_row(from, policies_of(from), schedule, instant_of(text_of(from, "now"), schedule.where));
  }
  MESSAGE("clock_changes: ", table.size() - other_data, " rows; ", other_data, " are of other zone data");
}

TEST_CASE("what every implementation refuses is refused, with a message that names the fault") {
  std::size_t rows = 0;
  for (const auto& from : read_table("errors")) {
    const auto dialect = text_of(from, "dialect");
    const bool cron = dialect == "unix5" || dialect == "unix6" || dialect == "quartz" ||
                      dialect.starts_with("apscheduler-cron") || dialect == "apscheduler" ||
                      dialect == "apscheduler4-cron";
    if (!cron) continue;
    const auto& input = from.at("input").as_object();
    INFO(text_of(from, "id"), " ", boost::json::serialize(input), " ", text_of(from, "why"));
    ++rows;
    const auto parsed = input.contains("expr")
                            ? parse_row(dialect, input)
                            : parse_named(input.contains("fields") ? input.at("fields").as_object() : input);
    if (!parsed) {
      CHECK_FALSE(parsed.error().message.empty());
      continue;
    }
    bool other_fault = false;  // in the zone or in a date
    if (input.contains("timezone")) other_fault = !zone::find(text_of(input, "timezone"));
    for (const auto* key : {"start_date", "end_date"})
      if (input.contains(key)) other_fault = other_fault || !parse_timestamp(text_of(input, key));
    CHECK(other_fault);
  }
  MESSAGE("errors: ", rows, " rows of cron dialects");
  CHECK(rows > 0);
}

}  // namespace carillon::conformance
