// The questions about a cron expression: searches over bit sets, dates first, then times of day.
#include <algorithm>
#include <bit>
#include <carillon/trigger/cron_expression.hpp>

namespace carillon {

namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::seconds;

constexpr int first_year = 1;
constexpr int last_year = 9999;
constexpr local_days first_date{std::chrono::year{first_year} / 1 / 1};
constexpr local_days end_date{std::chrono::year{last_year + 1} / 1 / 1};
constexpr days calendar_round{146'097};  // 400 years, a whole number of weeks

struct civil_date {
  int year;
  unsigned month;
  unsigned day;

  explicit civil_date(local_days date) noexcept {
    const std::chrono::year_month_day ymd{date};
    year = static_cast<int>(ymd.year());
    month = static_cast<unsigned>(ymd.month());
    day = static_cast<unsigned>(ymd.day());
  }
};

local_days date_of(int year, unsigned month, unsigned day) noexcept {
  return local_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)};
}

template <typename Bits>
constexpr unsigned lowest(Bits bits) noexcept {
  return static_cast<unsigned>(std::countr_zero(bits));
}
template <typename Bits>
constexpr unsigned highest(Bits bits) noexcept {
  return static_cast<unsigned>(std::bit_width(bits)) - 1;
}
/// The bits from `from` on; none if `from` lies beyond them.
template <typename Bits>
constexpr Bits from_bit(Bits bits, unsigned from) noexcept {
  return from >= sizeof(Bits) * 8 ? Bits{0} : static_cast<Bits>(bits >> from << from);
}
/// The bits below `end`.
template <typename Bits>
constexpr Bits below_bit(Bits bits, unsigned end) noexcept {
  return end >= sizeof(Bits) * 8 ? bits : static_cast<Bits>(bits & ~(~Bits{0} << end));
}

struct time_of_day {
  unsigned hour, minute, second;

  explicit time_of_day(seconds since_midnight) noexcept {
    const auto count = static_cast<unsigned>(since_midnight.count());
    hour = count / 3600;
    minute = count / 60 % 60;
    second = count % 60;
  }
};

seconds at(unsigned hour, unsigned minute, unsigned second) noexcept {
  return seconds{hour * 3600 + minute * 60 + second};
}

/// The first time of day from `from` on.
std::optional<seconds> time_from(const cron_fields& fields, seconds from) noexcept {
  const time_of_day time(from);
  if (fields.hours >> time.hour & 1) {
    if (fields.minutes >> time.minute & 1)
      if (const auto rest = from_bit(fields.seconds, time.second))
        return at(time.hour, time.minute, lowest(rest));
    if (const auto rest = from_bit(fields.minutes, time.minute + 1))
      return at(time.hour, lowest(rest), lowest(fields.seconds));
  }
  if (const auto rest = from_bit(fields.hours, time.hour + 1))
    return at(lowest(rest), lowest(fields.minutes), lowest(fields.seconds));
  return std::nullopt;
}

/// The last time of day up to `to`.
std::optional<seconds> time_to(const cron_fields& fields, seconds to) noexcept {
  const time_of_day time(to);
  if (fields.hours >> time.hour & 1) {
    if (fields.minutes >> time.minute & 1)
      if (const auto rest = below_bit(fields.seconds, time.second + 1))
        return at(time.hour, time.minute, highest(rest));
    if (const auto rest = below_bit(fields.minutes, time.minute))
      return at(time.hour, highest(rest), highest(fields.seconds));
  }
  if (const auto rest = below_bit(fields.hours, time.hour))
    return at(highest(rest), highest(fields.minutes), highest(fields.seconds));
  return std::nullopt;
}

template <typename Bits>
std::uint64_t size_of(Bits bits) noexcept {
  return static_cast<std::uint64_t>(std::popcount(bits));
}

/// How many times of day come before `end`.
std::uint64_t times_before(const cron_fields& fields, seconds end) noexcept {
  const auto an_hour = size_of(fields.minutes) * size_of(fields.seconds);
  if (end >= days{1}) return size_of(fields.hours) * an_hour;
  const time_of_day time(end);
  auto times = size_of(below_bit(fields.hours, time.hour)) * an_hour;
  if ((fields.hours >> time.hour & 1) == 0) return times;
  times += size_of(below_bit(fields.minutes, time.minute)) * size_of(fields.seconds);
  if (fields.minutes >> time.minute & 1) times += size_of(below_bit(fields.seconds, time.second));
  return times;
}

}  // namespace

