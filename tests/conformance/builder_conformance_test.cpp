// The rows of Python's schedule, through the builder: its chains said in C++.
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/builder.hpp>
#include <stdexcept>

#include "conformance/table.hpp"

namespace carillon::conformance {

namespace {

using unit_call = schedule_builder& (schedule_builder::*)();

unit_call call_of(std::string_view name) {
  static const std::vector<std::pair<std::string_view, unit_call>> calls{
      {"second", &schedule_builder::second},
      {"seconds", &schedule_builder::seconds},
      {"minute", &schedule_builder::minute},
      {"minutes", &schedule_builder::minutes},
      {"hour", &schedule_builder::hour},
      {"hours", &schedule_builder::hours},
      {"day", &schedule_builder::day},
      {"days", &schedule_builder::days},
      {"week", &schedule_builder::week},
      {"weeks", &schedule_builder::weeks},
      {"monday", &schedule_builder::monday},
      {"tuesday", &schedule_builder::tuesday},
      {"wednesday", &schedule_builder::wednesday},
      {"thursday", &schedule_builder::thursday},
      {"friday", &schedule_builder::friday},
      {"saturday", &schedule_builder::saturday},
      {"sunday", &schedule_builder::sunday}};
  for (const auto& [known, call] : calls)
    if (known == name) return call;
  throw std::invalid_argument("no such call");
}

/// A row's chain, call by call.
schedule_builder build(const row& spec) {
  auto chain = spec.contains("interval") ? every(spec.at("interval").to_number<std::int64_t>()) : every();
  if (spec.contains("latest")) chain.to(spec.at("latest").to_number<std::int64_t>());
  const auto weekday = text_of(spec, "weekday");
  const auto name = !weekday.empty()                 ? weekday
                    : !text_of(spec, "attr").empty() ? text_of(spec, "attr")
                                                     : text_of(spec, "unit");
  (chain.*call_of(name))();
  if (const auto* time = spec.if_contains("at")) {
    if (!time->is_string()) throw std::invalid_argument("the compiler refuses this");
    if (const auto* where = spec.if_contains("at_tz")) {
      if (!where->is_string()) throw std::invalid_argument("the compiler refuses this");
      chain.at(time->get_string(), where->get_string());
    } else {
      chain.at(time->get_string());
    }
    if (name.starts_with("hour")) chain.overlap(overlap_policy::first);
  }
  if (const auto* until = spec.if_contains("until")) {
    if (until->is_string()) {
      chain.until(until->get_string());
    } else {
      chain.until(std::chrono::seconds{until->to_number<std::int64_t>()});
    }
  }
  return chain;
}

/// Without at(), ours are elapsed time, schedule's are wall time of a clock without a zone: they part where
/// it is set.
bool clocks_are_set(const row& from) {
  const auto& expected = from.at("expect_next");
  if (!expected.is_string() || !text_of(from.at("spec").as_object(), "at").empty()) return false;
  const auto offset = [](std::string_view time) { return parse_timestamp(time).value().offset; };
  return offset(expected.get_string()) != offset(text_of(from, "now"));
}

void check_then(const row& from, const trigger& when, const binding& bound, instant fired) {
  const auto late =
      std::chrono::seconds{from.contains("late_seconds") ? from.at("late_seconds").to_number<int>() : 0};
  const bool drifts = late.count() != 0 && text_of(from.at("spec").as_object(), "at").empty();
  if (drifts || !from.contains("then")) return;
  for (const auto& expected : from.at("then").as_array()) {
    const auto found = when.next(bound, fired + late).value();
    if (expected.is_null()) {
      CHECK_FALSE(found.has_value());
      return;
    }
    REQUIRE(found.has_value());
    CHECK(format_instant(*found, bound.where) ==
          format_instant(instant_of(expected.get_string(), bound.where), bound.where));
    fired = *found;
  }
}

void check_row(const row& from) {
  const auto where = zone_of(from);
  const auto now = instant_of(text_of(from, "now"), where);
  const binding bound{.seed = seed_of(text_of(from, "id")), .anchor = now, .where = where};
  const trigger when = build(from.at("spec").as_object());
  CAPTURE(when.text());
  CHECK(parse_trigger(when.text()).value() == when);
  const auto first = when.next(bound, now).value();
  const auto& expected = from.at("expect_next");
  if (expected.is_object()) {
    REQUIRE(first.has_value());
    CHECK(*first >= instant_of(text_of(expected.get_object(), "min"), where));
    CHECK(*first <= instant_of(text_of(expected.get_object(), "max"), where));
    return;
  }
  if (first) {
    CHECK(format_instant(*first, where) == std::string{expected.get_string()});
    check_then(from, when, bound, *first);
  } else {  // schedule still names a run that until() cancels before it begins
    CHECK(from.at("runs_before_cancel").to_number<int>() == 0);
  }
}

}  // namespace

TEST_CASE("chains of the builder fire when Python's schedule says") {
  std::size_t rows = 0;
  for (const auto& from : read_table("schedule_lib")) {
    CAPTURE(text_of(from, "id"));
    CAPTURE(text_of(from, "chain"));
    if (clocks_are_set(from)) continue;
    check_row(from);
    ++rows;
  }
  MESSAGE("schedule_lib: ", rows, " rows");
  CHECK(rows > 100);
}

TEST_CASE("what Python's schedule refuses is refused by the builder, with a sentence") {
  const auto now = instant_of("2020-01-01T10:00", {});
  for (const auto& from : read_table("errors")) {
    if (text_of(from, "dialect") != "schedule") continue;
    const auto& spec = from.at("input").as_object().at("spec").as_object();
    CAPTURE(boost::json::serialize(spec));
    try {
      const trigger when = build(spec);
      const bool never = !when.next({.seed = 0, .anchor = now, .where = {}}, now).value();
      CHECK_MESSAGE(never, when.text(),
                    " was accepted");  // until() in the past: known only when the job is added
    } catch (const std::invalid_argument& refusal) {
      CHECK(std::string_view{refusal.what()}.size() > 15);
    }
  }
}

TEST_CASE("intervals that APScheduler refuses are refused as text") {
  for (const auto* text :
       {"every", "every 0s", "every -1s", "every 0 days", "every 0 days 0 months", "every 1 day at 24:00",
        "every 1 day at 00:60", "every 1h at 10:00", "every 1 fortnight", "every 5m in Nowhere/Land"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_trigger(text).has_value());
  }
}

}  // namespace carillon::conformance
