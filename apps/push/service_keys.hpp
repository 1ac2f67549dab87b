#pragma once
#include <string>
#include <string_view>

#include "push/options.hpp"

namespace carillon::pushes {

/// What one service is called, and what belongs to it in Redis. Which service it is say its set of
/// subscriptions and its marks: several may share a namespace, and none sees what is another's.
struct service_keys {
  service_keys(std::string_view name_space, const push_options& how);

  std::string name;        ///< 8 hexadecimal digits, of `subscriptions` and `sent`.
  std::string own_marks;   ///< What the marks begin with of what may be due more than once a day.
  std::string open;        ///< Hash: what is under way.
  std::string dead;        ///< Stream: dead letters.
  std::string instances;   ///< Sorted set: the instances that live, and until when.
  std::string definition;  ///< Hash: how they run it.
  std::string rich;        ///< Hash: rich subscriptions.

  /// The id of a job of this service: `push/NAME/WHAT`.
  std::string job(std::string_view what) const;
};

}  // namespace carillon::pushes
