#include "push/receiver_connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <stdexcept>
#include <utility>

namespace carillon::pushes {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using boost::system::error_code;

namespace {

constexpr std::size_t most_of_an_answer = std::size_t{64} * 1024;
constexpr std::size_t most_of_a_header = std::size_t{16} * 1024;
constexpr auto as_values = asio::as_tuple(asio::deferred);

bool is_over(const error_code& why) {
  return why == http::error::end_of_stream || why == asio::error::eof ||
         why == asio::error::connection_reset || why == asio::error::broken_pipe ||
         why == ssl::error::stream_truncated;
}

bool is_of_tls(const error_code& why) { return why.category() == asio::error::get_ssl_category(); }

receiver_answer answer_of(const http::response<http::string_body>& response) {
  receiver_answer answer;
  answer.status = response.result_int();
  answer.reason = response.reason();
  answer.retry_after = response[http::field::retry_after];
  answer.location = response[http::field::location];
  answer.body = response.body().substr(0, 500);
  return answer;
}

}  // namespace

receiver_connection::receiver_connection(const loop_executor& where, ssl::context* tls, std::string expected)
    : expected_{std::move(expected)} {
  if (tls == nullptr) {
    plain_.emplace(where);
    return;
  }
  encrypted_.emplace(where, *tls);
  expect_receiver(encrypted_->native_handle(), expected_);
  encrypted_->set_verify_callback([this](bool fine, ssl::verify_context& verified) {
    if (!fine && fault_.code == 0) fault_ = fault_of_certificate(verified);
    return fine;
  });
}

receiver_connection::socket_stream& receiver_connection::socket() {
  return encrypted_ ? encrypted_->next_layer() : *plain_;
}

loop_awaitable<void> receiver_connection::open(const std::vector<endpoint>& where, time_point deadline) {
  co_await connect(where, deadline);
  if (encrypted_) co_await shake_hands(deadline);
  socket().expires_never();
  kept_ = true;
  last_used_ = std::chrono::steady_clock::now();
}

loop_awaitable<void> receiver_connection::connect(const std::vector<endpoint>& where, time_point deadline) {
  error_code why;
  for (std::size_t at = 0; at < where.size(); ++at) {
    // One address that swallows everything must leave time for the others.
    const auto now = std::chrono::steady_clock::now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(where.size() - at);
    socket().expires_after(
        std::max<std::chrono::steady_clock::duration>(share, std::chrono::milliseconds{1}));
    const auto [failure] = co_await socket().async_connect(where[at], as_values);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
    why = failure;
    if (!why) break;
  }
  if (why == beast::error::timeout) throw std::runtime_error("connecting takes too long");
  if (why) throw std::runtime_error(fmt::format("cannot connect: {}", why.message()));
  error_code unimportant;
  socket().socket().set_option(asio::ip::tcp::no_delay(true), unimportant);
}

loop_awaitable<void> receiver_connection::shake_hands(time_point deadline) {
  socket().expires_at(deadline);
  const auto [why] = co_await encrypted_->async_handshake(ssl::stream_base::client, as_values);
  if (!why) co_return;
  if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
  if (why == beast::error::timeout) throw std::runtime_error("the TLS handshake takes too long");
  throw std::runtime_error(why_tls_failed(fault_, why, expected_));
}

loop_awaitable<exchanged> receiver_connection::ask(const request& what, std::chrono::milliseconds timeout) {
  kept_ = false;
  socket().expires_after(timeout);
  exchanged result;
  if (encrypted_) {
    result = co_await exchange(*encrypted_, what);
  } else {
    result = co_await exchange(*plain_, what);
  }
  socket().expires_never();
  last_used_ = std::chrono::steady_clock::now();
  co_return result;
}

template <typename Stream>
loop_awaitable<exchanged> receiver_connection::exchange(Stream& stream, const request& what) {
  const auto [unsent, count] = co_await http::async_write(stream, what, as_values);
  if (unsent == asio::error::operation_aborted) throw boost::system::system_error(unsent);
  if (unsent) co_return failed(unsent, "sending");
  co_return co_await read_answer(stream);
}

template <typename Stream>
loop_awaitable<exchanged> receiver_connection::read_answer(Stream& stream) {
  exchanged result;
  for (;;) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(most_of_a_header);
    parser.body_limit(most_of_an_answer);
    const auto [why, count] = co_await http::async_read(stream, received_, parser, as_values);
    if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
    const bool is_long = why == http::error::body_limit;
    if (why && !is_long) {
      result = failed(why, "waiting for its answer");
      result.unsure = true;
      result.hung_up = is_over(why) && received_.size() == 0 && !parser.got_some();
      co_return result;
    }
    const auto& response = parser.get();
    if (response.result_int() / 100 == 1) continue;  // The answer proper comes behind it.
    result.answer = answer_of(response);
    kept_ = !is_long && response.keep_alive() && received_.size() == 0;
    co_return result;
  }
}

exchanged receiver_connection::failed(const error_code& why, std::string_view doing) {
  exchanged result;
  if (why == beast::error::timeout) {
    result.why = fmt::format("no answer in time ({})", doing);
  } else if (is_over(why)) {
    result.why = "it ended the connection without an answer";
  } else if (is_of_tls(why)) {
    result.why = why_tls_failed(fault_, why, expected_);
  } else {
    result.why = fmt::format("{}: {}", doing, why.message());
  }
  result.hung_up = is_over(why);
  return result;
}

loop_awaitable<void> receiver_connection::listen(std::chrono::milliseconds time) {
  if (!encrypted_) co_return;
  char byte = 0;
  socket().expires_after(time);
  const auto [why, count] = co_await encrypted_->async_read_some(asio::buffer(&byte, 1), as_values);
  if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
  if (is_of_tls(why)) throw std::runtime_error(why_tls_failed(fault_, why, expected_));
}

bool receiver_connection::can_be_kept() {
  if (!kept_) return false;
  char byte = 0;
  // What is there to be read now is the end of the connection, or nothing that was asked for.
  const auto handle = socket().socket().native_handle();
  return ::recv(handle, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace carillon::pushes
