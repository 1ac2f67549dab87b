#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace carillon::sql {

/// A statement and the values that it is asked with, which are never part of its text.
class query {
 public:
  using value = std::variant<std::monostate, long long, std::string>;

  query() = default;
  explicit query(std::string_view text) : text_{text} {}

  query& add(std::string_view text) {
    text_ += text;
    return *this;
  }
  /// How much there is of it, values that are texts included.
  std::size_t bytes() const noexcept { return text_.size() + bytes_of_values_; }
  query& bind(std::string text) { return put(value{std::move(text)}); }
  query& bind(std::string_view text) { return put(value{std::string{text}}); }
  query& bind(const char* text) { return put(value{std::string{text}}); }
  query& bind(std::int64_t number) { return put(value{static_cast<long long>(number)}); }
  /// Numbers here stay far below 2^63: times in microseconds, and counts.
  query& bind(std::uint64_t number) { return put(value{static_cast<long long>(number)}); }
  query& bind(std::uint32_t number) { return put(value{static_cast<long long>(number)}); }
  query& bind(int number) { return put(value{static_cast<long long>(number)}); }
  query& bind(std::optional<std::int64_t> number) { return number ? bind(*number) : put(value{}); }
  /// In parentheses, with commas. @pre There is one at least.
  query& bind_list(std::span<const std::string> texts) {
    text_ += '(';
    for (std::size_t k = 0; k < texts.size(); ++k) {
      if (k > 0) text_ += ", ";
      bind(texts[k]);
    }
    text_ += ')';
    return *this;
  }

  const std::string& text() const noexcept { return text_; }
  const std::vector<value>& values() const noexcept { return values_; }

 private:
  query& put(value what) {
    text_ += ":v" + std::to_string(values_.size());
    if (const auto* const text = std::get_if<std::string>(&what)) bytes_of_values_ += text->size();
    values_.push_back(std::move(what));
    return *this;
  }

  std::string text_;
  std::vector<value> values_;
  std::size_t bytes_of_values_ = 0;
};

/// What stands in one column of one row.
struct cell {
  bool is_null = true;
  long long number = 0;  ///< Of a column that was asked for as a number.
  std::string text;      ///< Else.

  std::uint64_t count() const noexcept { return static_cast<std::uint64_t>(number); }
};
using row = std::vector<cell>;
using rows = std::vector<row>;

}  // namespace carillon::sql
