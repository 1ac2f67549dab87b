#include <algorithm>
#include <array>
#include <carillon/time/duration.hpp>

#include "time/digits.hpp"
#include "trigger/grammar.hpp"

namespace carillon {

namespace {

constexpr std::array<std::string_view, 7> full_names{"monday", "tuesday",  "wednesday", "thursday",
                                                     "friday", "saturday", "sunday"};
constexpr milliseconds ten_thousand_years{10'000LL * 365'2425 * 8'640};

/// The number of two digits at `offset`, or 100.
int two_digits(std::string_view text, std::size_t offset) noexcept {
  const bool both = text.size() >= offset + 2 && is_digit(text[offset]) && is_digit(text[offset + 1]);
  return both ? (text[offset] - '0') * 10 + (text[offset + 1] - '0') : 100;
}

std::uint8_t read_weekday(word text) {
  if (const auto day = weekday_of(text.text)) return *day;
  auto hint = did_you_mean(
      text.text, {"mon",    "tue",     "wed",       "thu",      "fri",    "sat",      "sun",    "weekday",
                  "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "second",
                  "minute", "hour",    "day",       "week",     "month",  "year"});
  if (hint.empty()) hint = "as in every 5m, every day at 10:30, every mon,wed at 08:00";
  if (text.empty()) fail(text.position, "expected a weekday", std::move(hint));
  fail(text.position, "'" + std::string{text.text} + "' is neither a weekday nor a unit", std::move(hint));
}

std::string time_fault(std::string_view text) {
  if (two_digits(text, 0) == 24) return "hour 24: 00 to 23";
  if (two_digits(text, 0) > 23 && two_digits(text, 0) < 100)
    return "hour " + std::string{text.substr(0, 2)} + ": 00 to 23";
  if (text.size() >= 5 && two_digits(text, 3) > 59 && two_digits(text, 3) < 100)
    return "minute " + std::string{text.substr(3, 2)} + ": 00 to 59";
  if (text.size() == 8 && two_digits(text, 6) > 59 && two_digits(text, 6) < 100)
    return "second " + std::string{text.substr(6, 2)} + ": 00 to 59";
  return "'" + std::string{text} + "' is no time of day: HH:MM or HH:MM:SS";
}

std::string time_hint(std::string_view text) {
  if (text.size() >= 4 && is_digit(text[0]) && text[1] == ':') return "two digits: 0" + std::string{text};
  return text == "24:00" ? "midnight is 00:00" : "as in 10:30 or 10:30:15";
}

void read_date(word text, rules::except& into) {
  const auto when = value_of(parse_timestamp(text.text), text.position);
  if (!when.date_only || when.offset)
    fail(text.position, "expected a date without a time", "as in except 2026-12-25");
  into.dates.push_back(std::chrono::floor<std::chrono::days>(when.wall));
}

void read_calendar_name(word text, rules::except& into) {
  if (!is_calendar_name(text.text))
    fail(text.position, "expected the name of a calendar, found '" + std::string{text.text} + "'",
         "as in except calendar holidays");
  into.calendars.emplace_back(text.text);
}

}  // namespace

std::optional<std::uint8_t> weekday_of(std::string_view name) noexcept {
  std::string lower{name.substr(0, 10)};
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  for (std::uint8_t day = 0; day < 7; ++day)
    if (lower == full_names[day] || lower == full_names[day].substr(0, 3)) return day;
  return std::nullopt;
}

weekday_set read_weekdays(word text) {
  if (text.text == "weekday") return weekday_set::monday_to_friday();
  weekday_set days;
  for (;;) {
    const auto comma = std::min(text.text.find(','), text.text.size());
    const word item{text.text.substr(0, comma), text.position};
    const auto dash = item.text.find('-');
    const auto first = read_weekday({item.text.substr(0, dash), item.position});
    const auto last = dash == std::string_view::npos ? first : read_weekday(item.from(dash + 1));
    for (unsigned day = first;; day = (day + 1) % 7) {
      days.insert(day);
      if (day == last) break;
    }
    if (comma == text.text.size()) return days;
    text = text.from(comma + 1);
  }
}

rules::day_time read_day_time(word text, bool may_end_day) {
  const auto hour = two_digits(text.text, 0);
  const auto minute = two_digits(text.text, 3);
  const bool has_seconds = text.text.size() == 8 && text.text[5] == ':';
  const auto second = has_seconds ? two_digits(text.text, 6) : 0;
  const bool shaped = (text.text.size() == 5 || has_seconds) && text.text[2] == ':';
  const bool end_of_day = may_end_day && hour == 24 && minute == 0 && second == 0;
  if (text.empty()) fail(text.position, "expected a time of day", "as in 10:30");
  if (!shaped || (hour > 23 && !end_of_day) || minute > 59 || second > 59)
    fail(text.position, time_fault(text.text), time_hint(text.text));
  return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
}

milliseconds read_duration(word text, bool may_be_zero) {
  const auto duration = value_of(parse_duration(text.text), text.position);
  if (duration == milliseconds::zero() && !may_be_zero)
    fail(text.position, "'" + std::string{text.text} + "': an amount above zero");
  if (duration > ten_thousand_years)
    fail(text.position, "'" + std::string{text.text} + "': more than 10,000 years");
  return duration;
}

void read_dates(scanner& in, rules::except& into) {
  for (bool more = true; more;) {
    auto text = in.take();
    if (text.empty())
      fail(text.position, "expected a date, a calendar or a trigger in parentheses, found " + in.here(),
           "as in except 2026-12-25, except calendar holidays");
    const bool named = text.text == "calendar";
    if (named) text = in.take();
    more = text.text.ends_with(',');
    for (auto rest = text;;) {
      const auto comma = rest.text.find(',');
      const word item{rest.text.substr(0, comma), rest.position};
      const bool first = item.position == text.position;
      if (named && first) {
        read_calendar_name(item, into);
      } else {
        read_date(item, into);
      }
      if (comma == std::string_view::npos || comma + 1 == rest.text.size()) break;
      rest = rest.from(comma + 1);
    }
    if (!more && in.peek().text.starts_with(',')) fail(in.position(), "put the comma right behind the date");
  }
  const auto tidy = [](auto& list) {
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
  };
  tidy(into.dates);
  tidy(into.calendars);
}

void fail_at_beginning(scanner& in) {
  const auto first = in.peek();
  const auto text = first.text;
  const auto message = "expected at, every, after, cron, quartz or (, found " + in.here();
  if (text.empty() && in.at_end())
    fail(first.position, "the schedule is empty", "as in every 5m, cron 0 9 * * mon-fri");
  if (text == "@reboot")
    fail(first.position, "@reboot is not a time, and joins none",
         "in a daemon's file it is all that the schedule of a job says: \"@reboot\", \"@reboot after 15m\"");
  if (text.starts_with('@')) fail(first.position, message, "write cron " + std::string{text});
  if (text == "cron" || text.starts_with("cron{") || text == "{")
    fail(first.position, message, "as in cron{day=last sun; hour=2}");
  const bool star = text.starts_with('*');
  if (star || text.find_first_not_of("0123456789,-/*?") == std::string_view::npos)
    fail(
        first.position, message,
        text.find('-') == 4 ? "write at " + std::string{text} : "for a cron expression write cron before it");
  if (is_digit(text.front()))
    fail(first.position, message,
         text.find('-') == 4 ? "write at " + std::string{text} : "write every " + std::string{text});
  if (weekday_of(text)) fail(first.position, message, "write every " + std::string{text});
  fail(first.position, message, did_you_mean(text, {"at", "every", "after", "cron", "quartz", "cron{"}));
}

void append_part(std::vector<trigger>& parts, trigger part) {
  const auto* nested = std::get_if<rules::any_of>(&part.node().rule);
  if (!nested || !is_plain(part.node().how)) return parts.push_back(std::move(part));
  parts.insert(parts.end(), nested->parts.begin(), nested->parts.end());
}

rules::except except_of(trigger base) {
  const auto* nested = std::get_if<std::shared_ptr<const rules::except>>(&base.node().rule);
  if (nested && is_plain(base.node().how)) return **nested;
  return {std::move(base), {}, {}, {}};
}

}  // namespace carillon
