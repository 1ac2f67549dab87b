#include <algorithm>
#include <charconv>
#include <vector>

#include "time/digits.hpp"
#include "trigger/grammar.hpp"

namespace carillon {

namespace {

enum class unit : std::uint8_t { second, minute, hour, day, week, month, year };

constexpr std::array<std::string_view, 7> unit_names{"second", "minute", "hour", "day",
                                                     "week",   "month",  "year"};
/// How many of a unit make ten thousand years: the most that is accepted.
constexpr std::array<std::int32_t, 7> most{2'000'000'000, 2'000'000'000, 87'660'000, 3'652'500,
                                           521'775,       120'000,       10'000};

struct amount {
  std::int32_t shortest;
  std::int32_t longest;
  unit of;
  word number;
  word name;
};

bool is_calendar(unit of) noexcept { return of >= unit::day; }

std::optional<unit> unit_of(std::string_view name) noexcept {
  if (name.ends_with('s')) name.remove_suffix(1);
  const auto found = std::ranges::find(unit_names, name);
  return found == unit_names.end() ? std::nullopt
                                   : std::optional{static_cast<unit>(found - unit_names.begin())};
}

std::int32_t read_number(word text) {
  std::int32_t value = 0;
  const auto* end = text.text.data() + text.text.size();
  const auto [stop, error] = std::from_chars(text.text.data(), end, value);
  if (error == std::errc::result_out_of_range)
    fail(text.position, "'" + std::string{text.text} + "' is too large");
  if (error != std::errc{} || stop != end)
    fail(text.position, "expected a number, found '" + std::string{text.text} + "'");
  if (value <= 0) fail(text.position, "an interval of " + std::string{text.text} + ": amounts are 1 or more");
  return value;
}

/// Reads "5" or "2..4" and the unit behind it.
amount read_amount(scanner& in) {
  const auto number = in.take();
  const auto dots = number.text.find("..");
  const word low{number.text.substr(0, dots), number.position};
  const auto shortest = read_number(low);
  const auto longest = dots == std::string_view::npos ? shortest : read_number(number.from(dots + 2));
  if (longest < shortest)
    fail(number.position + dots + 2, "the upper bound is below the lower", "smaller first, as in 2..4");
  const auto name = in.take();
  const auto of = unit_of(name.text);
  if (!of) {
    auto hint = did_you_mean(name.text, {"seconds", "minutes", "hours", "days", "weeks", "months", "years"});
    if (hint.empty())
      hint = "write " + std::string{number.text} + " minutes, or in short " + std::string{number.text} + "m";
    fail(name.empty() ? number.end() : name.position,
         "expected a unit after " + std::string{number.text} +
             ": ms s m h d w, or a word from seconds to years",
         std::move(hint));
  }
  if (longest > most[static_cast<std::size_t>(*of)])
    fail(number.position, "an interval of more than 10,000 years");
  return {shortest, longest, *of, number, name};
}

std::vector<rules::day_time> read_times(scanner& in, rules::day_time otherwise) {
  if (!in.accept("at")) return {otherwise};
  auto text = in.take();
  if (text.empty()) fail(text.position, "expected a time of day, found " + in.here(), "as in at 10:30");
  std::vector<rules::day_time> times;
  for (;;) {
    const auto comma = text.text.find(',');
    times.push_back(read_day_time({text.text.substr(0, comma), text.position}));
    if (comma == std::string_view::npos) break;
    text = text.from(comma + 1);
    if (text.empty())
      fail(text.position, "expected a time of day after the comma", "no blanks: at 09:00,12:00,18:00");
  }
  std::ranges::sort(times);
  times.erase(std::ranges::unique(times).begin(), times.end());
  return times;
}

rules::rule read_window(scanner& in, milliseconds period) {
  rules::window rule{period, {}, {}, weekday_set::all()};
  const auto from = in.take();
  rule.from = read_day_time(from);
  if (!in.accept("to"))
    fail(in.position(), "expected to and a time of day, found " + in.here(), "as in from 09:00 to 17:00");
  const auto to = in.take();
  rule.to = read_day_time(to, true);
  if (rule.to == rule.from)
    fail(to.position, "the window ends where it begins", "for the whole day: from 00:00 to 24:00");
  if (in.accept("on")) rule.days = read_weekdays(in.take());
  return rule;
}

/// What may follow an elapsed time.
rules::rule read_elapsed(scanner& in, milliseconds shortest, milliseconds longest) {
  const auto next = in.peek();
  if (next.text == "at")
    fail(next.position, "'at' does not go with this elapsed time",
         "as in every 6 hours at 34:19, every 2 days at 10:30");
  if (next.text == "on")
    fail(next.position, "'on' follows a window here", "as in every 5m from 09:00 to 17:00 on mon-fri");
  if (!next.empty() && is_digit(next.text.front()))
    fail(next.position,
         "elapsed time (ms s m h d w) is one word, and does not mix with days, months and years",
         "as in every 1h30m");
  if (!in.accept("from")) return rules::interval{shortest, longest, {}};
  if (const auto day = weekday_of(in.peek().text)) {
    in.take();
    return rules::interval{shortest, longest, day};
  }
  if (shortest != longest) fail(in.position(), "a window has one interval, not random bounds");
  return read_window(in, shortest);
}

/// Reads "5m", "1h30m", "2h..4h".
rules::rule read_short(scanner& in) {
  const auto text = in.take();
  const auto dots = text.text.find("..");
  const auto shortest = read_duration({text.text.substr(0, dots), text.position});
  if (dots == std::string_view::npos) return read_elapsed(in, shortest, shortest);
  const auto longest = read_duration(text.from(dots + 2));
  if (longest < shortest)
    fail(text.position + dots + 2, "the upper bound is below the lower", "smaller first, as in 2h..4h");
  return read_elapsed(in, shortest, longest);
}

/// Reads the place within an hour or a minute: ":30" or "34:19"; ":17".
rules::day_time read_place(word text, unit of) {
  const auto two = [&](std::size_t offset) {
    const bool digits =
        text.text.size() >= offset + 2 && is_digit(text.text[offset]) && is_digit(text.text[offset + 1]);
    return digits ? (text.text[offset] - '0') * 10 + (text.text[offset + 1] - '0') : 60;
  };
  const bool within_minute = of == unit::minute;
  if (text.text.size() == 3 && text.text[0] == ':' && two(1) < 60)
    return within_minute ? rules::day_time{two(1)} : std::chrono::minutes{two(1)};
  if (!within_minute && text.text.size() == 5 && text.text[2] == ':' && two(0) < 60 && two(3) < 60)
    return std::chrono::minutes{two(0)} + std::chrono::seconds{two(3)};
  fail(text.position,
       "'" + std::string{text.text} + "' is no place within " + (within_minute ? "a minute" : "an hour"),
       within_minute ? "as in every minute at :17"
                     : "as in every hour at :30, or 34:19 for minute and second");
}

rules::rule read_elapsed_words(scanner& in, const std::vector<amount>& amounts) {
  constexpr std::array<milliseconds, 3> lengths{std::chrono::seconds{1}, std::chrono::minutes{1},
                                                std::chrono::hours{1}};
  const auto& first = amounts.front();
  if (amounts.size() == 1 && in.peek().text == "at") {
    if (first.of == unit::second)
      fail(in.position(), "'at' does not go with seconds", "as in every minute at :17");
    in.take();
    const auto place = read_place(in.take(), first.of);
    const auto of = first.of == unit::minute ? rules::clock_unit::minute : rules::clock_unit::hour;
    return rules::clock{of, first.shortest, first.longest, place};
  }
  milliseconds shortest{0};
  milliseconds longest{0};
  for (const auto& each : amounts) {
    shortest += each.shortest * lengths[static_cast<std::size_t>(each.of)];
    longest += each.longest * lengths[static_cast<std::size_t>(each.of)];
  }
  return read_elapsed(in, shortest, longest);
}

rules::rule read_random_days(scanner& in, const amount& days) {
  if (days.of != unit::day)
    fail(days.name.position, "random bounds go with days at a time, or with elapsed time",
         "as in every 2..4 days at 10:30, every 2w..4w");
  const auto at = in.position();
  const auto times = read_times(in, {});
  if (times.size() != 1) fail(at, "random bounds go with one time of day");
  return rules::clock{rules::clock_unit::day, days.shortest, days.longest, times.front()};
}

std::uint8_t read_day_of_month(scanner& in, const rules::calendar& rule) {
  const auto keyword = in.take();
  const auto text = in.take();
  if (rule.step_months() == 0) {
    fail(keyword.position, "'on' a day of the month needs months or years", "as in every 3 months on 15");
  }
  std::uint8_t day = 0;
  const auto* end = text.text.data() + text.text.size();
  const auto [stop, error] = std::from_chars(text.text.data(), end, day);
  if (error != std::errc{} || stop != end || day < 1 || day > 31)
    fail(text.position, "day of the month '" + std::string{text.text} + "': 1 to 31");
  return day;
}

rules::rule read_calendar(scanner& in, const std::vector<amount>& amounts) {
  rules::calendar rule;
  for (const auto& each : amounts) {
    if (each.shortest != each.longest) {
      if (amounts.size() > 1)
        fail(each.number.position, "random bounds stand alone", "as in every 2..4 days at 10:30");
      return read_random_days(in, each);
    }
    auto& field = each.of == unit::year    ? rule.years
                  : each.of == unit::month ? rule.months
                  : each.of == unit::week  ? rule.weeks
                                           : rule.days;
    field = each.shortest;
  }
  if (in.peek().text == "on") rule.on = read_day_of_month(in, rule);
  rule.times = read_times(in, {});
  if (rule.single() && rule.days == 1) return rules::weekly{weekday_set::all(), std::move(rule.times)};
  return std::make_shared<const rules::calendar>(std::move(rule));
}

rules::rule read_amounts(scanner& in, std::vector<amount> amounts) {
  while (!in.peek().empty() && is_digit(in.peek().text.front())) {
    amounts.push_back(read_amount(in));
    const auto& last = amounts.back();
    for (const auto& other : amounts) {
      if (&other == &last) break;
      if (other.of == last.of) fail(last.name.position, "this unit stands here twice");
      if (is_calendar(other.of) != is_calendar(last.of)) {
        fail(last.number.position,
             "elapsed time (hours, minutes, seconds) and calendar time (years to days) don't mix",
             "2d is elapsed time, 2 days calendar");
      }
    }
  }
  return is_calendar(amounts.front().of) ? read_calendar(in, amounts) : read_elapsed_words(in, amounts);
}

rules::rule read_weekly(scanner& in) {
  const auto days = read_weekdays(in.take());
  return rules::weekly{days, read_times(in, {})};
}

}  // namespace

rules::rule read_every(scanner& in) {
  const auto first = in.peek();
  if (first.empty())
    fail(first.position, "expected an interval or days after every, found " + in.here(),
         "as in every 5m, every day at 10:30");
  if (first.text.front() == '-' || first.text.front() == '+')
    fail(first.position, "an interval has no sign", "as in every 5m");
  if (is_digit(first.text.front())) {
    const bool short_form = first.text.find_first_not_of("0123456789.") != std::string_view::npos;
    return short_form ? read_short(in) : read_amounts(in, {read_amount(in)});
  }
  const auto of = unit_of(first.text);
  if (!of) return read_weekly(in);
  if (first.text.ends_with('s'))
    fail(first.position, "expected a number before " + std::string{first.text},
         "as in every 2 " + std::string{first.text});
  in.take();
  return read_amounts(in, {amount{1, 1, *of, first, first}});
}

}  // namespace carillon
