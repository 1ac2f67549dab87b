#include "carillon/import/on_calendar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "carillon/crontab_line.hpp"

namespace carillon::app {
namespace {

constexpr std::string_view as_systemd = " gap skip overlap first";

// Thrown within this file.
struct calendar_fault {
  parse_error why;
};

[[noreturn]] void refuse_at(std::size_t position, std::string message, std::string hint = {}) {
  throw calendar_fault{{std::move(message), position, std::move(hint)}};
}

// One value, a range, or a repetition: "5", "8..17", "0/15", "8..17/2".
struct calendar_item {
  int first = 0;
  std::optional<int> last;
  int step = 0;
};

// One field; no items: any value.
struct calendar_field {
  std::string_view name;
  int least, most;
  std::vector<calendar_item> items{};

  bool any() const noexcept { return items.empty(); }
};

struct calendar_expression {
  std::vector<std::string> weekdays;  // as cron items: "mon-fri"
  calendar_field year{"year", 1970, 9999}, month{"month", 1, 12}, day{"day", 1, 31};
  bool from_end = false;  // days are counted from the month's end: 1 is the last
  calendar_field hour{"hour", 0, 23, {{0, {}, 0}}}, minute{"minute", 0, 59, {{0, {}, 0}}},
      second{"second", 0, 59, {{0, {}, 0}}};
  std::string zone;
};

char in_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string in_lower(std::string_view text) {
  std::string lower{text};
  for (auto& c : lower) c = in_lower(c);
  return lower;
}

bool is_number(char c) { return c >= '0' && c <= '9'; }

std::string_view meaning_of(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> names{{
      {"minutely", "*-*-* *:*:00"},
      {"hourly", "*-*-* *:00:00"},
      {"daily", "*-*-* 00:00:00"},
      {"weekly", "Mon *-*-* 00:00:00"},
      {"monthly", "*-*-01 00:00:00"},
      {"quarterly", "*-01,04,07,10-01 00:00:00"},
      {"semiannually", "*-01,07-01 00:00:00"},
      {"semi-annually", "*-01,07-01 00:00:00"},
      {"biannually", "*-01,07-01 00:00:00"},
      {"bi-annually", "*-01,07-01 00:00:00"},
      {"yearly", "*-01-01 00:00:00"},
      {"annually", "*-01-01 00:00:00"},
  }};
  for (const auto& [name, meaning] : names)
    if (in_lower(word) == name) return meaning;
  return {};
}

// The day's number from Monday, or -1.
int weekday_of(std::string_view word) {
  static constexpr std::array<std::string_view, 7> names{"monday", "tuesday",  "wednesday", "thursday",
                                                         "friday", "saturday", "sunday"};
  const auto lower = in_lower(word);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (lower == names[i] || lower == names[i].substr(0, 3)) return static_cast<int>(i);
  return -1;
}

constexpr std::array<std::string_view, 7> short_days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

class calendar_reader {
 public:
  explicit calendar_reader(std::string_view text) : text_(text) {}

  calendar_expression read() {
    auto words = split_words(text_, 5).words;
    if (words.empty()) refuse_at(0, "the expression is empty", "as in *-*-* 09:00:00");
    std::size_t at = 0;
    if (is_weekdays(words[at])) read_weekdays(words[at++]);
    bool some = at > 0;
    if (at < words.size() && is_date(words[at].text)) some = true, read_date(words[at++]);
    if (at < words.size() && words[at].text.find(':') != std::string_view::npos)
      some = true, read_time(words[at++]);
    if (some && at < words.size()) read_zone(words[at++]);
    if (at < words.size() || !some)
      refuse_at(words[std::min(at, words.size() - 1)].at,
                fmt::format("'{}' has no place here", words[std::min(at, words.size() - 1)].text),
                "weekdays, date, time, zone, as in Mon..Fri *-*-* 09:00:00 Europe/Oslo");
    return std::move(out_);
  }