bool cron_expression::in_year(int year) const noexcept {
  if (fields_.any_year) return true;
  const auto offset = year - cron_fields::first_year;
  if (offset < 0) return false;
  const auto bit = static_cast<std::size_t>(offset);
  const auto word = bit / 64;
  if (word < fields_.years.size()) return fields_.years[word] >> (bit % 64) & 1;
  return far_years_ && word < far_years_->size() && ((*far_years_)[word] >> (bit % 64) & 1);
}

/// The first year of the expression from `year` on, or one after the last.
int cron_expression::next_year(int year) const noexcept {
  const int last =
      fields_.any_year || far_years_ ? last_year : cron_fields::first_year + cron_fields::near_years - 1;
  if (!fields_.any_year) year = std::max(year, cron_fields::first_year);
  while (year <= last && !in_year(year)) ++year;
  return year <= last ? year : last_year + 1;
}

/// The last year of the expression up to `year`, or one before the first.
int cron_expression::previous_year(int year) const noexcept {
  const int first = fields_.any_year ? first_year : cron_fields::first_year;
  if (!fields_.any_year && !far_years_)
    year = std::min(year, cron_fields::first_year + cron_fields::near_years - 1);
  while (year >= first && !in_year(year)) --year;
  return year >= first ? year : first_year - 1;
}

std::uint32_t cron_expression::days_in(int year, unsigned month) const noexcept {
  return detail::matching_days(fields_, std::chrono::year{year}, std::chrono::month{month});
}

/// The days, as bits, of the month that `day` lies in; none if its year or month is not meant.
std::uint32_t cron_expression::days_around(local_days day,
                                           const std::chrono::year_month_day& date) const noexcept {
  if ((fields_.months >> static_cast<unsigned>(date.month()) & 1) == 0 ||
      !in_year(static_cast<int>(date.year())))
    return 0;
  return detail::matching_days(fields_, detail::cron_month(day, date), date.year(), date.month());
}

bool cron_expression::fires_on(local_days day) const noexcept {
  const std::chrono::year_month_day date{day};
  return days_around(day, date) >> static_cast<unsigned>(date.day()) & 1;
}

/// The first date from the beginning of a month on; the month may be the 13th.
std::optional<local_days> cron_expression::first_day(int year, unsigned month) const noexcept {
  auto months = from_bit(fields_.months, month);
  for (int at = next_year(year); at <= last_year; at = next_year(at + 1)) {
    if (at != year) months = fields_.months;
    for (; months != 0; months &= months - 1)
      if (const auto dates = days_in(at, lowest(months))) return date_of(at, lowest(months), lowest(dates));
  }
  return std::nullopt;
}

/// The last date up to the end of a month; the month may be the 0th.
std::optional<local_days> cron_expression::last_day(int year, unsigned month) const noexcept {
  auto months = below_bit(fields_.months, month + 1);
  for (int at = previous_year(year); at >= first_year; at = previous_year(at - 1)) {
    if (at != year) months = fields_.months;
    for (; months != 0; months ^= 1U << highest(months))
      if (const auto dates = days_in(at, highest(months)))
        return date_of(at, highest(months), highest(dates));
  }
  return std::nullopt;
}

std::optional<wall_time> cron_expression::next_wall(wall_time after) const noexcept {
  if (after < first_date) after = first_date - milliseconds{1};
  const auto from = std::chrono::floor<seconds>(after) + seconds{1};
  if (from >= end_date) return std::nullopt;
  const auto today = std::chrono::floor<days>(from);
  const std::chrono::year_month_day date{today};
  const auto day = static_cast<unsigned>(date.day());
  const auto dates = days_around(today, date);
  if (dates >> day & 1)
    if (const auto time = time_from(fields_, from - today)) return today + *time;
  const auto first_time = at(lowest(fields_.hours), lowest(fields_.minutes), lowest(fields_.seconds));
  if (const auto rest = from_bit(dates, day + 1)) return today + days{lowest(rest) - day} + first_time;
  const auto later = first_day(static_cast<int>(date.year()), static_cast<unsigned>(date.month()) + 1);
  return later ? std::optional<wall_time>{*later + first_time} : std::nullopt;
}

