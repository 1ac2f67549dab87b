#pragma once
#include <carillon/error.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::http {

/// Where requests are sent to, as a URL says it.
struct url {
  bool tls = false;
  std::string host;  ///< A name or an address; an IPv6 one without its brackets.
  std::uint16_t port = 80;
  std::string target = "/";   ///< Path and query, as they stand in the request.
  std::string authorization;  ///< What the header of that name says, from `user:password@`; empty: none.

  /// As the header `Host` says it: with the port where it is not the scheme's own.
  std::string authority() const;
  /// Scheme, host and port: "https://host:8443".
  std::string origin() const;
  /// Without user, password and query, for people: "https://host/path".
  std::string to_string() const;
};

/// Reads `http://` and `https://` URLs.
///
/// Errors: a `parse_error` at the offending character; it never repeats a password.
parse_result<url> parse_url(std::string_view text);

}  // namespace carillon::http
