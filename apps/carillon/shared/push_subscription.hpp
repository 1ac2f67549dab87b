#pragma once
#include <carillon/error.hpp>

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "push/subscription.hpp"

namespace carillon::app {

/// A subscription as commands take and write it: a line of JSON, {"user", "tag", "at": "08:30"}, or with more
/// of what a rich one may say (docs/push.md).
struct push_subscription {
  pushes::recipient whom;
  std::optional<int> score;  ///< HHMM of one that is a member of the sorted set; none: it is a rich one.
  std::string rich;          ///< The JSON of a rich one.

  /// "08:30", or what the rich one says.
  std::string when() const;
  boost::json::object to_json() const;
};

/// Reads what `to_json` makes. Errors: a `parse_error` that names the member.
parse_result<push_subscription> read_subscription(boost::json::object given);

/// The same of a line of text.
parse_result<push_subscription> parse_subscription(std::string_view line);

}  // namespace carillon::app
