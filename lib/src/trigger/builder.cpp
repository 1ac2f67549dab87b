#include <array>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/builder.hpp>
#include <stdexcept>

#include "trigger/grammar.hpp"
#include "trigger/words.hpp"

namespace carillon {

namespace {

/// A sentence about what was called on what.
[[noreturn]] void refuse(const std::string& sentence) { throw std::invalid_argument(sentence); }

timestamp in_utc(instant time) {
  return {wall_time{time.time_since_epoch()}, std::chrono::seconds{0}, false};
}

/// Each argument is one word: what follows a blank would be read as something else.
void check_word(std::string_view text, std::string_view call) {
  if (text.empty() || text.find_first_of(" \t\r\n()") != std::string_view::npos)
    refuse(std::string{call} + "(\"" + std::string{text} + "\"): one word, without blanks");
}

/// `schedule` writes a blank between date and time, and means a date's first moment.
std::string until_text(std::string_view when) {
  std::string text{when};
  if (text.size() > 10 && text[4] == '-' && text[10] == ' ') text[10] = 'T';
  return text.size() == 10 && text[4] == '-' && text[7] == '-' ? text + "T00:00" : text;
}

}  // namespace

schedule_builder::schedule_builder(std::int64_t amount) : amount_{amount} {
  if (amount < 1) refuse("every(" + std::to_string(amount) + "): amounts are 1 or more");
}

schedule_builder::schedule_builder(milliseconds elapsed) : amount_{elapsed.count()}, unit_{unit::elapsed} {
  if (elapsed < milliseconds{1})
    refuse("every(" + std::to_string(elapsed.count()) + "ms): an interval is 1 ms or more");
}

schedule_builder& schedule_builder::set_unit(unit of, bool singular, std::string_view name) {
  if (unit_ != unit::none) refuse("." + std::string{name} + "(): this schedule has its unit already");
  if (singular && (amount_ != 1 || largest_)) {
    const bool named_day = of == unit::weekday || of == unit::working_day;
    refuse("every(" + std::to_string(amount_) + ")." + std::string{name} + "(): write every()." +
           std::string{name} + "()" +
           (named_day ? std::string{}
                      : ", or every(" + std::to_string(amount_) + ")." + std::string{name} + "s()"));
  }
  unit_ = of;
  return *this;
}

schedule_builder& schedule_builder::set_weekday(int day, std::string_view name) {
  weekday_ = day;
  return set_unit(unit::weekday, true, name);
}

schedule_builder& schedule_builder::second() { return set_unit(unit::second, true, "second"); }
schedule_builder& schedule_builder::seconds() { return set_unit(unit::second, false, "seconds"); }
schedule_builder& schedule_builder::minute() { return set_unit(unit::minute, true, "minute"); }
schedule_builder& schedule_builder::minutes() { return set_unit(unit::minute, false, "minutes"); }
schedule_builder& schedule_builder::hour() { return set_unit(unit::hour, true, "hour"); }
schedule_builder& schedule_builder::hours() { return set_unit(unit::hour, false, "hours"); }
schedule_builder& schedule_builder::day() { return set_unit(unit::day, true, "day"); }
schedule_builder& schedule_builder::days() { return set_unit(unit::day, false, "days"); }
schedule_builder& schedule_builder::week() { return set_unit(unit::week, true, "week"); }
schedule_builder& schedule_builder::weeks() { return set_unit(unit::week, false, "weeks"); }
schedule_builder& schedule_builder::month() { return set_unit(unit::month, true, "month"); }
schedule_builder& schedule_builder::months() { return set_unit(unit::month, false, "months"); }
schedule_builder& schedule_builder::year() { return set_unit(unit::year, true, "year"); }
schedule_builder& schedule_builder::years() { return set_unit(unit::year, false, "years"); }
schedule_builder& schedule_builder::monday() { return set_weekday(0, "monday"); }
schedule_builder& schedule_builder::tuesday() { return set_weekday(1, "tuesday"); }
schedule_builder& schedule_builder::wednesday() { return set_weekday(2, "wednesday"); }
schedule_builder& schedule_builder::thursday() { return set_weekday(3, "thursday"); }
schedule_builder& schedule_builder::friday() { return set_weekday(4, "friday"); }
schedule_builder& schedule_builder::saturday() { return set_weekday(5, "saturday"); }
schedule_builder& schedule_builder::sunday() { return set_weekday(6, "sunday"); }
schedule_builder& schedule_builder::weekday() { return set_unit(unit::working_day, true, "weekday"); }

schedule_builder& schedule_builder::to(std::int64_t largest_amount) {
  if (largest_amount < amount_) {
    refuse("every(" + std::to_string(amount_) + ").to(" + std::to_string(largest_amount) +
           "): the upper bound is below the lower");
  }
  largest_ = largest_amount;
  return *this;
}

schedule_builder& schedule_builder::to(milliseconds longest) {
  if (unit_ != unit::elapsed)
    refuse("to() of a duration goes with every() of a duration, as in every(5s).to(10s)");
  return to(longest.count());
}

schedule_builder& schedule_builder::at(std::string_view time) {
  if (unit_ == unit::none)
    refuse("at(\"" + std::string{time} + "\") comes after the unit, as in every().day().at(\"10:30\")");
  if (unit_ == unit::second || unit_ == unit::elapsed)
    refuse("at() does not go with elapsed time; it does with minutes(), hours() and days()");
  if (unit_ == unit::week)
    refuse("at() does not go with weeks(); name the day, as in every().monday().at(\"10:30\")");
  check_word(time, "at");
  at_ = time;
  build();
  return *this;
}

schedule_builder& schedule_builder::at(std::string_view time, std::string_view zone_name) {
  at(time);
  return in(zone_name);
}

schedule_builder& schedule_builder::on(int day_of_month) {
  if (unit_ != unit::month && unit_ != unit::year)
    refuse("on() a day of the month goes with months() and years()");
  if (day_of_month < 1 || day_of_month > 31) refuse("on(" + std::to_string(day_of_month) + "): 1 to 31");
  day_of_month_ = day_of_month;
  return *this;
}

schedule_builder& schedule_builder::on(std::string_view weekdays) {
  if (to_.empty())
    refuse("on(\"" + std::string{weekdays} + "\") follows a window, as in from(\"09:00\").to(\"17:00\")");
  check_word(weekdays, "on");
  window_days_ = weekdays;
  build();
  return *this;
}

schedule_builder& schedule_builder::from(std::string_view time) {
  static_cast<void>(read_day_time({time, 0}));
  from_ = time;
  return *this;
}

schedule_builder& schedule_builder::to(std::string_view time) {
  if (from_.empty())
    refuse("to(\"" + std::string{time} + "\") follows from(), as in from(\"09:00\").to(\"17:00\")");
  check_word(time, "to");
  to_ = time;
  build();
  return *this;
}

/// Adds what follows the rule. Read alone, so that its faults are told apart; the whole is checked in
/// `build`.
schedule_builder& schedule_builder::add_clause(std::string_view clause, std::string_view argument) {
  const bool alone = clause == "clamp" || clause == "immediately" || clause == "fixed_delay";
  if (!alone) check_word(argument, clause);
  auto text = std::string{clause} + (argument.empty() ? "" : " ") + std::string{argument};
  scanner in{text};
  static_cast<void>(read_modifiers(in, 0));
  if (!in.at_end()) fail(in.position(), "did not expect " + in.here() + " in " + std::string{clause} + "()");
  clauses_ += ' ' + text;
  if (unit_ != unit::none && (from_.empty() || !to_.empty())) build();
  return *this;
}

schedule_builder& schedule_builder::until(std::string_view when) {
  return add_clause("until", until_text(when));
}
schedule_builder& schedule_builder::until(instant when) {
  return add_clause("until", format_timestamp(in_utc(when)));
}
schedule_builder& schedule_builder::until(std::chrono::year_month_day date) {
  if (!date.ok()) refuse("until(): there is no such date");
  return add_clause("until", date_text(std::chrono::local_days{date}) + "T00:00");
}
schedule_builder& schedule_builder::until(milliseconds elapsed) {
  if (elapsed <= milliseconds::zero()) refuse("until(): the end lies in the past");
  return add_clause("until", format_duration(elapsed));
}

void schedule_builder::add_tag(std::string label) {
  if (label.empty()) refuse("tag(\"\"): a tag has a name");
  tags_.push_back(std::move(label));
}

schedule_builder& schedule_builder::in(std::string_view zone_name) { return add_clause("in", zone_name); }
schedule_builder& schedule_builder::starting(std::string_view when) {
  std::string text{when};
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  return add_clause("starting", text);
}
schedule_builder& schedule_builder::starting(instant when) {
  return add_clause("starting", format_timestamp(in_utc(when)));
}
schedule_builder& schedule_builder::limit(std::uint64_t fires) {
  return add_clause("limit", std::to_string(fires));
}
schedule_builder& schedule_builder::jitter(milliseconds width) {
  return add_clause("jitter", format_duration(width));
}
schedule_builder& schedule_builder::clamp() { return add_clause("clamp", {}); }
schedule_builder& schedule_builder::immediately() { return add_clause("immediately", {}); }
schedule_builder& schedule_builder::fixed_delay() { return add_clause("fixed_delay", {}); }
schedule_builder& schedule_builder::gap(gap_policy policy) { return add_clause("gap", name(policy)); }
schedule_builder& schedule_builder::overlap(overlap_policy policy) {
  return add_clause("overlap", name(policy));
}
schedule_builder& schedule_builder::like(std::string_view preset) { return add_clause("like", preset); }

milliseconds schedule_builder::elapsed(std::int64_t amount) const {
  constexpr std::array<std::int64_t, 7> lengths{0, 1, 1'000, 60'000, 3'600'000, 86'400'000, 604'800'000};
  const auto length = lengths[static_cast<std::size_t>(unit_)];
  if (amount > (latest_instant - earliest_instant).count() / length)
    refuse("every(" + std::to_string(amount) + "): longer than 10,000 years");
  return milliseconds{amount * length};
}

std::string schedule_builder::elapsed_text() const {
  const auto text = format_duration(elapsed(amount_));
  return largest_ && *largest_ != amount_ ? text + ".." + format_duration(elapsed(*largest_)) : text;
}

std::string schedule_builder::amount_text() const {
  constexpr std::array<std::string_view, 9> names{"",    "",     "second", "minute", "hour",
                                                  "day", "week", "month",  "year"};
  const std::string unit_name{names[static_cast<std::size_t>(unit_)]};
  if (amount_ == 1 && !largest_) return unit_name;
  return std::to_string(amount_) + (largest_ ? ".." + std::to_string(*largest_) : "") + ' ' + unit_name + 's';
}

std::string schedule_builder::rule_text() const {
  const std::string at = at_.empty() ? "" : " at " + at_;
  switch (unit_) {
    case unit::none:
      refuse("every(" + std::to_string(amount_) + ") of what? Name a unit, as in every(" +
             std::to_string(amount_) + ").minutes()");
    case unit::weekday:
      return (at.empty() ? "1w from " : "") +
             std::string{short_weekdays[static_cast<std::size_t>(weekday_)]} + at;
    case unit::working_day: return "weekday" + at;
    case unit::month:
    case unit::year:
      return amount_text() + (day_of_month_ == 0 ? "" : " on " + std::to_string(day_of_month_)) + at;
    default: break;
  }
  if (!at.empty()) return amount_text() + at;
  if (from_.empty()) return elapsed_text();
  if (to_.empty()) refuse("from(\"" + from_ + "\") needs an end, as in from(\"09:00\").to(\"17:00\")");
  return elapsed_text() + " from " + from_ + " to " + to_ +
         (window_days_.empty() ? "" : " on " + window_days_);
}

std::string schedule_builder::text() const { return build().text(); }

trigger schedule_builder::build() const { return parse_trigger("every " + rule_text() + clauses_).value(); }

schedule_builder every() { return schedule_builder{std::int64_t{1}}; }
schedule_builder every(std::int64_t amount) { return schedule_builder{amount}; }

trigger at(instant when) { return make_trigger(rules::at{in_utc(when)}, {}); }
trigger at(std::string_view when) { return parse_trigger("at " + std::string{when}).value(); }
trigger cron(std::string_view expression) { return parse_trigger("cron " + std::string{expression}).value(); }
trigger quartz(std::string_view expression) {
  return parse_trigger("quartz " + std::string{expression}).value();
}

}  // namespace carillon