std::optional<wall_time> cron_expression::previous_wall(wall_time before) const noexcept {
  if (before > end_date) before = end_date;
  if (before <= first_date) return std::nullopt;
  const auto to = std::chrono::ceil<seconds>(before) - seconds{1};
  const auto today = std::chrono::floor<days>(to);
  const std::chrono::year_month_day date{today};
  const auto day = static_cast<unsigned>(date.day());
  const auto dates = days_around(today, date);
  if (dates >> day & 1)
    if (const auto time = time_to(fields_, to - today)) return today + *time;
  const auto last_time = at(highest(fields_.hours), highest(fields_.minutes), highest(fields_.seconds));
  if (const auto rest = below_bit(dates, day)) return today - days{day - highest(rest)} + last_time;
  const auto earlier = last_day(static_cast<int>(date.year()), static_cast<unsigned>(date.month()) - 1);
  return earlier ? std::optional<wall_time>{*earlier + last_time} : std::nullopt;
}

/// How many dates of the expression lie in [from, to): by months, and by rounds of the calendar beyond 400
/// years.
std::uint64_t cron_expression::count_days(local_days from, local_days to) const noexcept {
  std::uint64_t found = 0;
  if (fields_.any_year && to - from > calendar_round) {
    const auto rounds = (to - from) / calendar_round;
    found = static_cast<std::uint64_t>(rounds) * count_days(from, from + calendar_round);
    from += rounds * calendar_round;
  }
  if (from >= to) return found;
  const civil_date begin(from);
  const civil_date last(to - days{1});
  for (int year = next_year(begin.year); year <= last.year; year = next_year(year + 1)) {
    for (auto months = fields_.months; months != 0; months &= months - 1) {
      const auto month = lowest(months);
      if ((year == begin.year && month < begin.month) || (year == last.year && month > last.month)) continue;
      auto dates = days_in(year, month);
      if (year == begin.year && month == begin.month) dates = from_bit(dates, begin.day);
      if (year == last.year && month == last.month) dates = below_bit(dates, last.day + 1);
      found += size_of(dates);
    }
  }
  return found;
}

std::uint64_t cron_expression::count_walls(wall_time from, wall_time to) const noexcept {
  from = std::max(from, wall_time{first_date} - milliseconds{1});
  to = std::min(to, wall_time{end_date} - milliseconds{1});
  if (from >= to) return 0;
  const auto begin = std::chrono::floor<seconds>(from) + seconds{1};  // count in [begin, end)
  const auto end = std::chrono::floor<seconds>(to) + seconds{1};
  const auto first = std::chrono::floor<days>(begin);
  const auto last = std::chrono::floor<days>(end);
  auto walls = count_days(first, last) * times_before(fields_, days{1});
  if (last < end_date && end > last && fires_on(last)) walls += times_before(fields_, end - last);
  if (begin > first && fires_on(first)) walls -= times_before(fields_, begin - first);
  return walls;
}

std::uint64_t cron_expression::count_wall_pairs(wall_time from, wall_time to,
                                                milliseconds distance) const noexcept {
  using std::chrono::minutes;
  if (distance % seconds{1} != milliseconds::zero() || from >= to) return 0;
  const auto begin = std::chrono::floor<seconds>(from) + seconds{1};
  const auto end = std::chrono::floor<seconds>(to) + seconds{1};
  const auto whole = std::chrono::floor<minutes>(distance);
  const auto part = static_cast<unsigned>(std::chrono::duration_cast<seconds>(distance - whole).count());
  std::optional<local_days> seen;  // the day last asked for, and whether anything fires on it
  bool seen_fires = false;
  const auto seconds_at = [&](wall_time minute) -> std::uint64_t {  // the seconds within a minute, as bits
    const auto day = std::chrono::floor<days>(minute);
    const time_of_day time(std::chrono::floor<seconds>(minute - day));
    if ((fields_.minutes >> time.minute & 1) == 0 || (fields_.hours >> time.hour & 1) == 0) return 0;
    if (seen != day) seen_fires = fires_on(day);
    seen = day;
    return seen_fires ? fields_.seconds : 0;
  };
  std::uint64_t pairs = 0;
  for (auto minute = std::chrono::floor<minutes>(begin); minute < end; minute += minutes{1}) {
    auto own = seconds_at(minute);
    if (minute < begin) own = from_bit(own, static_cast<unsigned>((begin - minute).count()));
    if (end - minute < minutes{1}) own = below_bit(own, static_cast<unsigned>((end - minute).count()));
    if (own == 0) continue;
    auto shifted = seconds_at(minute + whole) >> part;
    if (part != 0) shifted |= seconds_at(minute + whole + minutes{1}) << (60 - part);
    pairs += size_of(own & shifted);
  }
  return pairs;
}

}  // namespace carillon
