#pragma once
#include <carillon/error.hpp>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// Ends the reading of a text. `parse_trigger` turns it into its answer.
[[noreturn]] void fail(std::size_t position, std::string message, std::string hint = {});

/// A piece of the text and where it begins.
struct word {
  std::string_view text;
  std::size_t position = 0;

  bool empty() const noexcept { return text.empty(); }
  std::size_t end() const noexcept { return position + text.size(); }
  word from(std::size_t offset) const noexcept { return {text.substr(offset), position + offset}; }
};

/// A text as a row of words, parted by blanks and parentheses. Nothing is taken twice; the position only
/// grows.
class scanner {
 public:
  explicit scanner(std::string_view text) noexcept : text_{text} {}

  /// The next word, without taking it; empty at a parenthesis and at the end.
  word peek() noexcept;
  word take() noexcept;
  /// Takes the next word if it is this one.
  bool accept(std::string_view expected) noexcept;
  /// Takes the next character if it is this one.
  bool accept(char expected) noexcept;
  bool at(char expected) noexcept;
  bool at_end() noexcept;

  std::size_t position() noexcept;
  /// Up to and with the next `mark`; nothing if there is none.
  std::optional<word> take_through(char mark) noexcept;
  /// Takes what stands between two quotes (`"…"`, with `\"` and `\\` in it) into `into`. False: it is never
  /// closed.
  bool take_quoted(std::string& into);
  /// Everything up to the first of these words, a parenthesis or the end, without the blanks around it.
  word take_before(std::initializer_list<std::string_view> ends) noexcept;
  /// A description of what stands here, for messages: `"foo"`, `the end`.
  std::string here() noexcept;

 private:
  void skip_blanks() noexcept;

  std::string_view text_;
  std::size_t position_ = 0;
};

/// A word that is nearly `text` among `candidates`, as a question ("did you mean mon?"); else empty.
std::string did_you_mean(std::string_view text, std::initializer_list<std::string_view> candidates);

/// Takes the value out of an answer of another parser, or fails at its place in our text.
template <typename T>
T value_of(const parse_result<T>& answer, std::size_t offset) {
  if (!answer) fail(offset + answer.error().position, answer.error().message, answer.error().hint);
  return *answer;
}

}  // namespace carillon
