#include <array>

#include "trigger/describe.hpp"
#include "trigger/words.hpp"

namespace carillon {

std::string listed(const std::vector<std::string>& items, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += i + 1 == items.size() ? ' ' + std::string{last} + ' ' : ", ";
    text += items[i];
  }
  return text;
}

std::string ordinal(std::int64_t number) {
  const bool teen = number % 100 >= 11 && number % 100 <= 13;
  const auto digit = teen ? 0 : number % 10;
  return std::to_string(number) + (digit == 1 ? "st" : digit == 2 ? "nd" : digit == 3 ? "rd" : "th");
}

std::string number_of(std::int64_t number, std::string_view thing) {
  return std::to_string(number) + ' ' + std::string{thing} + (number == 1 ? "" : "s");
}

std::string spoken(milliseconds duration) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 6> units{{{604'800'000, "week"},
                                                                            {86'400'000, "day"},
                                                                            {3'600'000, "hour"},
                                                                            {60'000, "minute"},
                                                                            {1'000, "second"},
                                                                            {1, "millisecond"}}};
  auto rest = duration.count();
  std::vector<std::string> parts;
  for (const auto& [length, name] : units) {
    if (rest >= length) parts.push_back(number_of(rest / length, name));
    rest %= length;
  }
  return parts.empty() ? "0 seconds" : listed(parts);
}

std::string_view full_weekday(unsigned day) noexcept {
  constexpr std::array<std::string_view, 7> names{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                  "Friday", "Saturday", "Sunday"};
  return names[day % 7];
}

std::string_view full_month(unsigned month) noexcept {
  constexpr std::array<std::string_view, 12> names{"January",   "February", "March",    "April",
                                                   "May",       "June",     "July",     "August",
                                                   "September", "October",  "November", "December"};
  return names[(month + 11) % 12];
}

std::string spoken(std::chrono::local_days date) {
  const std::chrono::year_month_day ymd{date};
  return std::to_string(static_cast<unsigned>(ymd.day())) + ' ' +
         std::string{full_month(static_cast<unsigned>(ymd.month()))} + ' ' +
         std::to_string(static_cast<int>(ymd.year()));
}

std::string spoken(const timestamp& time) {
  const auto date = std::chrono::floor<std::chrono::days>(time.wall);
  const auto of_day = std::chrono::floor<std::chrono::seconds>(time.wall - wall_time{date});
  auto text = time.date_only ? spoken(date) : time_text(of_day) + " on " + spoken(date);
  if (!time.offset) return text;
  if (time.offset->count() == 0) return text + " UTC";
  const auto minutes = std::chrono::abs(std::chrono::floor<std::chrono::minutes>(*time.offset));
  return text + " (UTC" + (time.offset->count() < 0 ? "-" : "+") + time_text(minutes) + ')';
}

std::string spoken_days(weekday_set days) {
  std::vector<std::string> names;
  for (unsigned day = 0; day < 7; ++day) {
    if (!days.contains(day)) continue;
    auto last = day;
    while (last < 6 && days.contains(last + 1)) ++last;
    if (last - day >= 2) {
      names.push_back(std::string{full_weekday(day)} + " through " + std::string{full_weekday(last)});
      day = last;
    } else {
      names.emplace_back(full_weekday(day));
    }
  }
  return listed(names);
}

}  // namespace carillon
