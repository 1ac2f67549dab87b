#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/http/message.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "http/tls.hpp"

namespace carillon::http {

/// Why nobody could be connected to.
class unreachable : public std::runtime_error {
 public:
  unreachable(trouble what, const std::string& why) : std::runtime_error(why), what_{what} {}
  trouble kind() const noexcept { return what_; }

 private:
  trouble what_;
};

/// One connection to a server, for one request after the other.
///
/// Thread safety: none; used on the strand it was made for.
class connection {
 public:
  using message = boost::beast::http::request<boost::beast::http::string_body>;
  using endpoint = boost::asio::ip::tcp::endpoint;
  using time_point = std::chrono::steady_clock::time_point;

  /// `tls` is null for plain HTTP; it outlives the connection. `expected` is the name that the server's
  /// certificate must say.
  connection(const loop_executor& where, boost::asio::ssl::context* tls, std::string expected);

  /// Connects to the first of the endpoints that can be. Errors: throws `unreachable` that says why none.
  /// Cancellation: terminal.
  loop_awaitable<void> open(const std::vector<endpoint>& where, time_point deadline);

  /// Sends a request and reads what is answered.
  /// Cancellation: terminal; throws `operation_aborted`, and the connection is of no more use.
  loop_awaitable<exchange> ask(const message& what, milliseconds timeout, std::size_t body_kept);

  /// Waits for what a server says of its own accord: TLS tells a client that is refused only after the
  /// handshake. Errors: throws `unreachable` if it ends the connection within that time.
  loop_awaitable<void> listen(milliseconds time);

  /// Whether another request may be sent: the server keeps the connection, and has not ended it meanwhile.
  bool can_be_kept();

  time_point last_used() const noexcept { return last_used_; }

 private:
  using socket_stream = boost::beast::basic_stream<boost::asio::ip::tcp, loop_executor>;
  using tls_stream = boost::asio::ssl::stream<socket_stream>;

  socket_stream& socket();
  loop_awaitable<void> connect(const std::vector<endpoint>& where, time_point deadline);
  loop_awaitable<void> shake_hands(time_point deadline);
  template <typename Stream>
  loop_awaitable<exchange> send_and_read(Stream& stream, const message& what, std::size_t body_kept);
  template <typename Stream>
  loop_awaitable<exchange> read_answer(Stream& stream, bool no_body, std::size_t body_kept);
  template <typename Stream, typename Parser>
  loop_awaitable<boost::system::error_code> read_body(Stream& stream, Parser& parser, std::size_t kept,
                                                      answer& out);
  exchange failed(const boost::system::error_code& why, std::string_view doing);

  std::optional<socket_stream> plain_;
  std::optional<tls_stream> encrypted_;
  std::string expected_;
  certificate_fault fault_;
  boost::beast::flat_buffer received_;
  time_point last_used_{};
  bool kept_ = false;
};

}  // namespace carillon::http
