#pragma once
#include <boost/container/small_vector.hpp>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace carillon::redis {

/// The words of a command, or the keys or arguments of a script, one after the other in one buffer. A few
/// short ones need no allocation.
class words {
 public:
  words() = default;

  /// Of texts and integers: `words("SET", key, 5)`.
  template <typename... Each>
    requires(sizeof...(Each) > 0 &&
             (... && (std::integral<Each> || std::convertible_to<const Each&, std::string_view>)))
  explicit words(const Each&... each) {
    (add(each), ...);
  }

  words& add(std::string_view text) {
    text_.insert(text_.end(), text.begin(), text.end());
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
    return *this;
  }

  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  words& add(Number number) {
    char digits[24];
    const auto written = std::to_chars(digits, digits + sizeof digits, number);
    return add(std::string_view(digits, static_cast<std::size_t>(written.ptr - digits)));
  }

  std::size_t size() const noexcept { return ends_.size(); }
  bool empty() const noexcept { return ends_.empty(); }
  void clear() noexcept {
    text_.clear();
    ends_.clear();
  }

  /// @pre `at < size()`
  std::string_view operator[](std::size_t at) const noexcept {
    const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
    return {text_.data() + begin, ends_[at] - begin};
  }

 private:
  boost::container::small_vector<char, 192> text_;
  boost::container::small_vector<std::uint32_t, 12> ends_;
};

}  // namespace carillon::redis
