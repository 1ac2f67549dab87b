#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "push/receiver_answer.hpp"
#include "push/receiver_tls.hpp"

namespace carillon::pushes {

/// How an exchange with a receiver ended: with an answer, or with why there is none.
struct exchanged {
  std::optional<receiver_answer> answer;
  std::string why;
  bool unsure = false;   ///< Without an answer: the whole request was sent, so it may have been taken.
  bool hung_up = false;  ///< Without an answer: the receiver ended the connection before it said anything.
};

/// One connection to a receiver, for one request after the other.
///
/// Thread safety: none; used on the strand it was made for.
class receiver_connection {
 public:
  using request = boost::beast::http::request<boost::beast::http::string_body>;
  using endpoint = boost::asio::ip::tcp::endpoint;
  using time_point = std::chrono::steady_clock::time_point;

  /// `tls` is null for plain HTTP; it outlives the connection. `expected` is the name that the receiver's
  /// certificate must say.
  receiver_connection(const loop_executor& where, boost::asio::ssl::context* tls, std::string expected);

  /// Connects to the first of the endpoints that can be. Errors: throws `std::runtime_error` that says why
  /// none. Cancellation: terminal.
  loop_awaitable<void> open(const std::vector<endpoint>& where, time_point deadline);

  /// Sends a request and reads what is answered.
  /// Cancellation: terminal; throws `operation_aborted`, and the connection is of no more use.
  loop_awaitable<exchanged> ask(const request& what, std::chrono::milliseconds timeout);

  /// Waits for what a receiver says of its own accord: TLS tells a client that is refused only after the
  /// handshake. Errors: throws `std::runtime_error` if it ends the connection within that time.
  loop_awaitable<void> listen(std::chrono::milliseconds time);

  /// Whether another request may be sent: the receiver keeps the connection, and has not ended it meanwhile.
  bool can_be_kept();

  time_point last_used() const noexcept { return last_used_; }

 private:
  using socket_stream = boost::beast::basic_stream<boost::asio::ip::tcp, loop_executor>;
  using tls_stream = boost::asio::ssl::stream<socket_stream>;

  socket_stream& socket();
  loop_awaitable<void> connect(const std::vector<endpoint>& where, time_point deadline);
  loop_awaitable<void> shake_hands(time_point deadline);
  template <typename Stream>
  loop_awaitable<exchanged> exchange(Stream& stream, const request& what);
  template <typename Stream>
  loop_awaitable<exchanged> read_answer(Stream& stream);
  exchanged failed(const boost::system::error_code& why, std::string_view doing);

  std::optional<socket_stream> plain_;
  std::optional<tls_stream> encrypted_;
  std::string expected_;
  certificate_fault fault_;
  boost::beast::flat_buffer received_;
  time_point last_used_{};
  bool kept_ = false;
};

}  // namespace carillon::pushes
