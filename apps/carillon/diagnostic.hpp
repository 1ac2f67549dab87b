#pragma once
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include <carillon/text/plain_text.hpp>

namespace carillon::app {

/// What is wrong in a file that a person wrote, where, and what would be right.
struct diagnostic {
  std::string file;
  std::size_t line = 0;    ///< From 1; 0: the file as a whole.
  std::size_t column = 0;  ///< In characters, from 1; 0: the line as a whole.
  std::string message;
  std::string hint;      ///< What would be right; may be empty.
  bool warning = false;  ///< It is worth knowing, and does not stop anything.

  /// One line: "jobs.toml:12:3: unknown key 'schedul': did you mean schedule?".
  std::string to_string() const;
  friend bool operator==(const diagnostic&, const diagnostic&) = default;
};

/// Whether any of them is an error.
bool has_errors(const std::vector<diagnostic>& found);

/// A line each; as JSON, an object each with level, file, line, column, message and hint.
void print_diagnostics(const std::vector<diagnostic>& found, bool as_json, std::ostream& err);

/// Puts them in the order of their places.
void sort_by_place(std::vector<diagnostic>& found);

/// The one of `known` that `word` was probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string_view>& known);

/// "did you mean X?", or "one of A, B, C" when nothing is near.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

/// How many characters of UTF-8 the first `bytes` bytes of `text` hold.
std::size_t characters(std::string_view text, std::size_t bytes);

using text::in_utf8;
using text::shown;

}  // namespace carillon::app
