#pragma once
#include <cstdint>

namespace carillon {

/// Rounds towards the past, where `/` rounds towards zero. @pre `by > 0`
constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace carillon
