#pragma once
#include <carillon/error.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::pushes {

/// Where pushes are posted to, as a URL says it.
struct receiver_url {
  bool tls = false;
  std::string host;  ///< A name or an address; an IPv6 one without its brackets.
  std::uint16_t port = 80;
  std::string target = "/";   ///< Path and query, as they stand in the request.
  std::string authorization;  ///< What the header of that name says, from `user:password@`; empty: none.

  /// As the header `Host` says it: with the port where it is not the scheme's own.
  std::string authority() const;
  /// Without user, password and query, for people: "https://host/path".
  std::string to_string() const;
};

/// Reads `http://` and `https://` URLs.
///
/// Errors: a `parse_error` at the offending character; it never repeats a password.
parse_result<receiver_url> parse_receiver_url(std::string_view url);

}  // namespace carillon::pushes
