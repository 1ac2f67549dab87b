#pragma once
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <optional>
#include <string>

#include "push/figures.hpp"

namespace carillon::app {

/// A bar for a terminal that shows how far a long look has come: of all that has been reserved since nothing
/// was under way. Thread safety: none.
class push_progress {
 public:
  /// The bar as it stands now, for so many columns: "[####      ] 12,345 of 20,000, 4,110 a second, 3 dead".
  /// Nothing while nothing is under way. It is cut to fit.
  std::optional<std::string> line(const pushes::push_figures& now, std::chrono::nanoseconds elapsed,
                                  std::size_t width);

 private:
  pushes::push_figures begun_;  // When nothing was under way.
  std::chrono::nanoseconds begun_at_{0};
  bool busy_ = false;
};

/// "12,345"
std::string with_commas(std::uint64_t number);

}  // namespace carillon::app
