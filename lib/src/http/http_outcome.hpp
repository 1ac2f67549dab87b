#pragma once
#include <carillon/http/http_call.hpp>
#include <carillon/http/message.hpp>
#include <carillon/time/instant.hpp>
#include <string>

namespace carillon {

/// What an exchange means for a run: the note of one that has succeeded. The first line is the status, then
/// comes the beginning of the body in one line.
///
/// Errors: throws the `failure` of one that has not.
std::string note_of(const http_call& call, const http::exchange& what, instant now);

}  // namespace carillon
