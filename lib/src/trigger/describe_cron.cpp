#include <carillon/trigger/cron_expression.hpp>
#include <functional>

#include "trigger/describe.hpp"
#include "trigger/words.hpp"

namespace carillon {

namespace {

/// The values of a field, and what shape they have.
class value_set {
 public:
  value_set(std::uint64_t bits, unsigned first, unsigned last) : last_{last} {
    for (auto value = first; value <= last; ++value)
      if ((bits >> value & 1U) != 0) values_.push_back(value);
    full_ = values_.size() == last - first + 1;
  }

  bool full() const noexcept { return full_; }
  bool single() const noexcept { return values_.size() == 1; }
  unsigned front() const noexcept { return values_.front(); }
  unsigned back() const noexcept { return values_.back(); }
  std::size_t size() const noexcept { return values_.size(); }
  const std::vector<unsigned>& values() const noexcept { return values_; }
  bool contiguous() const noexcept { return size() >= 3 && back() - front() + 1 == size(); }

  /// n where the values are every n-th up to the field's end; else 0.
  unsigned step() const noexcept {
    if (size() < 3) return 0;
    const auto distance = values_[1] - values_[0];
    for (std::size_t i = 2; i < size(); ++i)
      if (values_[i] - values_[i - 1] != distance) return 0;
    return distance > 1 && back() + distance > last_ ? distance : 0;
  }

  using speller = std::function<std::string(unsigned)>;
  /// "1, 2 and 5", "1 through 5"
  std::string spelled(const speller& spell) const {
    if (contiguous()) return spell(front()) + " through " + spell(back());
    std::vector<std::string> items;
    for (const auto value : values_) items.push_back(spell(value));
    return listed(items);
  }

