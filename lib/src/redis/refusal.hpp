#pragma once
#include <string>
#include <string_view>

#include <carillon/redis/reply.hpp>

namespace carillon::redis {

/// The first word of an error, which says its kind: `WRONGTYPE`. Redis 6 wraps what a command within a script
/// said; this unwraps it.
std::string_view refusal_code(std::string_view words);

/// What an error says, with what to do about it where that is known.
std::string with_advice(std::string_view words);

/// Whether the same may be answered in a moment, perhaps by another server.
bool may_pass(std::string_view refusal_code);

/// Throws what an error says: `errc::store_unreachable` if it may pass, else `errc::store_refused`.
[[noreturn]] void throw_refusal(std::string_view words);
/// The same, with more to say than the server did.
[[noreturn]] void throw_refusal(const std::string& what, std::string_view words);
[[noreturn]] void throw_unreachable(std::string_view why);

}  // namespace carillon::redis
