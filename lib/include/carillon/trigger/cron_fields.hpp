#pragma once
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace carillon {

/// Whose rules an expression is written by (docs/triggers.md).
enum class cron_dialect : std::uint8_t {
  crontab,  ///< 5 fields, or 6 with seconds first; 0 and 7 are Sunday; of two restricted day fields either
            ///< may match.
  quartz,   ///< 6 or 7 fields; 1 is Sunday; one of the day fields is `?`.
  named,    ///< APScheduler's fields by name; 0 is Monday; all fields must match.
};

enum class cron_field : std::uint8_t { year, month, day, week, weekday, hour, minute, second };
inline constexpr std::size_t cron_field_count = 8;

/// What a cron expression says, as sets of bits: bit n of a set stands for the value n. Weekday 0 is Sunday
/// in every dialect.
struct cron_fields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t months = 0;

  std::uint32_t days = 0;              ///< Of the month.
  std::uint32_t days_before_last = 0;  ///< Bit n: n days before the month's last (L, L-3).
  std::uint32_t weekdays_nearest = 0;  ///< Bit n: the working day nearest to day n (15W).
  std::uint32_t weekdays_nearest_last =
      0;                       ///< Bit n: the working day nearest to n days before the last (LW).
  std::uint32_t weekdays = 0;  ///< Every such weekday.
  std::array<std::uint8_t, 5> nth_weekdays{};  ///< The first, second … such weekday of the month (fri#2).
  std::uint8_t last_weekdays = 0;              ///< The last such weekday of the month (5L).

  std::uint64_t weeks = any_week;                           ///< ISO weeks of the date's own ISO year.
  std::array<std::uint64_t, 3> years{~0ULL, ~0ULL, ~0ULL};  ///< Bit n: the year 1970 + n.
  bool any_year = true;  ///< Years are not restricted, before 1970 neither.

  bool either_day = false;  ///< A date matches by its number or by its weekday; else by both.
  bool nth_are_numbers =
      false;  ///< `nth_weekdays` and `last_weekdays` belong to the numbers, not to the weekdays.
  bool special_days = false;       ///< Any set but `days` and `weekdays` restricts the dates.
  bool follows_real_time = false;  ///< The hour field is written `*`, or begins with `*/n`.
  bool drawn = false;  ///< The job's id decides for some of these values: `cron_expression::for_job`.

  static constexpr std::uint64_t any_week = ((1ULL << 53) - 1) << 1;
  static constexpr std::uint32_t any_day = 0xFFFF'FFFEU;
  static constexpr std::uint32_t any_weekday = 0x7FU;
  static constexpr int first_year = 1970;
  static constexpr int near_years = 3 * 64;  ///< How many years `years` holds.

  friend bool operator==(const cron_fields&, const cron_fields&) = default;
};

namespace detail {

/// A month, and what the calendar says of it.
struct cron_month {
  unsigned length;         ///< In days.
  unsigned first_weekday;  ///< Of its first day; 0 is Sunday.

  constexpr cron_month(std::chrono::year year, std::chrono::month month) noexcept
      : cron_month(std::chrono::local_days{year / month / 1}, {year, month, std::chrono::day{1}}) {}
  /// The month of a day, whose date is known: saves a conversion.
  constexpr cron_month(std::chrono::local_days day, const std::chrono::year_month_day& date) noexcept
      : length{static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day())},
        first_weekday{(std::chrono::weekday{day}.c_encoding() + 36 - static_cast<unsigned>(date.day())) % 7} {
  }
  constexpr unsigned weekday_of(unsigned day) const noexcept { return (first_weekday + day - 1) % 7; }
  constexpr std::uint32_t all() const noexcept { return 0xFFFF'FFFEU >> (31 - length) & 0xFFFF'FFFEU; }
};

/// The working day (Monday to Friday) nearest to a day, within the month.
constexpr unsigned nearest_working_day(const cron_month& month, unsigned day) noexcept {
  const auto weekday = month.weekday_of(day);
  if (weekday == 6) return day == 1 ? 3 : day - 1;
  if (weekday == 0) return day == month.length ? day - 2 : day + 1;
  return day;
}