 private:
  std::vector<unsigned> values_;
  unsigned last_;
  bool full_;
};

std::string digits(unsigned value) { return std::to_string(value); }
std::string clock(unsigned hour, unsigned minute) {
  return time_text(std::chrono::hours{hour} + std::chrono::minutes{minute});
}

/// "every minute", "every 5 minutes", "minutes 0 and 30", "minute 30"
std::string amounts(const value_set& set, const std::string& unit) {
  if (set.full()) return "every " + unit;
  if (set.step() != 0 && set.front() == 0) return "every " + std::to_string(set.step()) + ' ' + unit + 's';
  if (set.step() != 0)
    return "every " + std::to_string(set.step()) + ' ' + unit + "s from " + unit + ' ' + digits(set.front()) +
           " on";
  return unit + (set.single() ? " " : "s ") + set.spelled(digits);
}

bool is_repeated(const value_set& set) { return set.full() || set.step() != 0; }

std::string in_hours(const value_set& hours, bool minutes_repeat) {
  if (hours.full()) return minutes_repeat ? "" : " of every hour";
  if (hours.step() != 0) {
    const auto from = hours.front() == 0 ? "" : " from " + clock(hours.front(), 0) + " on";
    return " of every " + ordinal(hours.step()) + " hour" + from;
  }
  if (hours.single() && minutes_repeat)
    return " from " + clock(hours.front(), 0) + " through " + clock(hours.front(), 59);
  if (hours.contiguous() && minutes_repeat)
    return " from " + clock(hours.front(), 0) + " through " + clock(hours.back(), 59);
  return (hours.single() ? " of hour " : " of hours ") + hours.spelled(digits);
}

std::string time_of_day(const cron_fields& fields) {
  const value_set seconds{fields.seconds, 0, 59};
  const value_set minutes{fields.minutes, 0, 59};
  const value_set hours{fields.hours, 0, 23};
  if (seconds.single() && minutes.size() * hours.size() <= 6) {
    std::vector<std::string> texts;
    for (const auto hour : hours.values())
      for (const auto minute : minutes.values())
        texts.push_back(time_text(std::chrono::hours{hour} + std::chrono::minutes{minute} +
                                  std::chrono::seconds{seconds.front()}));
    return "at " + listed(texts);
  }
  const auto minute_text = (is_repeated(minutes) ? "" : "at ") + amounts(minutes, "minute") +
                           in_hours(hours, is_repeated(minutes));
  if (seconds.single() && seconds.front() == 0) return minute_text;
  const auto second_text = (is_repeated(seconds) ? "" : "at ") + amounts(seconds, "second");
  if (minutes.full())
    return second_text + (is_repeated(seconds) && hours.full() ? ""
                          : is_repeated(seconds)               ? in_hours(hours, true)
                                                               : " of every minute" + in_hours(hours, true));
  const auto of_minutes =
      is_repeated(minutes) ? amounts(minutes, "minute").substr(6) : amounts(minutes, "minute");
  return second_text + " of " + (is_repeated(minutes) ? "every " + of_minutes : of_minutes) +
         in_hours(hours, is_repeated(minutes));
}

weekday_set from_sunday(std::uint32_t bits) {
  weekday_set days;
  for (unsigned day = 0; day < 7; ++day)
    if ((bits >> day & 1U) != 0) days.insert((day + 6) % 7);
  return days;
}

/// "the second Friday", "the last Sunday" …
void add_nth_weekdays(const cron_fields& fields, std::vector<std::string>& days) {
  constexpr std::array<std::string_view, 5> nth{"first", "second", "third", "fourth", "fifth"};
  const auto add = [&](std::string_view which, std::uint32_t bits) {
    if (bits != 0)
      days.push_back("the " + std::string{which} + ' ' + spoken_days(from_sunday(bits)) + " of the month");
  };
  for (std::size_t i = 0; i < nth.size(); ++i) add(nth[i], fields.nth_weekdays[i]);
  add("last", fields.last_weekdays);
}

std::string before_last(unsigned back) {
  if (back == 0) return "the month's last day";
  return back == 1 ? "the day before the month's last"
                   : "the " + ordinal(back) + " day before the month's last";
}

/// The dates by their number; empty if any will do.
std::vector<std::string> numbered(const cron_fields& fields) {
  std::vector<std::string> days;
  const value_set numbers{fields.days, 1, 31};
  const auto spell = [](unsigned day) { return "the " + ordinal(day); };
  if (numbers.size() > 0 && !numbers.full()) {
    const auto step = numbers.step();
    const auto from =
        numbers.size() == 0 || numbers.front() == 1 ? "" : " from the " + ordinal(numbers.front()) + " on";
    days.push_back(step == 0 ? numbers.spelled(spell)
                             : "every " + ordinal(step) + " day of the month" + from);
  }
  for (unsigned back = 0; back < 32; ++back)
    if ((fields.days_before_last >> back & 1U) != 0) days.push_back(before_last(back));
  for (unsigned day = 1; day < 32; ++day)
    if ((fields.weekdays_nearest >> day & 1U) != 0)
      days.push_back("the working day nearest to the " + ordinal(day));
  for (unsigned back = 0; back < 32; ++back)
    if ((fields.weekdays_nearest_last >> back & 1U) != 0)
      days.push_back("the working day nearest to " + before_last(back));
  if (fields.nth_are_numbers) add_nth_weekdays(fields, days);
  return days;
}

std::vector<std::string> by_weekday(const cron_fields& fields) {
  std::vector<std::string> days;
  const bool any = fields.weekdays == cron_fields::any_weekday;
  if (fields.weekdays != 0 && !any) days.push_back(spoken_days(from_sunday(fields.weekdays)));
  if (!fields.nth_are_numbers) add_nth_weekdays(fields, days);
  return days;
}

std::string dates(const cron_fields& fields) {
  const auto numbers = numbered(fields);
  const auto weekdays = by_weekday(fields);
  if (numbers.empty() && weekdays.empty()) return "";
  if (weekdays.empty()) return " on " + listed(numbers);
  if (numbers.empty()) return " on " + listed(weekdays);
  if (fields.either_day) return " on " + listed(numbers) + ", and on " + listed(weekdays);
  return " on " + listed(numbers) + " if that is a " + listed(weekdays, "or a");
}

std::string months(const cron_fields& fields) {
  const value_set set{fields.months, 1, 12};
  if (set.full()) return "";
  return " in " + set.spelled([](unsigned month) { return std::string{full_month(month)}; });
}

std::string weeks(const cron_fields& fields) {
  if (fields.weeks == cron_fields::any_week) return "";
  const value_set set{fields.weeks, 1, 53};
  if (set.step() != 0 && set.front() == 1)
    return " in every " + ordinal(set.step()) + " ISO week of the year";
  return set.single() ? " in ISO week " + digits(set.front()) : " in ISO weeks " + set.spelled(digits);
}

std::string years(const cron_expression& expression) {
  const auto& fields = expression.fields();
  const auto text = expression.field(cron_field::year);
  if (fields.any_year || text.empty() || text == "*") return "";
  std::vector<unsigned> found;
  for (unsigned i = 0; i < static_cast<unsigned>(cron_fields::near_years); ++i)
    if ((fields.years[i / 64] >> (i % 64) & 1U) != 0) found.push_back(cron_fields::first_year + i);
  if (found.empty()) return " in years after 2161";
  if (found.size() == 1) return " in " + digits(found.front());
  if (found.back() - found.front() + 1 == found.size())
    return " in " + digits(found.front()) + " through " + digits(found.back());
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < found.size() && i < 8; ++i) texts.push_back(digits(found[i]));
  return " in " + listed(texts) + (found.size() > 8 ? " and so on" : "");
}

}  // namespace

std::string describe(const cron_expression& expression) {
  const auto& fields = expression.fields();
  const auto time = time_of_day(fields);
  auto when = dates(fields) + weeks(fields) + months(fields) + years(expression);
  const bool any_date = dates(fields).empty() && weeks(fields).empty();
  if (any_date && time.starts_with("at ") && time.find(" of ") == std::string::npos)
    when = " every day" + when;
  return time + when;
}

}  // namespace carillon
