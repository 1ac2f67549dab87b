#include "push/page_server.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <string>

#include "push/metrics_text.hpp"
#include "support/loop_world.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

loop_awaitable<std::string> ask(loop_executor where, std::uint16_t port, std::string request) {
  asio::basic_stream_socket<asio::ip::tcp, loop_executor> socket{where};
  const asio::ip::tcp::endpoint there{asio::ip::address_v4::loopback(), port};
  co_await socket.async_connect(there, asio::deferred);
  co_await asio::async_write(socket, asio::buffer(request), asio::deferred);
  std::string answer;
  auto all = asio::dynamic_buffer(answer);
  co_await asio::async_read(socket, all, asio::as_tuple(asio::deferred));
  co_return answer;
}

loop_awaitable<std::string> numbers() { co_return metrics_text(push_figures{}); }

}  // namespace

TEST_SUITE("metrics") {
  TEST_CASE("counters and the histogram of lateness are told in Prometheus' form") {
    push_figures figures;
    figures.due = 12;
    figures.sent = 11;
    figures.lateness.add(-5s);
    figures.lateness.add(50ms);
    figures.lateness.add(2h);
    const auto text = metrics_text(figures);
    const auto holds = [&](std::string_view line) {
      return text.find(std::string{line} + "\n") != std::string::npos;
    };
    CHECK(holds("# TYPE carillon_push_due_total counter"));
    CHECK(holds("carillon_push_due_total 12"));
    CHECK(holds("carillon_push_sent_total 11"));
    CHECK(holds("# TYPE carillon_push_lateness_seconds histogram"));
    CHECK(holds("carillon_push_lateness_seconds_bucket{le=\"0\"} 1"));
    CHECK(holds("carillon_push_lateness_seconds_bucket{le=\"0.1\"} 2"));
    CHECK(holds("carillon_push_lateness_seconds_bucket{le=\"3600\"} 2"));
    CHECK(holds("carillon_push_lateness_seconds_bucket{le=\"+Inf\"} 3"));
    CHECK(holds("carillon_push_lateness_seconds_count 3"));
    CHECK(holds("carillon_push_lateness_seconds_sum 7200.05"));
  }

  TEST_CASE("they are served at /metrics, and nothing else is") {
    loop_world world;
    page_server server{world.strand, "127.0.0.1", 0, numbers};
    asio::post(world.strand, [&] { server.start(); });
    const auto got = [&](const std::string& first) {
      return world.run(
          ask(world.strand, server.port(), first + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    };
    CHECK(got("GET /metrics").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(got("GET /metrics").find("carillon_push_due_total 0\n") != std::string::npos);
    CHECK(got("GET /").starts_with("HTTP/1.1 404 Not Found\r\n"));
    CHECK(got("POST /metrics").starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
    world.run(server.close());
  }

  TEST_CASE("a request with a body is answered, and one with too much of it is, too") {
    loop_world world;
    page_server server{world.strand, "127.0.0.1", 0, numbers};
    asio::post(world.strand, [&] { server.start(); });
    const auto got = [&](const std::string& length, const std::string& body) {
      return world.run(ask(world.strand, server.port(),
                           "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                               length + "\r\n\r\n" + body));
    };
    CHECK(got("2", "{}").starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(got("1000000", "").starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
    world.run(server.close());
  }

  TEST_CASE("while there are too many open files it waits, and answers when there are fewer") {
    loop_world world;
    page_server server{world.strand, "127.0.0.1", 0, numbers};
    asio::basic_stream_socket<asio::ip::tcp, loop_executor> visitor{world.strand};
    const asio::ip::tcp::endpoint there{asio::ip::address_v4::loopback(), server.port()};
    visitor.connect(there);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    auto none = before;
    none.rlim_cur = 3;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    asio::post(world.strand, [&] { server.start(); });
    world.io.poll();  // Ends only if nothing runs on and on.
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    const std::string request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    asio::write(visitor, asio::buffer(request));
    const auto read_all = [](auto& from) -> loop_awaitable<std::string> {
      std::string answer;
      auto all = asio::dynamic_buffer(answer);
      co_await asio::async_read(from, all, asio::as_tuple(asio::deferred));
      co_return answer;
    };
    CHECK(world.run(read_all(visitor)).starts_with("HTTP/1.1 200 OK\r\n"));
    world.run(server.close());
  }

  TEST_CASE("a port that is taken is said to be") {
    loop_world world;
    page_server server{world.strand, "127.0.0.1", 0, numbers};
    CHECK_THROWS_WITH_AS(
        (page_server{world.strand, "127.0.0.1", server.port(), numbers}),
        ("cannot listen on 127.0.0.1:" + std::to_string(server.port()) + ": Address already in use").c_str(),
        std::runtime_error);
    CHECK_THROWS_AS((page_server{world.strand, "nowhere", 0, numbers}), std::runtime_error);
  }
}
