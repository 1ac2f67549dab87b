#pragma once
#include <carillon/error.hpp>
#include <carillon/redis/link.hpp>
#include <string_view>

#include "redis/connection_options.hpp"

namespace carillon::redis {

/// What a URL says: where to go, and options over those given.
struct link_target {
  endpoint where;
  link_options options;
};

/// Errors: a `parse_error` at the offending character, which repeats neither user nor password.
parse_result<link_target> parse_link_url(std::string_view url, link_options defaults);

}  // namespace carillon::redis
