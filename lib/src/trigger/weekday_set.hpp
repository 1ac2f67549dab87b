#pragma once
#include <bit>
#include <chrono>
#include <cstdint>

namespace carillon {

/// Days of the week; Monday is day 0.
class weekday_set {
 public:
  constexpr weekday_set() noexcept = default;
  static constexpr weekday_set all() noexcept { return weekday_set{0b111'1111}; }
  static constexpr weekday_set monday_to_friday() noexcept { return weekday_set{0b001'1111}; }

  constexpr void insert(unsigned day) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | (1U << day)); }
  constexpr bool contains(unsigned day) const noexcept { return (bits_ >> day & 1U) != 0; }
  constexpr bool contains(std::chrono::local_days date) const noexcept { return contains(day_of(date)); }
  constexpr unsigned size() const noexcept { return static_cast<unsigned>(std::popcount(bits_)); }
  /// How many days of the set come before `day` in a week that begins on Monday.
  constexpr unsigned size_before(unsigned day) const noexcept {
    return static_cast<unsigned>(std::popcount(bits_ & ((1U << day) - 1U)));
  }

  static constexpr unsigned day_of(std::chrono::local_days date) noexcept {
    return std::chrono::weekday{date}.iso_encoding() - 1;
  }
  friend constexpr bool operator==(weekday_set, weekday_set) = default;

 private:
  constexpr explicit weekday_set(std::uint8_t bits) noexcept : bits_{bits} {}
  std::uint8_t bits_ = 0;
};

}  // namespace carillon
