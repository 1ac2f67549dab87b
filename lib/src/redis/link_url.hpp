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

/// Whether a namespace may have that name.
bool is_name_space(std::string_view name) noexcept;
inline constexpr std::string_view what_name_spaces_are = "1 to 64 letters, digits, - _ or .";

/// Errors: a `parse_error` at the offending character, which repeats neither user nor password.
parse_result<link_target> parse_link_url(std::string_view url, link_options defaults);

}  // namespace carillon::redis
