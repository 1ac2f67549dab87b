#pragma once
#include <boost/json/value.hpp>
#include <carillon/http/tls_options.hpp>
#include <carillon/time/instant.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Some statuses of HTTP, the last included.
struct status_range {
  unsigned first = 200;
  unsigned last = 299;
  friend bool operator==(const status_range&, const status_range&) = default;
};

/// Reads "204", "2xx" or "200-204"; nothing if it is neither, or beyond 200 to 599.
std::optional<status_range> parse_status_range(std::string_view text);
std::string to_string(const status_range& range);

/// A request that a job sends: what, where to, and which answer it wants. A value that JSON carries, so that
/// such a job can live in any store.
struct http_call {
  std::string url;              ///< http:// or https://; `user:password@` becomes the header Authorization.
  std::string method = "POST";  ///< POST, GET, PUT, PATCH, DELETE or HEAD.
  std::map<std::string, std::string> headers;  ///< Sent beside ours; stronger than our Content-Type.
  /// Headers whose values are in files of the machine that sends them, absolute paths, read at each run:
  /// secrets that are in no store.
  std::map<std::string, std::string> header_files;
  /// An object: its members go into the JSON that says of the run what it is. A text: is sent as it stands in
  /// the place of that. Null: nothing is added.
  boost::json::value body;
  std::vector<status_range> expect{{200, 299}};  ///< Any other answer is a failure.
  milliseconds connect_timeout{5'000};           ///< Finding the address and the TLS handshake included.
  milliseconds answer_timeout{30'000};           ///< From the first byte sent to the last received.
  http::tls_options tls;                         ///< Of https.

  friend bool operator==(const http_call&, const http_call&) = default;
};

/// What is wrong with it, as a sentence; nothing if it is fine. Never repeats a password.
std::optional<std::string> fault_of(const http_call& call);

/// For people: "POST https://host/path", without user, password, query, headers and body, which may be
/// secret.
std::string to_string(const http_call& call);

/// An object with the members that differ from their defaults; durations as text ("10s").
void tag_invoke(boost::json::value_from_tag, boost::json::value& out, const http_call& call);

/// Reads what the other direction writes. Throws `std::invalid_argument` naming the member that is unknown,
/// of a wrong type or wrong by `fault_of`.
http_call tag_invoke(boost::json::value_to_tag<http_call>, const boost::json::value& in);

}  // namespace carillon
