#include "push/page_server.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace carillon::pushes {

namespace {

constexpr auto patience = std::chrono::seconds{30};
constexpr auto pause_of_trouble = std::chrono::milliseconds{200};
constexpr std::size_t most_visitors = 64;
constexpr std::size_t most_of_a_body = 16'384;  // Nobody needs one.

boost::asio::ip::tcp::endpoint endpoint_of(const std::string& host, std::uint16_t port) {
  boost::system::error_code wrong;
  const auto address = boost::asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, wrong);
  if (wrong)
    throw std::runtime_error(fmt::format("'{}' is no address to listen on: 127.0.0.1, or 0.0.0.0", host));
  return {address, port};
}

}  // namespace

page_server::page_server(const loop_executor& where, const std::string& host, std::uint16_t port,
                         page content)
    : where_{where},
      content_{std::move(content)},
      acceptor_{where},
      visitors_{where, [](const std::exception_ptr&) {}} {
  const auto there = endpoint_of(host, port);
  try {
    acceptor_.open(there.protocol());
    acceptor_.set_option(boost::asio::socket_base::reuse_address(true));
    acceptor_.bind(there);
    acceptor_.listen();
  } catch (const boost::system::system_error& fault) {
    throw std::runtime_error(fmt::format("cannot listen on {}:{}: {}", host, port, fault.code().message()));
  }
}

page_server::~page_server() = default;

std::uint16_t page_server::port() const { return acceptor_.local_endpoint().port(); }

void page_server::start() { visitors_.spawn(accept()); }

loop_awaitable<void> page_server::close() {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  boost::system::error_code unimportant;
  acceptor_.close(unimportant);
  visitors_.cancel();
  co_await visitors_.join();
}

loop_awaitable<void> page_server::accept() {
  while (acceptor_.is_open()) {
    auto [why, connection] = co_await acceptor_.async_accept(boost::asio::as_tuple(boost::asio::deferred));
    if (why == boost::asio::error::operation_aborted) co_return;
    if (why) {
      // Too many open files, for one: at once it would fail again.
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
          pause{where_, pause_of_trouble};
      co_await pause.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    } else if (visitors_.size() <= most_visitors) {
      visitors_.spawn(serve(std::move(connection)));
    }
  }
}

loop_awaitable<void> page_server::serve(socket connection) {
  namespace http = boost::beast::http;
  constexpr auto as_values = boost::asio::as_tuple(boost::asio::deferred);
  boost::beast::basic_stream<boost::asio::ip::tcp, loop_executor> stream{std::move(connection)};
  boost::beast::flat_buffer buffer;
  for (bool again = true; again;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(most_of_a_body);
    stream.expires_after(patience);
    const auto [unread, count] = co_await http::async_read(stream, buffer, parser, as_values);
    const bool too_large = unread == http::error::body_limit;
    if (unread && !too_large) co_return;
    const auto& request = parser.get();
    http::response<http::string_body> response{http::status::ok, request.version()};
    const auto path = request.target().substr(0, request.target().find('?'));
    if (too_large) {
      response.result(http::status::payload_too_large);
    } else if (path != "/metrics") {
      response.result(http::status::not_found);
      response.body() = "the figures are at /metrics\n";
    } else if (request.method() != http::verb::get) {
      response.result(http::status::method_not_allowed);
      response.set(http::field::allow, "GET");
    } else {
      response.body() = co_await content_();
    }
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    again = request.keep_alive() && !too_large;
    response.keep_alive(again);
    response.prepare_payload();
    stream.expires_after(patience);
    const auto [unsent, sent] = co_await http::async_write(stream, response, as_values);
    if (unsent) co_return;
  }
}

}  // namespace carillon::pushes