  std::vector<std::string> differences;

 private:
  static bool is_weekdays(const crontab_word& word) {
    const auto end = std::find_if(word.text.begin(), word.text.end(),
                                  [](char c) { return in_lower(c) < 'a' || in_lower(c) > 'z'; });
    return weekday_of({word.text.data(), static_cast<std::size_t>(end - word.text.begin())}) >= 0;
  }
  static bool is_date(std::string_view word) {
    if (word.find(':') != std::string_view::npos || (!is_number(word.front()) && word.front() != '*'))
      return false;
    return word.find('-') != std::string_view::npos || word.find('~') != std::string_view::npos;
  }

  void read_weekdays(crontab_word word) {
    if (word.text.ends_with(',')) word.text.remove_suffix(1);  // systemd reads over one, as in "Wed, 17:48"
    std::set<int> days;
    for (std::size_t at = 0; at <= word.text.size();) {
      const auto end = std::min(word.text.find(',', at), word.text.size());
      const auto item = word.text.substr(at, end - at);
      const auto dots = item.find("..");
      const auto dash = dots == std::string_view::npos ? item.find('-') : dots;
      const auto first = weekday_of(item.substr(0, dash));
      const auto last = dash == std::string_view::npos
                            ? first
                            : weekday_of(item.substr(dash + (dots == std::string_view::npos ? 1 : 2)));
      if (first < 0 || last < 0) refuse_at(word.at + at, fmt::format("'{}': no such weekday", item));
      if (last < first) refuse_at(word.at + at, fmt::format("'{}' runs backwards", item));
      for (int day = first; day <= last; ++day) days.insert(day);
      at = end + 1;
    }
    if (days.size() < 7) out_.weekdays = in_ranges(days);
  }

  static std::vector<std::string> in_ranges(const std::set<int>& days) {
    std::vector<std::string> items;
    for (auto day = days.begin(); day != days.end();) {
      auto last = day;
      while (std::next(last) != days.end() && *std::next(last) == *last + 1) ++last;
      const auto name = [](int number) { return short_days[static_cast<std::size_t>(number)]; };
      items.push_back(day == last ? std::string{name(*day)} : fmt::format("{}-{}", name(*day), name(*last)));
      day = std::next(last);
    }
    return items;
  }

  void read_date(const crontab_word& word) {
    auto text = word.text;
    out_.from_end = text.find('~') != std::string_view::npos;
    const auto split = out_.from_end ? text.find('~') : text.rfind('-');
    read_field(out_.day, text.substr(split + 1), word.at + split + 1);
    if (out_.day.any()) out_.from_end = false;
    text = text.substr(0, split);
    const auto dash = text.rfind('-');
    read_field(out_.month, dash == std::string_view::npos ? text : text.substr(dash + 1),
               word.at + (dash == std::string_view::npos ? 0 : dash + 1));
    if (dash != std::string_view::npos) read_field(out_.year, text.substr(0, dash), word.at);
  }

  void read_time(const crontab_word& word) {
    const auto first = word.text.find(':');
    const auto second = word.text.find(':', first + 1);
    read_field(out_.hour, word.text.substr(0, first), word.at);
    read_field(out_.minute, word.text.substr(first + 1, second - first - 1), word.at + first + 1);
    if (second != std::string_view::npos)
      read_field(out_.second, word.text.substr(second + 1), word.at + second + 1);
  }

  void read_zone(const crontab_word& word) {
    const auto found = zone::find(word.text);
    if (!found) refuse_at(word.at + found.error().position, found.error().message, found.error().hint);
    out_.zone = found->name();
  }

  void read_field(calendar_field& field, std::string_view text, std::size_t at) {
    field.items.clear();
    if (text == "*") return;
    while (true) {
      const auto end = std::min(text.find(','), text.size());
      read_item(field, text.substr(0, end), at);
      if (end == text.size()) break;
      text.remove_prefix(end + 1);
      at += end + 1;
    }
  }

