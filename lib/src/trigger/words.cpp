#include "trigger/words.hpp"

#include <carillon/time/timestamp.hpp>

namespace carillon {

namespace {

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

std::string time_text(rules::day_time time) {
  const auto seconds = time.count();
  auto text = two_digits(seconds / 3600) + ':' + two_digits(seconds / 60 % 60);
  return seconds % 60 == 0 ? text : text + ':' + two_digits(seconds % 60);
}

std::string place_text(const rules::clock& rule) {
  const auto seconds = rule.at.count();
  if (rule.unit == rules::clock_unit::minute) return ':' + two_digits(seconds);
  if (seconds % 60 == 0) return ':' + two_digits(seconds / 60);
  return two_digits(seconds / 60) + ':' + two_digits(seconds % 60);
}

std::string date_text(std::chrono::local_days date) {
  return format_timestamp({.wall = date, .offset = {}, .date_only = true});
}

std::string weekdays_text(weekday_set days) {
  if (days == weekday_set::all()) return "day";
  std::string text;
  for (unsigned day = 0; day < 7; ++day) {
    if (!days.contains(day)) continue;
    auto last = day;
    while (last < 6 && days.contains(last + 1)) ++last;
    text += text.empty() ? "" : ",";
    text += short_weekdays[day];
    if (last - day < 2) continue;
    text += '-';
    text += short_weekdays[last];
    day = last;
  }
  return text;
}

std::string_view name(gap_policy policy) noexcept {
  switch (policy) {
    case gap_policy::auto_: return "auto";
    case gap_policy::skip: return "skip";
    case gap_policy::at_gap_end: return "at_gap_end";
    case gap_policy::shift: return "shift";
  }
  return "auto";
}

std::string_view name(overlap_policy policy) noexcept {
  switch (policy) {
    case overlap_policy::auto_: return "auto";
    case overlap_policy::first: return "first";
    case overlap_policy::second: return "second";
    case overlap_policy::both: return "both";
  }
  return "auto";
}

std::string_view name(on_end ends) noexcept {
  constexpr std::array<std::string_view, 3> names{"success", "failure", "either"};
  return names[static_cast<std::size_t>(ends)];
}

std::string id_text(std::string_view id) {
  if (id.find_first_of(" ()\"") == std::string_view::npos) return std::string{id};
  std::string text{'"'};
  for (const auto c : id) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace carillon
