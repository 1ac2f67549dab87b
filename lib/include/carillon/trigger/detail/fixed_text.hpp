#pragma once
#include <array>
#include <cstddef>
#include <string_view>

namespace carillon::detail {

/// A short text of the compiler's, public through and through so that it may be a template argument and be
/// seen in messages.
template <std::size_t Capacity>
struct fixed_text {
  char characters[Capacity]{};
  std::size_t size = 0;

  constexpr fixed_text() = default;
  constexpr fixed_text(const char (&text)[Capacity])
      : size{Capacity - 1} {  // a literal, so that it converts unasked
    for (std::size_t i = 0; i < Capacity; ++i) characters[i] = text[i];
  }

  /// Appends, cutting off what does not fit.
  constexpr fixed_text& operator<<(std::string_view text) {
    for (const char c : text)
      if (size + 1 < Capacity) characters[size++] = c;
    characters[size] = '\0';  // written, not left over: clang shows an array as a text only then
    return *this;
  }
  constexpr fixed_text& operator<<(int number) {
    if (number < 0) return *this << "-" << -number;
    if (number > 9) *this << number / 10;
    const char digit[] = {static_cast<char>('0' + number % 10), '\0'};
    return *this << std::string_view{digit};
  }

  constexpr std::string_view view() const { return {characters, size}; }
  constexpr bool empty() const { return size == 0; }
};

/// Why an expression was refused, and where; the compiler's form of `parse_error`.
struct cron_problem {
  fixed_text<160> message;
  fixed_text<120> hint;
  std::size_t position = 0;
};

}  // namespace carillon::detail
