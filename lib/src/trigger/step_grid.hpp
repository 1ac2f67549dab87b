#pragma once
#include <carillon/time/instant.hpp>
#include <cstdint>

namespace carillon {

/// XXH64 with seed 0 of two numbers, least significant byte first: the same on every machine.
std::uint64_t hash_of(std::uint64_t seed, std::int64_t number) noexcept;

/// The distances from a beginning at which something fires that repeats after `shortest` to `longest` units.
///
/// The k-th lies at k times the mean, plus up to a quarter of the spread to either side, from the hash of
/// seed and k; the 0th at 0. In quarters of a unit that is 2k(a+b) + u with |u| <= b-a, so two neighbours are
/// at least 4a and at most 4b apart, and rounding down keeps that. Any k is found at once.
class step_grid {
 public:
  /// @pre `0 < shortest <= longest`, `unit > 0ms`
  step_grid(milliseconds unit, std::int64_t shortest, std::int64_t longest, std::uint64_t seed) noexcept
      : unit_{unit}, shortest_{shortest}, longest_{longest}, seed_{seed} {}

  milliseconds operator[](std::int64_t k) const noexcept;

  /// The largest k whose place is at most `distance`.
  std::int64_t last_at_most(milliseconds distance) const noexcept;

 private:
  bool regular() const noexcept { return shortest_ == longest_; }

  milliseconds unit_;
  std::int64_t shortest_;
  std::int64_t longest_;
  std::uint64_t seed_;
};

}  // namespace carillon
