#pragma once
#include <carillon/time/instant.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "push/delivery.hpp"

namespace carillon::pushes {

/// What a receiver said to a push.
struct receiver_answer {
  unsigned status = 0;
  std::string reason;       ///< The words beside the status; may be empty.
  std::string retry_after;  ///< The header of that name; empty: there was none.
  std::string location;     ///< The header of that name; empty: there was none.
  std::string body;         ///< Its beginning.
};

/// What that means: 2xx has arrived; 408, 425, 429 and 5xx are worth another attempt, once Retry-After has
/// passed; anything else is refused for good, redirections too, which nobody follows with somebody's
/// reminder.
delivered judge(const receiver_answer& answer, instant now);

/// What a Retry-After header says: seconds, or a date of HTTP ("Sun, 06 Nov 1994 08:49:37 GMT"). Nothing if
/// it says neither; never negative.
std::optional<milliseconds> parse_retry_after(std::string_view header, instant now);

}  // namespace carillon::pushes
