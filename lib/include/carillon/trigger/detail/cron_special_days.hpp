#pragma once
// Part of cron_field_reader.hpp, which includes it: days of the month that are not numbers.
#include <carillon/trigger/detail/cron_field_reader.hpp>

namespace carillon::detail {

/// Reads L, L-3, LW or L-3W.
constexpr bool cron_field_reader::read_last_day() {
  const auto begin = at_++;
  int back = 0;
  const bool extended = quartz();
  if (extended && take('-')) {
    const auto digits = at_;
    while (is_digit(peek()) && back < 100) back = back * 10 + (text_[at_++] - '0');
    if (digits == at_ || back > 30) {
      refuse(digits) << "L-" << text_.substr(digits, at_ - digits)
                     << ": 0 to 30 days before the month's last";
      return false;
    }
  }
  fields_.special_days = true;
  if (extended && take('w')) {
    fields_.weekdays_nearest_last |= 1U << back;
  } else {
    fields_.days_before_last |= 1U << back;
  }
  if (ends()) return true;
  if (!extended && (peek() == '-' || lower(peek()) == 'w')) return refuse_quartz_only(begin);
  return refuse_character();
}

/// Reads the W of 15W.
constexpr bool cron_field_reader::read_nearest(value day) {
  if (!quartz()) return refuse_quartz_only(at_);
  ++at_;
  fields_.special_days = true;
  fields_.weekdays_nearest |= 1U << day.number;
  return true;
}

/// Reads the L of 5L, or the # of fri#2.
constexpr bool cron_field_reader::read_nth(std::size_t begin, value weekday) {
  const auto bit = static_cast<std::uint8_t>(weekdays_from(dialect_, 1ULL << weekday.number));
  fields_.special_days = true;
  if (!take('#')) {
    ++at_;
    fields_.last_weekdays |= bit;
    return true;
  }
  if (peek() >= '1' && peek() <= '5' && ends(1)) {
    fields_.nth_weekdays[static_cast<std::size_t>(text_[at_++] - '1')] |= bit;
    return true;
  }
  std::size_t end = at_;
  while (end < text_.size() && text_[end] != ',') ++end;
  refuse(at_) << text_.substr(begin, end - begin) << ": # is followed by 1 to 5";
  return false;
}

/// Reads "2nd fri", "last sun" or "last".
constexpr bool cron_field_reader::read_weekday_in_month() {
  constexpr std::array<std::string_view, 6> ordinals{"1st", "2nd", "3rd", "4th", "5th", "last"};
  const auto begin = at_;
  while (is_digit(peek()) || is_letter(peek())) ++at_;
  const auto word = text_.substr(begin, at_ - begin);
  std::size_t nth = 0;
  while (nth < ordinals.size() && !same_word(word, ordinals[nth])) ++nth;
  if (nth == ordinals.size()) {
    if (same_word(word, "L")) problem_.hint << "did you mean last?";
    refuse(begin) << "day '" << word << "': a number, last, or 1st to 5th or last with a weekday";
    return false;
  }
  skip_blanks();
  fields_.special_days = true;
  if (ends() && nth == 5) {
    fields_.days_before_last |= 1U;
    return true;
  }
  const auto name = at_;
  while (is_letter(peek())) ++at_;
  const auto weekday = index_of_name(text_.substr(name, at_ - name), weekday_names);
  if (weekday < 0) return refuse_weekday_after(name, word);
  const auto bit = static_cast<std::uint8_t>(1U << weekday);
  (nth == 5 ? fields_.last_weekdays : fields_.nth_weekdays[nth]) |= bit;
  return true;
}

}  // namespace carillon::detail
