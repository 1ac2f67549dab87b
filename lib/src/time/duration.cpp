#include <array>
#include <carillon/time/duration.hpp>

#include "time/digits.hpp"

namespace carillon {

namespace {

struct unit {
  std::string_view name;
  std::int64_t length;  // in milliseconds
};

constexpr std::array<unit, 6> units{
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::int64_t longest = (latest_instant - earliest_instant).count();

parse_error refused(std::size_t position, std::string message,
                    std::string hint = "as in 250ms, 90s, 1h30m or 2d") {
  return {std::move(message), position, std::move(hint)};
}

std::size_t index_of(std::string_view name) {
  std::size_t index = 0;
  while (index < units.size() && units[index].name != name) ++index;
  return index;
}

}  // namespace

parse_result<milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return refused(0, "a duration is missing");
  std::int64_t total = 0;
  std::size_t smallest = 0;  // the first unit that may still come
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    std::int64_t amount = 0;
    for (; at < text.size() && is_digit(text[at]); ++at)
      amount = amount > longest ? amount : amount * 10 + (text[at] - '0');
    if (at == begin) return refused(at, "'" + std::string{text.substr(at, 1)} + "' is no digit");
    const auto name_begin = at;
    while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
    const auto name = text.substr(name_begin, at - name_begin);
    const auto index = index_of(name);
    if (name.empty())
      return refused(name_begin, "a unit is missing after " + std::string{text.substr(begin, at - begin)},
                     "units are ms s m h d w");
    if (index == units.size())
      return refused(name_begin, "'" + std::string{name} + "': no such unit", "units are ms s m h d w");
    if (index < smallest)
      return refused(name_begin, "'" + std::string{name} + "' comes too late",
                     "larger units first, each once");
    if (amount > (longest - total) / units[index].length)
      return refused(begin, "longer than time itself", "10000 years are the most");
    total += amount * units[index].length;
    smallest = index + 1;
  }
  return milliseconds{total};
}

std::string format_duration(milliseconds duration) {
  auto rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (const auto& each : units) {
    const bool week = each.name == "w";
    if (rest < each.length || (week && rest % each.length != 0)) continue;
    text += std::to_string(rest / each.length);
    text += each.name;
    rest %= each.length;
  }
  return text;
}

}  // namespace carillon
