#include "http/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

namespace carillon::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ssl = asio::ssl;
using boost::system::error_code;

namespace {

// Of a longer answer the connection is ended: reading on would cost more than a new one.
constexpr std::size_t most_of_an_answer = std::size_t{64} * 1024;
constexpr std::size_t most_of_a_header = std::size_t{16} * 1024;
constexpr std::size_t read_at_once = 4096;
constexpr auto as_values = asio::as_tuple(asio::deferred);

bool is_over(const error_code& why) {
  return why == beast::http::error::end_of_stream || why == asio::error::eof ||
         why == asio::error::connection_reset || why == asio::error::broken_pipe ||
         why == ssl::error::stream_truncated;
}

bool is_of_tls(const error_code& why) { return why.category() == asio::error::get_ssl_category(); }

template <typename Head>
answer answer_of(const Head& head) {
  using beast::http::field;
  answer made;
  made.status = head.result_int();
  made.reason = head.reason();
  made.retry_after = head[field::retry_after];
  made.location = head[field::location];
  made.content_type = head[field::content_type];
  return made;
}

}  // namespace

connection::connection(const loop_executor& where, ssl::context* tls, std::string expected)
    : expected_{std::move(expected)} {
  if (tls == nullptr) {
    plain_.emplace(where);
    return;
  }
  encrypted_.emplace(where, *tls);
  expect_server(encrypted_->native_handle(), expected_);
  encrypted_->set_verify_callback([this](bool fine, ssl::verify_context& verified) {
    if (!fine && fault_.code == 0) fault_ = fault_of_certificate(verified);
    return fine;
  });
}

connection::socket_stream& connection::socket() { return encrypted_ ? encrypted_->next_layer() : *plain_; }

loop_awaitable<void> connection::open(const std::vector<endpoint>& where, time_point deadline) {
  co_await connect(where, deadline);
  if (encrypted_) co_await shake_hands(deadline);
  socket().expires_never();
  kept_ = true;
  last_used_ = std::chrono::steady_clock::now();
}

loop_awaitable<void> connection::connect(const std::vector<endpoint>& where, time_point deadline) {
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
  if (why == beast::error::timeout) throw unreachable(trouble::connect, "connecting takes too long");
  if (why) throw unreachable(trouble::connect, fmt::format("cannot connect: {}", why.message()));
  error_code unimportant;
  socket().socket().set_option(asio::ip::tcp::no_delay(true), unimportant);
}

loop_awaitable<void> connection::shake_hands(time_point deadline) {
  socket().expires_at(deadline);
  const auto [why] = co_await encrypted_->async_handshake(ssl::stream_base::client, as_values);
  if (!why) co_return;
  if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
  if (why == beast::error::timeout) throw unreachable(trouble::tls, "the TLS handshake takes too long");
  throw unreachable(trouble::tls, why_tls_failed(fault_, why, expected_));
}

loop_awaitable<exchange> connection::ask(const message& what, milliseconds timeout, std::size_t body_kept) {
  kept_ = false;
  socket().expires_after(timeout);
  exchange result;
  if (encrypted_) {
    result = co_await send_and_read(*encrypted_, what, body_kept);
  } else {
    result = co_await send_and_read(*plain_, what, body_kept);
  }
  socket().expires_never();
  last_used_ = std::chrono::steady_clock::now();
  co_return result;
}

template <typename Stream>
loop_awaitable<exchange> connection::send_and_read(Stream& stream, const message& what,
                                                   std::size_t body_kept) {
  const auto [unsent, count] = co_await beast::http::async_write(stream, what, as_values);
  if (unsent == asio::error::operation_aborted) throw boost::system::system_error(unsent);
  if (unsent) co_return failed(unsent, "sending");
  co_return co_await read_answer(stream, what.method() == beast::http::verb::head, body_kept);
}

template <typename Stream>
loop_awaitable<exchange> connection::read_answer(Stream& stream, bool no_body, std::size_t body_kept) {
  exchange result;
  for (;;) {
    beast::http::response_parser<beast::http::buffer_body> parser;
    parser.header_limit(most_of_a_header);
    parser.body_limit(boost::none);
    parser.skip(no_body);
    auto [why, count] = co_await beast::http::async_read_header(stream, received_, parser, as_values);
    if (!why && parser.get().result_int() / 100 == 1) continue;  // The answer proper comes behind it.
    answer said;
    if (!why) {
      said = answer_of(parser.get());
      why = co_await read_body(stream, parser, body_kept, said);
    }
    if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
    if (why) {
      result = failed(why, "waiting for its answer");
      result.unsure = true;
      result.hung_up = is_over(why) && received_.size() == 0 && !parser.got_some();
      co_return result;
    }
    kept_ = parser.is_done() && parser.get().keep_alive() && received_.size() == 0;
    result.answered = std::move(said);
    co_return result;
  }
}

template <typename Stream, typename Parser>
loop_awaitable<error_code> connection::read_body(Stream& stream, Parser& parser, std::size_t kept,
                                                 answer& out) {
  std::array<char, read_at_once> some{};
  std::size_t read = 0;
  while (!parser.is_done() && read < most_of_an_answer) {
    auto& body = parser.get().body();
    body.data = some.data();
    body.size = some.size();
    body.more = true;
    const auto [why, count] = co_await beast::http::async_read_some(stream, received_, parser, as_values);
    const auto got = some.size() - body.size;
    read += got;
    out.body.append(some.data(), std::min(got, kept - out.body.size()));
    if (why && why != beast::http::error::need_buffer) co_return why;
  }
  out.cut = !parser.is_done() || read > out.body.size();
  co_return error_code();
}

exchange connection::failed(const error_code& why, std::string_view doing) {
  exchange result;
  result.what = trouble::ended;
  if (why == beast::error::timeout) {
    result.what = trouble::timeout;
    result.why = fmt::format("no answer in time ({})", doing);
  } else if (is_over(why)) {
    result.why = "it ended the connection without an answer";
  } else if (is_of_tls(why)) {
    result.what = trouble::tls;
    result.why = why_tls_failed(fault_, why, expected_);
  } else {
    result.why = fmt::format("{}: {}", doing, why.message());
  }
  result.hung_up = is_over(why);
  return result;
}

loop_awaitable<void> connection::listen(milliseconds time) {
  if (!encrypted_) co_return;
  char byte = 0;
  socket().expires_after(time);
  const auto [why, count] = co_await encrypted_->async_read_some(asio::buffer(&byte, 1), as_values);
  if (why == asio::error::operation_aborted) throw boost::system::system_error(why);
  if (is_of_tls(why)) throw unreachable(trouble::tls, why_tls_failed(fault_, why, expected_));
}

bool connection::can_be_kept() {
  if (!kept_) return false;
  char byte = 0;
  // What is there to be read now is the end of the connection, or nothing that was asked for.
  const auto handle = socket().socket().native_handle();
  return ::recv(handle, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace carillon::http
