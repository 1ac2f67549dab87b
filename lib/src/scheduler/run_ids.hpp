#pragma once
#include <boost/static_string/static_string.hpp>
#include <charconv>
#include <cstdint>
#include <random>

namespace carillon {

/// The ids of this instance's runs: a random prefix, so that no two instances ever share one, and a counter.
/// Short enough for a `std::string` to keep without an allocation, for the first 78 billion runs.
class run_ids {
 public:
  using text = boost::static_string<24>;

  run_ids() {
    std::random_device random;
    constexpr std::uint64_t seven_digits = 78'364'164'096u;  // 36 to the power of 7
    append(prefix_, ((std::uint64_t{random()} << 32) | random()) % seven_digits);
    prefix_.push_back('-');
  }

  text next() {
    auto id = prefix_;
    append(id, ++last_);
    return id;
  }

 private:
  static void append(text& to, std::uint64_t number) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, 36).ptr;
    to.append(digits, end);
  }

  text prefix_;
  std::uint64_t last_ = 0;
};

}  // namespace carillon
