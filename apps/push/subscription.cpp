#include "push/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace carillon::pushes {

namespace {

constexpr std::string_view before_user = "user:";
constexpr std::string_view before_tag = "tag:";
constexpr std::string_view right_member = "user:UID|tag:TAG";

parse_error wrong(std::string message, std::size_t position, std::string_view hint) {
  return {std::move(message), position, std::string{hint}};
}

// All of `text` as a number without a sign, of at most two digits; else nothing.
std::optional<int> two_digits(std::string_view text) {
  if (text.empty()) return std::nullopt;
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failure == std::errc() && end == text.data() + text.size() && text.front() != '-';
  return whole && text.size() <= 2 ? std::optional{number} : std::nullopt;
}

}  // namespace

parse_result<recipient> parse_member(std::string_view member) {
  if (!member.starts_with(before_user)) return wrong("does not begin with user:", 0, right_member);
  const auto bar = member.find('|');
  const auto user = member.substr(before_user.size(), bar - before_user.size());
  if (bar == std::string_view::npos) return wrong("has no tag", member.size(), right_member);
  if (user.empty()) return wrong("names no user", before_user.size(), right_member);
  const auto rest = member.substr(bar + 1);
  if (!rest.starts_with(before_tag)) {
    return wrong("has no tag: behind the first | there must be one; a user's name may have no |", bar + 1,
                 right_member);
  }
  return recipient{std::string{user}, std::string{rest.substr(before_tag.size())}};
}

std::string member_of(const recipient& whom) { return fmt::format("user:{}|tag:{}", whom.user, whom.tag); }

std::string name_of(const recipient& whom) { return whom.user + '|' + whom.tag; }

parse_result<recipient> parse_name(std::string_view name) {
  const auto bar = name.find('|');
  if (bar == std::string_view::npos) return wrong("has no |", name.size(), "UID|TAG");
  if (bar == 0) return wrong("names no user", 0, "UID|TAG");
  return recipient{std::string{name.substr(0, bar)}, std::string{name.substr(bar + 1)}};
}

parse_result<std::chrono::minutes> parse_score(std::string_view score) {
  constexpr std::string_view right = "HHMM, as 830 for 08:30";
  int number = 0;
  const auto [end, failure] = std::from_chars(score.data(), score.data() + score.size(), number);
  if (failure != std::errc() || end != score.data() + score.size())
    return wrong(fmt::format("score {} is no whole number", score), 0, right);
  if (number < 0 || number > 2359 || number % 100 > 59)
    return wrong(fmt::format("score {} is no time of day: hours are 0 to 23, minutes 0 to 59", score), 0,
                 right);
  return std::chrono::minutes{number / 100 * 60 + number % 100};
}

parse_result<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  const auto time = text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
  const auto colon = time.find(':');
  if (colon != std::string_view::npos && time.size() == colon + 3) {
    const auto hour = two_digits(time.substr(0, colon)), minute = two_digits(time.substr(colon + 1));
    if (hour && minute && *hour < 24 && *minute < 60) return std::chrono::minutes{*hour * 60 + *minute};
  }
  return wrong(fmt::format("'{}' is no time of day", text), begin, "08:30");
}

}  // namespace carillon::pushes
