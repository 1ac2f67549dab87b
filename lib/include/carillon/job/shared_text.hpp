#pragma once
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <concepts>
#include <string>
#include <string_view>

namespace carillon {

/// A constant string in one pointer, which copies share; the empty one costs nothing. For the members of a
/// job that are mostly empty, or the same in a million jobs: a `std::string` would take 32 bytes in each.
///
/// Thread safety: distinct objects, safe, also when they share their text.
class shared_text {
 public:
  shared_text() noexcept = default;
  template <typename T>
    requires(std::convertible_to<const T&, std::string_view> && !std::same_as<T, shared_text>)
  shared_text(const T& text) : shared_text{of(text)} {}

  bool empty() const noexcept { return rep_ == nullptr; }
  const std::string& str() const noexcept;
  operator const std::string&() const noexcept { return str(); }
  operator std::string_view() const noexcept { return str(); }

  template <typename T>
    requires std::convertible_to<const T&, std::string_view>
  friend bool operator==(const shared_text& a, const T& b) noexcept {
    return std::string_view{a} == static_cast<std::string_view>(b);
  }

 private:
  struct rep : boost::intrusive_ref_counter<rep> {
    explicit rep(std::string_view words) : text{words} {}
    const std::string text;
  };
  static shared_text of(std::string_view text);

  boost::intrusive_ptr<const rep> rep_;
};

}  // namespace carillon
