#pragma once
#include <array>
#include <carillon/trigger/cron_fields.hpp>
#include <cstddef>
#include <span>
#include <string_view>

namespace carillon::detail {

inline constexpr std::array<std::string_view, 12> month_names{
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
inline constexpr std::array<std::string_view, 7> weekday_names{"sunday",   "monday", "tuesday", "wednesday",
                                                               "thursday", "friday", "saturday"};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr bool same_word(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The index of the name whose first three letters `word` is, or -1.
constexpr int index_of_name(std::string_view word, std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (same_word(word, names[i].substr(0, 3))) return static_cast<int>(i);
  return -1;
}

/// Whether one slip of the finger turns one word into the other: a letter wrong, missing, too many, or two
/// exchanged.
constexpr bool nearly_same(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) return nearly_same(b, a);
  if (a.size() - b.size() > 1) return false;
  std::size_t i = 0;
  while (i < b.size() && lower(a[i]) == lower(b[i])) ++i;
  if (a.size() > b.size()) return same_word(a.substr(i + 1), b.substr(i));
  if (i >= b.size() || same_word(a.substr(i + 1), b.substr(i + 1))) return true;
  return i + 1 < b.size() && lower(a[i]) == lower(b[i + 1]) && lower(a[i + 1]) == lower(b[i]) &&
         same_word(a.substr(i + 2), b.substr(i + 2));
}

/// The three letters that `word` was perhaps meant to be; empty if none come near.
constexpr std::string_view similar_name(std::string_view word, std::span<const std::string_view> names) {
  if (word.size() > 3)
    for (const auto name : names)
      if (nearly_same(word, name) || same_word(word, name.substr(0, word.size()))) return name.substr(0, 3);
  const auto exchanged = [&](std::string_view name) {
    return word.size() == 3 && (lower(word[0]) == name[0] || lower(word[0]) == name[1]) &&
           nearly_same(word, name);
  };
  for (const auto name : names)
    if (exchanged(name.substr(0, 3))) return name.substr(0, 3);
  for (const auto name : names)
    if (nearly_same(word, name.substr(0, 3))) return name.substr(0, 3);
  return {};
}

/// What a field may hold in a dialect.
struct cron_field_rule {
  cron_field field;
  std::string_view name;  ///< In messages.
  int least;
  int most;
  std::span<const std::string_view> names;
};

constexpr cron_field_rule rule_of(cron_dialect dialect, cron_field field) {
  const bool quartz = dialect == cron_dialect::quartz;
  switch (field) {
    case cron_field::year: return {field, "year", 1970, quartz ? 2099 : 9999, {}};
    case cron_field::month: return {field, "month", 1, 12, month_names};
    case cron_field::day: return {field, "day", 1, 31, {}};
    case cron_field::week: return {field, "week", 1, 53, {}};
    case cron_field::weekday:
      if (quartz) return {field, "weekday", 1, 7, weekday_names};
      return {field, "weekday", 0, dialect == cron_dialect::crontab ? 7 : 6, weekday_names};
    case cron_field::hour: return {field, "hour", 0, 23, {}};
    case cron_field::minute: return {field, "minute", 0, 59, {}};
    case cron_field::second: break;
  }
  return {cron_field::second, "second", 0, 59, {}};
}

/// A weekday's number in the dialect, from 0 = Sunday.
constexpr int weekday_number(cron_dialect dialect, int weekday) {
  switch (dialect) {
    case cron_dialect::quartz: return weekday + 1;
    case cron_dialect::named: return (weekday + 6) % 7;
    case cron_dialect::crontab: break;
  }
  return weekday;
}

/// Weekdays as bits from 0 = Sunday, out of bits by the dialect's numbers.
constexpr std::uint32_t weekdays_from(cron_dialect dialect, std::uint64_t numbers) {
  std::uint32_t weekdays = 0;
  for (int weekday = 0; weekday < 7; ++weekday)
    if (numbers >> weekday_number(dialect, weekday) & 1) weekdays |= 1U << weekday;
  if (dialect == cron_dialect::crontab && (numbers >> 7 & 1)) weekdays |= 1U;
  return weekdays;
}

/// The five fields that a crontab's macro stands for; empty if there is no such macro.
constexpr std::string_view macro_fields(std::string_view macro) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> macros{{{"@yearly", "0 0 1 1 *"},
                                                                                 {"@annually", "0 0 1 1 *"},
                                                                                 {"@monthly", "0 0 1 * *"},
                                                                                 {"@weekly", "0 0 * * 0"},
                                                                                 {"@daily", "0 0 * * *"},
                                                                                 {"@midnight", "0 0 * * *"},
                                                                                 {"@hourly", "0 * * * *"}}};
  for (const auto& [name, fields] : macros)
    if (same_word(macro, name)) return fields;
  return {};
}

}  // namespace carillon::detail
