#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <carillon/job/task.hpp>
#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon {

/// The bodies of a program by their names. Nothing is ever taken out, so that a pointer to a task stays good.
///
/// Thread safety: none.
class task_registry {
 public:
  /// Errors: throws `std::invalid_argument` if the name is taken or empty.
  void add(std::string name, task body);
  /// The same of a body as it is: `add("resize", resize)`.
  template <typename Body>
    requires(!std::same_as<std::remove_cvref_t<Body>, task>)
  void add(std::string name, Body&& body) {
    add(std::move(name), task(std::forward<Body>(body)));
  }

  /// Null if nobody has registered that name.
  const task* find(std::string_view name) const;

  /// Of all that are registered; sorted.
  std::vector<std::string> names() const;

 private:
  struct entry {
    std::string name;
    task body;
  };
  struct by_name {
    using is_transparent = void;
    static std::string_view name(std::string_view one) noexcept { return one; }
    static std::string_view name(const std::unique_ptr<entry>& one) noexcept { return one->name; }
    std::size_t operator()(const auto& one) const noexcept {
      return std::hash<std::string_view>{}(name(one));
    }
    bool operator()(const auto& a, const auto& b) const noexcept { return name(a) == name(b); }
  };
  boost::unordered_flat_set<std::unique_ptr<entry>, by_name, by_name> tasks_;
};

}  // namespace carillon
