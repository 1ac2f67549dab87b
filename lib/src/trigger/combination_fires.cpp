#include "trigger/combination_fires.hpp"

#include <algorithm>

namespace carillon {

result<fire> any_of_fires::next(instant after) const {
  fire earliest;
  for (const auto& part : parts_) {
    const auto found = carillon::next(part.node(), asked_, after);
    if (!found) return found;
    if (*found && (!earliest || **found < *earliest)) earliest = *found;
  }
  return earliest;
}

result<fire> any_of_fires::previous(instant before) const {
  fire last;
  for (const auto& part : parts_) {
    const auto found = carillon::previous(part.node(), asked_, before);
    if (!found) return found;
    last = std::max(last, *found);
  }
  return last;
}

/// Counts the part that fires most by itself, and walks through the others.
result<std::uint64_t> any_of_fires::count(instant from, instant to) const {
  std::uint64_t most = 0;
  std::size_t busiest = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto fires = carillon::count(parts_[i].node(), asked_, from, to);
    if (!fires) return fires;
    if (*fires <= most) continue;
    most = *fires;
    busiest = i;
  }
  auto others = parts_;
  others.erase(others.begin() + static_cast<std::ptrdiff_t>(busiest));
  const any_of_fires rest{others, asked_};
  auto total = most;
  for (auto found = rest.next(from);; found = rest.next(**found)) {
    if (!found) return found.error();
    if (!*found || **found > to) return total;
    asked_.budget->refill();
    const auto shared = fires_at(parts_[busiest].node(), asked_, **found);
    if (!shared) return shared.error();
    total += *shared ? 0U : 1U;
  }
}

/// The earliest instant by which every part has fired after `after`.
result<fire> all_of_fires::last_of_firsts(instant after) const {
  fire last = instant::min();
  for (const auto& part : rule_.parts) {
    const auto found = carillon::next(part.node(), asked_, after);
    if (!found || !*found) return found;
    last = std::max(last, *found);
  }
  return last;
}

/// The last instant from which on every part fires before `before`.
result<fire> all_of_fires::first_of_lasts(instant before) const {
  fire first = instant::max();
  for (const auto& part : rule_.parts) {
    const auto found = carillon::previous(part.node(), asked_, before);
    if (!found || !*found) return found;
    first = std::min(first, *found);
  }
  return first;
}

result<fire> all_of_fires::next(instant after) const {
  for (int step = 0; step < search_bound; ++step) {
    if (!asked_.budget->spend(2 * rule_.parts.size())) break;
    const auto end = last_of_firsts(after);
    if (!end || !*end) return end;
    const auto begin = first_of_lasts(**end + tick);
    if (!begin || !*begin) return begin;
    if (**end - **begin <= rule_.threshold) return begin;
    after = std::max(**begin, **end - rule_.threshold - tick);
  }
  return errc::search_exhausted;
}

result<fire> all_of_fires::previous(instant before) const {
  auto last = std::min(before - tick, latest_instant) + rule_.threshold;  // of the end of a stretch
  for (int step = 0; step < search_bound; ++step) {
    if (!asked_.budget->spend(2 * rule_.parts.size())) break;
    const auto begin = first_of_lasts(last + tick);
    if (!begin || !*begin) return begin;
    const auto end = last_of_firsts(**begin - tick);
    if (!end || !*end) return end;
    const bool agrees = **end - **begin <= rule_.threshold;
    if (agrees && **begin < before) return begin;
    last = std::min(**end - tick, **begin - tick + rule_.threshold);
  }
  return errc::search_exhausted;
}

result<std::uint64_t> all_of_fires::count(instant from, instant to) const {
  std::uint64_t total = 0;
  for (auto found = next(from);; found = next(**found)) {
    if (!found) return found.error();
    if (!*found || **found > to) return total;
    asked_.budget->refill();
    ++total;
  }
}

}  // namespace carillon
