#include "trigger/calendar_walls.hpp"

#include <algorithm>
#include <numeric>

#include "time/floor_divide.hpp"

namespace carillon {

using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::year_month_day;

namespace {

constexpr local_days last_date{std::chrono::local_days{std::chrono::year{9999} / 12 / 31}};
constexpr std::int64_t months_of_400_years = 4'800;
constexpr std::int64_t month_after_all = 120'000;  // January of year 10000

std::int64_t month_of(local_days day) noexcept {
  const year_month_day date{day};
  return std::int64_t{static_cast<int>(date.year())} * 12 + static_cast<unsigned>(date.month()) - 1;
}

}  // namespace

calendar_dates::calendar_dates(const rules::calendar& rule, date start, std::int64_t first_step,
                               search_budget& budget) noexcept
    : months_{rule.step_months()},
      days_{rule.step_days()},
      clamp_{rule.clamp},
      start_{start},
      start_month_{month_of(start)},
      day_{rule.on != 0 ? rule.on : static_cast<unsigned>(year_month_day{start}.day())},
      first_step_{first_step},
      budget_{&budget} {}

std::optional<calendar_dates::date> calendar_dates::in_month(std::int64_t month) const noexcept {
  const auto year = floor_divide(month, 12);
  if (year < 1 || year > 9999) return std::nullopt;
  const auto of_year = static_cast<unsigned>(month - year * 12) + 1;
  const auto last =
      std::chrono::year{static_cast<int>(year)} / std::chrono::month{of_year} / std::chrono::last;
  const auto length = static_cast<unsigned>(last.day());
  if (day_ > length && !clamp_) return std::nullopt;
  return local_days{last.year() / last.month() / std::chrono::day{std::min(day_, length)}};
}

/// The date of a step of months alone or days alone; none if it does not exist.
std::optional<calendar_dates::date> calendar_dates::in_step(std::int64_t step) const noexcept {
  if (months_ == 0) return start_ + std::chrono::days{step * days_};
  return in_month(start_month_ + step * months_);
}

/// The step that `day` belongs to, or would.
std::int64_t calendar_dates::step_of(date day) const noexcept {
  if (months_ == 0) return floor_divide((day - start_).count(), days_);
  return floor_divide(month_of(day) - start_month_, months_);
}

/// The last step whose date, if it exists, is not after `day`.
std::int64_t calendar_dates::last_step_until(date day) const noexcept {
  const auto step = step_of(day);
  const auto found = in_step(step);
  return found && *found > day ? step - 1 : step;
}

/// The first date of a chain of mixed steps.
std::optional<calendar_dates::date> calendar_dates::chain_begin() const noexcept {
  for (auto month = start_month_; month < month_after_all; month += months_)
    if (const auto found = in_month(month)) return found;
  return std::nullopt;
}

/// The date that follows from `previous` where months and days are mixed.
std::optional<calendar_dates::date> calendar_dates::after(date previous) const noexcept {
  budget_->spend(1);
  auto from_here = *this;
  from_here.day_ = static_cast<unsigned>(year_month_day{previous}.day());
  for (auto month = month_of(previous) + months_; month < month_after_all; month += months_) {
    const auto found = from_here.in_month(month);
    if (found) return *found + std::chrono::days{days_};
  }
  return std::nullopt;
}

std::optional<calendar_dates::date> calendar_dates::first_from(date day) const noexcept {
  if (day > last_date) return std::nullopt;
  if (months_ != 0 && days_ != 0) {
    std::int64_t step = 0;
    auto found = chain_begin();
    while (found && (*found < day || step < first_step_)) {
      found = after(*found);
      ++step;
    }
    return found && *found <= last_date ? found : std::nullopt;
  }
  for (auto step = std::max(step_of(day), first_step_); step < step_of(last_date) + 1; ++step) {
    const auto found = in_step(step);
    if (found && *found >= day) return found;
  }
  return std::nullopt;
}

std::optional<calendar_dates::date> calendar_dates::last_until(date day) const noexcept {
  if (months_ != 0 && days_ != 0) {
    std::int64_t step = 0;
    std::optional<date> last;
    for (auto found = chain_begin(); found && *found <= day; found = after(*found))
      if (step++ >= first_step_) last = found;
    return last;
  }
  for (auto step = last_step_until(day); step >= first_step_; --step)
    if (const auto found = in_step(step)) return found;
  return std::nullopt;
}

/// How many of `steps` steps of months have a date that exists. Which do repeats after 400 years.
std::uint64_t calendar_dates::existing(std::int64_t from, std::int64_t steps) const noexcept {
  if (clamp_ || day_ <= 28 || months_ == 0) return static_cast<std::uint64_t>(steps);
  const auto cycle = months_of_400_years / std::gcd(months_, months_of_400_years);
  const auto walk = [&](std::int64_t number) {
    std::uint64_t found = 0;
    for (std::int64_t step = from; step < from + number; ++step) found += in_step(step) ? 1U : 0U;
    return found;
  };
  return steps <= cycle ? walk(steps)
                        : static_cast<std::uint64_t>(steps / cycle) * walk(cycle) + walk(steps % cycle);
}

std::uint64_t calendar_dates::count(date from, date to) const noexcept {
  to = std::min(to, last_date);
  if (from >= to) return 0;
  if (months_ != 0 && days_ != 0) {
    std::uint64_t dates = 0;
    std::int64_t step = 0;
    for (auto found = chain_begin(); found && *found <= to; found = after(*found))
      dates += step++ >= first_step_ && *found > from ? 1U : 0U;
    return dates;
  }
  const auto begin = std::max(last_step_until(from) + 1, first_step_);
  const auto end = last_step_until(to) + 1;
  return begin < end ? existing(begin, end - begin) : 0;
}

std::optional<wall_time> calendar_walls::next_wall(wall_time after) const {
  const auto today = floor<std::chrono::days>(after);
  auto date = dates_.first_from(today);
  if (date == today) {
    const auto time = std::ranges::upper_bound(rule_.times, after - wall_time{today});
    if (time != rule_.times.end()) return today + *time;
    date = dates_.first_from(today + std::chrono::days{1});
  }
  if (!date) return std::nullopt;
  return *date + rule_.times.front();
}

std::optional<wall_time> calendar_walls::previous_wall(wall_time before) const {
  const auto today = floor<std::chrono::days>(before);
  auto date = dates_.last_until(today);
  if (date == today) {
    const auto time = std::ranges::lower_bound(rule_.times, before - wall_time{today});
    if (time != rule_.times.begin()) return today + *std::prev(time);
    date = dates_.last_until(today - std::chrono::days{1});
  }
  if (!date) return std::nullopt;
  return *date + rule_.times.back();
}

std::uint64_t calendar_walls::count_walls(wall_time from, wall_time to) const {
  if (from >= to) return 0;
  const auto first_day = floor<std::chrono::days>(from);
  const auto last_day = floor<std::chrono::days>(to);
  const auto times_until = [this](wall_time time, calendar_dates::date day) {
    return static_cast<std::uint64_t>(std::ranges::upper_bound(rule_.times, time - wall_time{day}) -
                                      rule_.times.begin());
  };
  const auto fires_on = [this](calendar_dates::date day) { return dates_.first_from(day) == day; };
  auto walls = dates_.count(first_day, last_day) * rule_.times.size();
  if (fires_on(first_day)) walls += rule_.times.size() - times_until(from, first_day);
  if (fires_on(last_day)) walls -= rule_.times.size() - times_until(to, last_day);
  return walls;
}

}  // namespace carillon
