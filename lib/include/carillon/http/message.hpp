#pragma once
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::http {

/// What is sent to a server, and how long its answer may take.
struct request {
  std::string method = "POST";                                 ///< In capital letters.
  std::string target = "/";                                    ///< Path and query: `url::target`.
  std::vector<std::pair<std::string, std::string>> headers{};  ///< In the place of ours, where of one name.
  std::string body{};
  /// Whether it may be sent again at once when the server ends a kept connection without a word although it
  /// has all of it: for what does no harm twice.
  bool repeatable = false;
  std::function<std::string()> body_again{};  ///< The body of what may be a repeat; empty: the same.
  milliseconds connect_timeout{5'000};        ///< Finding the address and the TLS handshake included.
  milliseconds answer_timeout{10'000};        ///< From the first byte sent to the last received.
  std::size_t body_kept = 500;                ///< How much of the beginning of the answer's body is kept.
};

/// What a server said.
struct answer {
  unsigned status = 0;
  std::string reason;        ///< The words beside the status; may be empty.
  std::string retry_after;   ///< The header of that name; empty: there was none.
  std::string location;      ///< The header of that name; empty: there was none.
  std::string content_type;  ///< The header of that name; empty: there was none.
  std::string body;          ///< Its beginning.
  bool cut = false;          ///< There is more of it.
};

/// Why there is no answer.
enum class trouble : std::uint8_t {
  none,
  connect,  ///< The address is not known, or nobody could be connected to.
  tls,      ///< The server could not prove who it is, or does not want us, or speaks no TLS.
  timeout,  ///< No answer in time.
  ended,    ///< It ended the connection, or what it said is no HTTP.
  stopped,  ///< The request was cancelled before anything of it was sent.
};

/// How an exchange ended: with an answer, or with why there is none.
struct exchange {
  std::optional<answer> answered;
  trouble what = trouble::none;
  std::string why;       ///< Without an answer, for people.
  bool unsent = false;   ///< Without an answer: nothing was sent, for there was no connection.
  bool unsure = false;   ///< Without an answer: the whole request was sent, so it may have been taken.
  bool hung_up = false;  ///< Without an answer: the server ended the connection before it said anything.
};

/// What is wrong with a header that is to be sent: no name of one, a line break, or one that the client sets
/// itself; nothing: it is fine.
std::optional<std::string> fault_of_header(std::string_view name, std::string_view value);

/// What a Retry-After header says: seconds, or a date of HTTP ("Sun, 06 Nov 1994 08:49:37 GMT"). Nothing if
/// it says neither; never negative, never more than a day.
std::optional<milliseconds> parse_retry_after(std::string_view header, instant now);

}  // namespace carillon::http