/// The days of a month, as bits, on which one of `weekdays` falls.
constexpr std::uint32_t spread_weekdays(std::uint32_t weekdays, const cron_month& month) noexcept {
  constexpr std::uint64_t every_week = 1ULL | 1ULL << 7 | 1ULL << 14 | 1ULL << 21 | 1ULL << 28 | 1ULL << 35;
  return static_cast<std::uint32_t>(weekdays * every_week >> month.first_weekday << 1) & month.all();
}

constexpr std::uint32_t nth_weekday_days(const cron_fields& fields, const cron_month& month) noexcept {
  std::uint32_t days = 0;
  for (unsigned nth = 0; nth < fields.nth_weekdays.size(); ++nth)
    days |= spread_weekdays(fields.nth_weekdays[nth], month) & (0xFEU << (7 * nth));
  const auto last_seven = month.all() & ~(month.all() >> 7);
  return days | (spread_weekdays(fields.last_weekdays, month) & last_seven);
}

constexpr std::uint32_t numbered_days(const cron_fields& fields, const cron_month& month) noexcept {
  std::uint32_t days = fields.days & month.all();
  for (auto rest = fields.days_before_last; rest != 0; rest &= rest - 1) {
    const auto back = static_cast<unsigned>(std::countr_zero(rest));
    if (back < month.length) days |= 1U << (month.length - back);
  }
  for (auto rest = fields.weekdays_nearest & month.all(); rest != 0; rest &= rest - 1)
    days |= 1U << nearest_working_day(month, static_cast<unsigned>(std::countr_zero(rest)));
  for (auto rest = fields.weekdays_nearest_last; rest != 0; rest &= rest - 1) {
    const auto back = static_cast<unsigned>(std::countr_zero(rest));
    if (back < month.length) days |= 1U << nearest_working_day(month, month.length - back);
  }
  return days;
}

/// The days of a month whose ISO week is in the set.
constexpr std::uint32_t days_of_weeks(std::uint64_t weeks, std::chrono::year year,
                                      std::chrono::month month) noexcept {
  using namespace std::chrono;
  const local_days first{year / month / 1};
  const auto length = cron_month(year, month).length;
  auto thursday =
      first - (weekday{first} - Monday) + days{3};  // an ISO week belongs to the year of its Thursday
  std::uint32_t matching = 0;
  for (int begin = -static_cast<int>((weekday{first} - Monday).count()); begin < static_cast<int>(length);
       begin += 7, thursday += days{7}) {
    const auto new_year = local_days{year_month_day{thursday}.year() / January / 1};
    const auto week = (thursday - new_year).count() / 7 + 1;
    if ((weeks >> week & 1) == 0) continue;
    for (int day = begin < 0 ? 0 : begin; day < begin + 7 && day < static_cast<int>(length); ++day)
      matching |= 2U << day;
  }
  return matching;
}

/// The days of a month, as bits 1 to 31, on which an expression fires; its year and month sets are not asked.
constexpr std::uint32_t matching_days(const cron_fields& fields, const cron_month& shape,
                                      std::chrono::year year, std::chrono::month month) noexcept {
  auto by_weekday = spread_weekdays(fields.weekdays, shape);
  auto by_number = fields.days & shape.all();
  if (fields.special_days) {
    by_number = numbered_days(fields, shape);
    (fields.nth_are_numbers ? by_number : by_weekday) |= nth_weekday_days(fields, shape);
  }
  auto days = fields.either_day ? by_number | by_weekday : by_number & by_weekday;
  if (fields.weeks != cron_fields::any_week) days &= days_of_weeks(fields.weeks, year, month);
  return days;
}
constexpr std::uint32_t matching_days(const cron_fields& fields, std::chrono::year year,
                                      std::chrono::month month) noexcept {
  return matching_days(fields, cron_month(year, month), year, month);
}

}  // namespace detail
}  // namespace carillon
