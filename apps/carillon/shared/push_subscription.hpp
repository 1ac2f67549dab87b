#pragma once
#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

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
  std::string rich;          ///< The JSON of a rich one; as `rich_subscription` reads it.

  /// "08:30", or what the rich one says.
  std::string when() const;
  /// Bytes that are no UTF-8 become U+FFFD.
  boost::json::object to_json() const;
  /// Whether `read_subscription` makes the same of `to_json`: names of any bytes are none of JSON's.
  bool is_json() const;
  /// A rich one that does not say since when it is there is there from then on.
  void begin_at(instant time);
};

/// Reads what `to_json` makes. Errors: a `parse_error` that names the member.
parse_result<push_subscription> read_subscription(boost::json::object given);

/// What Redis holds: a member of the set and its score. Errors: a `parse_error` that says what is malformed.
parse_result<push_subscription> plain_subscription(std::string_view member, std::string_view score);
/// The same of a field of the hash and its value.
parse_result<push_subscription> rich_subscription_of(std::string_view field, std::string_view value);

/// The same of a line of text.
parse_result<push_subscription> parse_subscription(std::string_view line);

}  // namespace carillon::app
