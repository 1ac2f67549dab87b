// What measurements post to: it answers as fast as it can, so that what is measured is who posts.

#include "receiver.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "bench.hpp"

namespace carillon::bench {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto with_error = asio::as_tuple(asio::deferred);

std::size_t content_length(std::string_view head) {
  constexpr std::string_view name = "Content-Length: ";
  std::size_t length = 0;
  const auto at = head.find(name);
  if (at != std::string_view::npos)
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return length;
}

asio::awaitable<void> answer_all(tcp::socket client) {
  client.set_option(tcp::no_delay{true});
  constexpr std::string_view answer = "HTTP/1.1 204 No Content\r\n\r\n";
  std::string buffer;
  while (true) {
    const auto [no_head, head] =
        co_await asio::async_read_until(client, asio::dynamic_buffer(buffer), "\r\n\r\n", with_error);
    if (no_head) co_return;
    const auto whole = head + content_length(std::string_view{buffer}.substr(0, head));
    if (buffer.size() < whole) {
      const auto missing = asio::transfer_exactly(whole - buffer.size());
      const auto [no_body, body] =
          co_await asio::async_read(client, asio::dynamic_buffer(buffer), missing, with_error);
      if (no_body) co_return;
    }
    buffer.erase(0, whole);
    const auto [unsent, bytes] = co_await asio::async_write(client, asio::buffer(answer), with_error);
    if (unsent) co_return;
  }
}

asio::awaitable<void> accept_all(tcp::acceptor& door) {
  while (true) {
    auto [closed, client] = co_await door.async_accept(with_error);
    if (closed) co_return;
    asio::co_spawn(door.get_executor(), answer_all(std::move(client)), asio::detached);
  }
}

// Until it is killed.
const child_measurement receiver_child{"push-receiver", [](const arguments&) {
                                         asio::io_context io{1};
                                         tcp::acceptor door{io, {asio::ip::address_v4::loopback(), 0}};
                                         fmt::print("{}\n", door.local_endpoint().port());
                                         std::fflush(stdout);
                                         asio::co_spawn(io, accept_all(door), asio::detached);
                                         io.run();
                                         return std::vector<double>{};
                                       }};

}  // namespace

receiver_thread::receiver_thread() {
  asio::co_spawn(io_, accept_all(door_), asio::detached);
  thread_ = std::thread{[this] { io_.run(); }};
}

receiver_thread::~receiver_thread() {
  io_.stop();
  thread_.join();
}

std::string receiver_thread::url() const {
  return fmt::format("http://127.0.0.1:{}/", door_.local_endpoint().port());
}

double receiver_thread::cpu() {
  clockid_t clock{};
  timespec used{};
  if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    return 0;
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace carillon::bench
