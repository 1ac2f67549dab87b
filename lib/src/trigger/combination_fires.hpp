#pragma once
#include <cstdint>
#include <vector>

#include "trigger/evaluate.hpp"

namespace carillon {

/// The fires of `(A) or (B)`: each instant once.
class any_of_fires {
 public:
  any_of_fires(const std::vector<trigger>& parts, const question& asked) noexcept
      : parts_{parts}, asked_{asked} {}

  result<fire> next(instant after) const;
  result<fire> previous(instant before) const;
  result<std::uint64_t> count(instant from, instant to) const;

 private:
  const std::vector<trigger>& parts_;
  const question& asked_;
};

/// The fires of `(A) and (B) within 1s`: the beginnings of those stretches, no longer than the threshold,
/// that hold a fire of every part and no shorter such stretch.
///
/// Errors: `errc::search_exhausted` after `search_bound` stretches that were too long.
class all_of_fires {
 public:
  static constexpr int search_bound = 10'000;

  all_of_fires(const rules::all_of& rule, const question& asked) noexcept : rule_{rule}, asked_{asked} {}

  result<fire> next(instant after) const;
  result<fire> previous(instant before) const;
  result<std::uint64_t> count(instant from, instant to) const;

 private:
  result<fire> last_of_firsts(instant after) const;
  result<fire> first_of_lasts(instant before) const;

  const rules::all_of& rule_;
  const question& asked_;
};

/// The fires of `(A) except (B) except 2026-12-25`.
///
/// Errors: `errc::search_exhausted` after half a million fires in a row that another trigger left out: five
/// working days of seconds are fewer.
class except_fires {
 public:
  static constexpr int search_bound = 500'000;

  except_fires(const rules::except& rule, const question& asked) noexcept : rule_{rule}, asked_{asked} {}

  result<fire> next(instant after) const;
  result<fire> previous(instant before) const;
  result<std::uint64_t> count(instant from, instant to) const;

 private:
  using date = std::chrono::local_days;

  date date_of(instant time) const;
  instant begin_of(date day) const;
  result<bool> on_excluded_date(instant time) const;
  result<bool> excluded_by_other(instant time) const;
  result<std::vector<date>> dates_between(instant from, instant to) const;
  result<std::uint64_t> count_on_dates(instant from, instant to) const;
  result<std::uint64_t> count_on_date(date day, instant from, instant to) const;
  result<std::uint64_t> count_shared(instant from, instant to) const;

  const rules::except& rule_;
  const question& asked_;
};

}  // namespace carillon