  void read_item(calendar_field& field, std::string_view text, std::size_t at) {
    calendar_item item;
    const auto slash = text.find('/');
    const auto range = text.substr(0, slash);
    const auto dots = range.find("..");
    if (range == "*")
      refuse_at(at, "'*' stands alone", fmt::format("{}/n, as in {}/5", field.least, field.least));
    item.first = value(field, range.substr(0, dots), at);
    if (dots != std::string_view::npos) item.last = value(field, range.substr(dots + 2), at + dots + 2);
    if (item.last && *item.last < item.first)
      refuse_at(at, fmt::format("the range {} of the {} runs backwards", range, field.name));
    if (slash != std::string_view::npos) {
      item.step = number(field, text.substr(slash + 1), at + slash + 1, false);
      if (item.step < 1) refuse_at(at + slash + 1, fmt::format("a step of 0 in the {}", field.name));
    }
    field.items.push_back(item);
  }

  int value(const calendar_field& field, std::string_view text, std::size_t at) {
    auto read = number(field, text, at, true);
    if (field.name == "year" && read < 100) read += read < 70 ? 2000 : 1900;
    if (read >= field.least && read <= field.most) return read;
    refuse_at(at, fmt::format("{} {}: {} to {}", field.name, text, field.least, field.most));
  }

  int number(const calendar_field& field, std::string_view text, std::size_t at, bool may_cut) {
    int read = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, fault] = std::from_chars(text.data(), end, read);
    if (fault != std::errc{}) refuse_at(at, fmt::format("'{}' is no {}", text, field.name));
    if (stopped == end) return read;
    const bool fraction =
        *stopped == '.' && field.name == "second" && std::all_of(stopped + 1, end, is_number);
    if (!fraction) refuse_at(at, fmt::format("'{}' is no {}", text, field.name));
    const bool nothing = std::all_of(stopped + 1, end, [](char c) { return c == '0'; });
    if (!nothing && !may_cut) refuse_at(at, fmt::format("a step of {} seconds: whole ones only", text));
    if (!nothing) differences.push_back(fmt::format("whole seconds only: {} is {}", text, read));
    return read;
  }

  std::string_view text_;
  calendar_expression out_;
};

std::string cron_item(const calendar_field& field, const calendar_item& item) {
  const auto last = item.last.value_or(item.step == 0 ? item.first : field.most);
  if (last == item.first || (item.step != 0 && item.first + item.step > last))
    return fmt::format("{}", item.first);
  const auto step = item.step > 1 ? fmt::format("/{}", item.step) : "";
  if (item.first == field.least && last == field.most) return "*" + step;
  return fmt::format("{}-{}{}", item.first, last, step);
}

std::string cron_text(const calendar_field& field) {
  if (field.any()) return "*";
  std::vector<std::string> items;
  for (const auto& item : field.items) items.push_back(cron_item(field, item));
  return std::any_of(items.begin(), items.end(), [](const auto& one) { return one == "*"; })
             ? "*"
             : fmt::format("{}", fmt::join(items, ","));
}

// How many days before the month's end; 1 is the last. A range steps away from the end, a repetition towards
// it.
std::set<int> days_before_end(const calendar_field& day) {
  std::set<int> days;
  for (const auto& item : day.items) {
    const auto step = std::max(item.step, 1);
    for (int one = item.first; item.last && one <= *item.last; one += step) days.insert(one);
    for (int one = item.first; !item.last && one >= (item.step == 0 ? item.first : 1); one -= step)
      days.insert(one);
  }
  return days;
}

class calendar_writer {
 public:
  explicit calendar_writer(const calendar_expression& what) : what_(what) {
    second_ = cron_text(what.second), minute_ = cron_text(what.minute), hour_ = cron_text(what.hour);
    day_ = cron_text(what.day), month_ = cron_text(what.month), year_ = cron_text(what.year);
    weekdays_ = what.weekdays.empty() ? "*" : fmt::format("{}", fmt::join(what.weekdays, ","));
    if (what.zone != "UTC" && what.zone != "Etc/UTC") change_ = as_systemd;
  }

