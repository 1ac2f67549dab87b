#pragma once
#include <carillon/async/loop.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connection.hpp"

namespace carillon::redis {

/// The namespaces of a server in which there is a store, sorted; at most 100, and of the first million keys
/// or so.
loop_awaitable<std::vector<std::string>> namespaces_of(connection& where);

/// Throws `errc::no_store`, with words that name the namespaces where there is one.
loop_awaitable<void> throw_no_store(connection& where, std::string name_space);

/// Throws `errc::store_refused` for a store whose format is not that of this version.
[[noreturn]] void throw_unknown_format(std::string_view name_space, std::string_view format);

}  // namespace carillon::redis
