#pragma once
#include <cstdint>

namespace carillon {

/// What happens to a wall time that does not exist.
enum class gap_policy : std::uint8_t {
  auto_,       ///< `skip` for a schedule that follows real time, else `at_gap_end`.
  skip,        ///< It never fires.
  at_gap_end,  ///< It fires at the first instant after the gap; several in one gap become one.
  shift,       ///< It fires later by the gap's length, as if the clocks had been set a little later.
};

/// What happens to a wall time that exists twice.
enum class overlap_policy : std::uint8_t {
  auto_,   ///< `both` for a schedule that follows real time, else `first`.
  first,   ///< It fires in the first pass.
  second,  ///< It fires in the second pass.
  both,    ///< It fires in both.
};

}  // namespace carillon
