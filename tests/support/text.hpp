#pragma once
#include <string_view>

namespace carillon::testing {

/// Whether the text has these words somewhere.
inline bool holds(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace carillon::testing
