#include <algorithm>
#include <carillon/trigger/date_calendars.hpp>
#include <stdexcept>

namespace carillon {

bool is_calendar_name(std::string_view name) noexcept {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !name.empty() && std::ranges::all_of(name, allowed);
}

void date_calendars::define(std::string_view name, std::vector<date> dates) {
  if (!is_calendar_name(name)) {
    throw std::invalid_argument("calendar name '" + std::string{name} +
                                "': letters, digits, '_', '-' and '.' only");
  }
  std::ranges::sort(dates);
  dates.erase(std::ranges::unique(dates).begin(), dates.end());
  lists_.insert_or_assign(std::string{name}, std::move(dates));
}

const std::vector<date_calendars::date>* date_calendars::find(std::string_view name) const noexcept {
  const auto found = lists_.find(name);
  return found == lists_.end() ? nullptr : &found->second;
}

std::vector<std::string_view> date_calendars::names() const {
  std::vector<std::string_view> all;
  for (const auto& [name, dates] : lists_) all.push_back(name);
  return all;
}

}  // namespace carillon
