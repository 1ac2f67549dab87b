#pragma once
#include <cstdint>
#include <optional>

#include "trigger/evaluate.hpp"
#include "trigger/step_grid.hpp"

namespace carillon {

/// The fires of `every 5m` and `every 2h..4h`: elapsed time from the start, which fires itself, or from the
/// anchor, which does not.
class elapsed_grid {
 public:
  elapsed_grid(const rules::interval& rule, const modifiers& how, const question& asked);

  fire next(instant after) const noexcept;
  fire previous(instant before) const noexcept;
  std::uint64_t count(instant from, instant to) const noexcept;

 private:
  std::int64_t last_step_until(instant time) const noexcept;

  step_grid grid_;
  instant begin_;
  std::int64_t first_step_;
};

}  // namespace carillon