  std::string text() const {
    const auto in = what_.zone.empty() ? "" : " in " + what_.zone;
    if (what_.from_end) return from_end(in);
    const bool both_days = day_ != "*" && weekdays_ != "*";
    if (year_ != "*" || both_days) return named("day", day_, weekdays_) + in + std::string{change_};
    const auto seconds = second_ == "0" ? "" : second_ + " ";
    return fmt::format("cron {}{} {} {} {} {}{}{}", seconds, minute_, hour_, day_, month_, weekdays_, in,
                       change_);
  }

 private:
  std::string named(std::string_view day_key, const std::string& days, const std::string& weekdays) const {
    std::string fields;
    const auto add = [&](std::string_view name, const std::string& value) {
      if (value != "*") fields += fmt::format("{}={}; ", name, value);
    };
    add("year", year_);
    add("month", month_);
    add(day_key, days);
    add("day_of_week", weekdays);
    return fmt::format("cron{{{}hour={}; minute={}; second={}}}", fields, hour_, minute_, second_);
  }

  std::string from_end(const std::string& in) const {
    const auto days = days_before_end(what_.day);
    const bool last_week = days == std::set<int>{1, 2, 3, 4, 5, 6, 7};
    if (last_week && what_.weekdays.size() == 1 && what_.weekdays[0].size() == 3)
      return named("day", "last " + weekdays_, "*") + in + std::string{change_};
    std::vector<std::string> items;
    for (const auto day : days) items.push_back(day == 1 ? "L" : fmt::format("L-{}", day - 1));
    auto years = what_.year;
    years.most = 2099;  // of the quartz dialect
    const auto year = year_ == "*" ? "" : " " + cron_text(years);
    const auto dates = fmt::format("quartz {} {} {} {} {} ?{}", second_, minute_, hour_,
                                   fmt::join(items, ","), month_, year);
    if (weekdays_ == "*") return dates + in + std::string{change_};
    return fmt::format("({}{}) and ({}{}) within 0s{}", dates, change_, named("day", "*", weekdays_), change_,
                       in);
  }

  const calendar_expression& what_;
  std::string second_, minute_, hour_, day_, month_, year_, weekdays_;
  std::string_view change_ = {};
};

calendar_schedule translate_moment(std::string_view text) {
  std::int64_t seconds = 0;
  const auto end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data() + 1, end, seconds);
  if (fault != std::errc{} || stopped != end || seconds < 0 || seconds > 253'402'300'799)
    refuse_at(1, "'@' wants seconds since 1970");
  return {trigger{"at " + format_instant(instant{std::chrono::seconds{seconds}}, zone{})}.text(), {}};
}

}  // namespace

parse_result<calendar_schedule> translate_calendar(std::string_view text) {
  try {
    const auto words = split_words(text, 1).words;
    if (!words.empty() && words.front().text.starts_with('@')) return translate_moment(words.front().text);
    std::string spelled{text};
    if (!words.empty() && !meaning_of(words.front().text).empty()) {
      spelled = meaning_of(words.front().text);
      const auto rest = split_words(text, 1).rest.text;
      if (!rest.empty()) spelled += " " + std::string{rest};
    }
    calendar_reader reader{spelled};
    const auto read = reader.read();
    calendar_schedule found{calendar_writer{read}.text(), std::move(reader.differences)};
    const auto ours = parse_trigger(found.text);
    if (!ours) return parse_error{ours.error().message, 0, ours.error().hint};
    found.text = ours->text();
    return found;
  } catch (const calendar_fault& fault) {
    return fault.why;
  }
}

}  // namespace carillon::app
