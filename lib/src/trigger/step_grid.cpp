#include "trigger/step_grid.hpp"

#include <xxhash.h>

#include <array>
#include <chrono>

#include "time/floor_divide.hpp"

namespace carillon {

std::uint64_t hash_of(std::uint64_t seed, std::int64_t number) noexcept {
  std::array<unsigned char, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<unsigned char>(seed >> (8 * i));
    bytes[8 + i] = static_cast<unsigned char>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
  return XXH64(bytes.data(), bytes.size(), 0);
}

milliseconds step_grid::operator[](std::int64_t k) const noexcept {
  if (regular()) return k * shortest_ * unit_;
  const auto spread = longest_ - shortest_;
  const auto choices = static_cast<std::uint64_t>(2 * spread + 1);
  const auto offset = k == 0 ? 0 : static_cast<std::int64_t>(hash_of(seed_, k) % choices) - spread;
  return floor_divide(2 * k * (shortest_ + longest_) + offset, 4) * unit_;
}

std::int64_t step_grid::last_at_most(milliseconds distance) const noexcept {
  const auto units = floor_divide(distance.count(), unit_.count());
  if (regular()) return floor_divide(units, shortest_);
  auto k = floor_divide(2 * units, shortest_ + longest_) + 1;  // never less than the answer
  while ((*this)[k] > distance) --k;
  return k;
}

}  // namespace carillon
