#include "trigger/scanner.hpp"

#include <algorithm>
#include <vector>

namespace carillon {

namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
constexpr bool ends_word(char c) noexcept { return is_blank(c) || c == '(' || c == ')'; }

/// How many letters must be changed, put in, left out or swapped with their neighbour to make one word of the
/// other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      auto& least = table[i][j];
      least = std::max(i, j);
      if (i == 0 || j == 0) continue;
      const auto replaced = table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      least = std::min({replaced, table[i - 1][j] + 1, table[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        least = std::min(least, table[i - 2][j - 2] + 1);
    }
  }
  return table[a.size()][b.size()];
}

}  // namespace

void fail(std::size_t position, std::string message, std::string hint) {
  throw parse_failure(parse_error{std::move(message), position, std::move(hint)});
}

void scanner::skip_blanks() noexcept {
  while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
}

word scanner::peek() noexcept {
  skip_blanks();
  auto end = position_;
  while (end < text_.size() && !ends_word(text_[end])) ++end;
  return {text_.substr(position_, end - position_), position_};
}

word scanner::take() noexcept {
  const auto next = peek();
  position_ = next.end();
  return next;
}

bool scanner::accept(std::string_view expected) noexcept {
  const auto next = peek();
  if (next.text != expected) return false;
  position_ = next.end();
  return true;
}

bool scanner::at(char expected) noexcept {
  skip_blanks();
  return position_ < text_.size() && text_[position_] == expected;
}

bool scanner::accept(char expected) noexcept {
  if (!at(expected)) return false;
  ++position_;
  return true;
}

bool scanner::at_end() noexcept {
  skip_blanks();
  return position_ == text_.size();
}

std::size_t scanner::position() noexcept {
  skip_blanks();
  return position_;
}

std::optional<word> scanner::take_through(char mark) noexcept {
  skip_blanks();
  const auto end = text_.find(mark, position_);
  if (end == std::string_view::npos) return std::nullopt;
  const word found{text_.substr(position_, end + 1 - position_), position_};
  position_ = end + 1;
  return found;
}

bool scanner::take_quoted(std::string& into) {
  for (auto at = position() + 1; at < text_.size(); ++at) {
    if (text_[at] == '"') {
      position_ = at + 1;
      return true;
    }
    if (text_[at] == '\\' && at + 1 < text_.size()) ++at;
    into += text_[at];
  }
  return false;
}

word scanner::take_before(std::initializer_list<std::string_view> ends) noexcept {
  const auto begin = position();
  auto end = begin;
  for (auto next = peek(); !next.empty() && std::ranges::find(ends, next.text) == ends.end(); next = peek()) {
    end = next.end();
    position_ = end;
  }
  return {text_.substr(begin, end - begin), begin};
}

std::string scanner::here() noexcept {
  if (at_end()) return "the end";
  const auto next = peek();
  return "'" + std::string{next.empty() ? text_.substr(position_, 1) : next.text.substr(0, 40)} + "'";
}

std::string did_you_mean(std::string_view text, std::initializer_list<std::string_view> candidates) {
  if (text.empty() || text.size() > 20) return {};
  std::string lower{text};
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string_view best;
  auto least = std::min<std::size_t>(text.size() < 4 ? 1 : 2, text.size() - 1) + 1;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(lower, candidate);
    if (distance == 0 || distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best.empty() ? std::string{} : "did you mean " + std::string{best} + "?";
}

}  // namespace carillon
