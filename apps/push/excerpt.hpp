#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::pushes {

/// The beginning of a text from outside, fit for a message: one line, controls and broken UTF-8 escaped.
std::string excerpt(std::string_view text, std::size_t limit = 120);

/// `text` with U+FFFD in the place of each byte that is no UTF-8.
std::string in_utf8(std::string_view text);

}  // namespace carillon::pushes
