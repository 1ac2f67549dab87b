#pragma once
#include <carillon/http/message.hpp>
#include <carillon/time/instant.hpp>

#include "push/delivery.hpp"

namespace carillon::pushes {

/// What a receiver's answer means: 2xx has arrived; 408, 425, 429 and 5xx are worth another attempt, once
/// Retry-After has passed; anything else is refused for good, redirections too, which nobody follows with
/// somebody's reminder.
delivered judge(const http::answer& answer, instant now);

}  // namespace carillon::pushes
