#include "push/figures.hpp"

#include <algorithm>

namespace carillon::pushes {

void lateness_figures::add(milliseconds late) noexcept {
  const auto* const place = std::lower_bound(bounds.begin(), bounds.end(), late);
  ++counts[static_cast<std::size_t>(place - bounds.begin())];
  if (late <= milliseconds{0}) return;
  sum += late;
  worst = std::max(worst, late);
  worst_lately = std::max(worst_lately, late);
}

}  // namespace carillon::pushes
