#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace carillon::testing {

/// What a worker is told: words of the form NAME=VALUE.
class worker_arguments {
 public:
  /// As `main` has them. Errors: throws `std::invalid_argument`.
  worker_arguments(int count, char** words) {
    for (int i = 1; i < count; ++i) {
      const std::string word = words[i];
      const auto equals = word.find('=');
      if (equals == std::string::npos) throw std::invalid_argument("not NAME=VALUE: " + word);
      values_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }

  bool has(const std::string& name) const { return values_.contains(name); }

  /// Errors: throws `std::invalid_argument` if it is missing and there is no default.
  std::string text(const std::string& name, std::optional<std::string> otherwise = std::nullopt) const {
    const auto found = values_.find(name);
    if (found != values_.end()) return found->second;
    if (!otherwise) throw std::invalid_argument("missing: " + name + "=");
    return *otherwise;
  }
  std::uint64_t number(const std::string& name, std::optional<std::uint64_t> otherwise = std::nullopt) const {
    if (otherwise && !has(name)) return *otherwise;
    return std::stoull(text(name));
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace carillon::testing
