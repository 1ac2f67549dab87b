#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::text {

/// `text` fit to be shown inside a message: control characters and broken UTF-8 escaped, cut after `limit`
/// bytes, between characters.
std::string shown(std::string_view text, std::size_t limit = 80);

/// The same of a text from outside that may have several lines: they become one, and blanks at its end go.
std::string excerpt(std::string_view text, std::size_t limit = 120);

/// `text` with U+FFFD in the place of each byte that is no UTF-8; of what is then longer than `limit` bytes
/// as much of the beginning as leaves room for "…", and that.
std::string in_utf8(std::string_view text, std::size_t limit = std::string_view::npos);

}  // namespace carillon::text
