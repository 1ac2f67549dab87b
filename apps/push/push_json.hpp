#pragma once
#include <carillon/time/zone.hpp>
#include <string>

#include "push/push.hpp"

namespace carillon::pushes {

/// What receivers read: {"user", "tag", "due", "attempt", "key"}, and "repeat": true where it may be one.
/// `due` is RFC 3339 with the offset of the zone. Bytes of user and tag that are no UTF-8 become U+FFFD; the
/// key keeps them, encoded.
std::string to_json(const push& what, const zone& where);
/// The same, and whether it may be a repeat is known better than by `what`.
std::string to_json(const push& what, bool repeat, const zone& where);

}  // namespace carillon::pushes
