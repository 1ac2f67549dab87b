#include <algorithm>

#include "trigger/combination_fires.hpp"

namespace carillon {

using std::chrono::days;

except_fires::date except_fires::date_of(instant time) const {
  return std::chrono::floor<days>(asked_.where.to_wall(time));
}

/// The first instant of a date.
instant except_fires::begin_of(date day) const {
  const auto midnight = asked_.where.lookup(day);
  return midnight.kind == wall_kind::gap ? midnight.change : midnight.first;
}

result<bool> except_fires::on_excluded_date(instant time) const {
  if (rule_.dates.empty() && rule_.calendars.empty()) return false;
  const auto day = date_of(time);
  if (std::ranges::binary_search(rule_.dates, day)) return true;
  for (const auto& name : rule_.calendars) {
    const auto* dates = asked_.calendars ? asked_.calendars->find(name) : nullptr;
    if (!dates) return errc::unknown_calendar;
    if (std::ranges::binary_search(*dates, day)) return true;
  }
  return false;
}

result<bool> except_fires::excluded_by_other(instant time) const {
  for (const auto& other : rule_.others) {
    const auto found = fires_at(other.node(), asked_, time);
    if (!found || *found) return found;
  }
  return false;
}

result<fire> except_fires::next(instant after) const {
  for (int step = 0; step < search_bound; ++step) {
    if (!asked_.budget->spend(1 + rule_.others.size())) break;
    const auto found = carillon::next(rule_.base.node(), asked_, after);
    if (!found || !*found) return found;
    after = **found;
    const auto on_date = on_excluded_date(after);
    if (!on_date) return on_date.error();
    if (*on_date) {
      after = std::max(after, begin_of(date_of(after) + days{1}) - tick);
      continue;
    }
    const auto by_other = excluded_by_other(after);
    if (!by_other) return by_other.error();
    if (!*by_other) return found;
  }
  return errc::search_exhausted;
}

result<fire> except_fires::previous(instant before) const {
  for (int step = 0; step < search_bound; ++step) {
    if (!asked_.budget->spend(1 + rule_.others.size())) break;
    const auto found = carillon::previous(rule_.base.node(), asked_, before);
    if (!found || !*found) return found;
    before = **found;
    const auto on_date = on_excluded_date(before);
    if (!on_date) return on_date.error();
    if (*on_date) {
      const auto midnight = asked_.where.lookup(date_of(before));
      if (midnight.kind != wall_kind::overlap) before = std::min(before, begin_of(date_of(before)));
      continue;
    }
    const auto by_other = excluded_by_other(before);
    if (!by_other) return by_other.error();
    if (!*by_other) return found;
  }
  return errc::search_exhausted;
}

/// The excluded dates of which an instant may lie in (from, to].
result<std::vector<except_fires::date>> except_fires::dates_between(instant from, instant to) const {
  const auto first = date_of(std::max(from, earliest_instant)) - days{1};
  const auto last = date_of(std::min(to, latest_instant)) + days{1};
  std::vector<date> found;
  const auto add = [&](const std::vector<date>& dates) {
    found.insert(found.end(), std::ranges::lower_bound(dates, first), std::ranges::upper_bound(dates, last));
  };
  add(rule_.dates);
  for (const auto& name : rule_.calendars) {
    const auto* dates = asked_.calendars ? asked_.calendars->find(name) : nullptr;
    if (!dates) return errc::unknown_calendar;
    add(*dates);
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

result<std::uint64_t> except_fires::count_on_date(date day, instant from, instant to) const {
  const auto begin = asked_.where.lookup(day);
  const auto end = asked_.where.lookup(day + days{1});
  const auto after = std::max(from, begin_of(day) - tick);
  if (begin.kind != wall_kind::overlap && end.kind != wall_kind::overlap) {
    const auto last = std::min(to, begin_of(day + days{1}) - tick);
    return after < last ? carillon::count(rule_.base.node(), asked_, after, last) : 0;
  }
  std::uint64_t fires = 0;  // the clocks were set back over midnight: part of another date lies within
  const auto last = std::min(to, end.kind == wall_kind::gap ? end.change : end.second);
  for (auto found = carillon::next(rule_.base.node(), asked_, after);;
       found = carillon::next(rule_.base.node(), asked_, **found)) {
    if (!found) return found.error();
    if (!*found || **found > last) return fires;
    asked_.budget->refill();
    fires += date_of(**found) == day ? 1U : 0U;
  }
}

result<std::uint64_t> except_fires::count_on_dates(instant from, instant to) const {
  const auto dates = dates_between(from, to);
  if (!dates) return dates.error();
  std::uint64_t fires = 0;
  for (const auto day : *dates) {
    const auto more = count_on_date(day, from, to);
    if (!more) return more;
    fires += *more;
  }
  return fires;
}

/// How many fires of the base another trigger has too, those on excluded dates left out.
result<std::uint64_t> except_fires::count_shared(instant from, instant to) const {
  std::uint64_t shared = 0;
  const any_of_fires others{rule_.others, asked_};
  for (auto found = others.next(from);; found = others.next(**found)) {
    if (!found) return found.error();
    if (!*found || **found > to) return shared;
    asked_.budget->refill();
    const auto in_base = fires_at(rule_.base.node(), asked_, **found);
    if (!in_base) return in_base.error();
    const auto on_date = on_excluded_date(**found);
    if (!on_date) return on_date.error();
    shared += *in_base && !*on_date ? 1U : 0U;
  }
}

/// The base's fires less those left out: counted date by date, and by walking through the other triggers'
/// fires unless those are the more.
result<std::uint64_t> except_fires::count(instant from, instant to) const {
  from = std::max(from, earliest_instant - tick);
  to = std::min(to, latest_instant);
  if (from >= to) return 0;
  const auto all = carillon::count(rule_.base.node(), asked_, from, to);
  if (!all) return all;
  std::uint64_t of_others = 0;
  for (const auto& other : rule_.others) {
    const auto fires = carillon::count(other.node(), asked_, from, to);
    if (!fires) return fires;
    of_others += *fires;
  }
  if (of_others > *all) {
    std::uint64_t left = 0;
    for (auto found = next(from);; found = next(**found)) {
      if (!found) return found.error();
      if (!*found || **found > to) return left;
      asked_.budget->refill();
      ++left;
    }
  }
  const auto on_dates = count_on_dates(from, to);
  if (!on_dates) return on_dates;
  const auto shared = count_shared(from, to);
  if (!shared) return shared;
  return *all - *on_dates - *shared;
}

}  // namespace carillon
