#include "tcp_proxy.hpp"

#include <doctest/doctest.h>
#include <stdexcept>

#include "support/redis_client.hpp"
#include "support/redis_server.hpp"
#include "waiting.hpp"

using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds for_an_answer = 10s, for_none = 500ms;

struct proxied_server {
  redis_server server;
  proxy_house house;
  tcp_proxy proxy{house, server.port()};

  /// The answer that comes through the proxy, or why there is none.
  std::string ask(const std::vector<std::string>& words,
                  std::chrono::milliseconds patience = for_an_answer) const {
    try {
      return redis_client{proxy.port(), patience}.ask(words);
    } catch (const std::runtime_error&) {
      return "no answer";
    }
  }
  std::string there(const std::string& key) const { return server.cli({"GET", key}); }
};

}  // namespace

TEST_SUITE("tcp proxy") {
  TEST_CASE("what is sent is passed on, and so are the answers") {
    const proxied_server world;
    CHECK(world.ask({"SET", "a", "1"}) == "OK");
    CHECK(world.there("a") == "1");
  }

  TEST_CASE("a proxy that refuses lets nobody connect and cuts who is connected, until it passes again") {
    proxied_server world;
    redis_client connected{world.proxy.port(), for_an_answer};
    CHECK(connected.ask({"PING"}) == "PONG");
    world.proxy.become(link_fault::refuse);
    CHECK_THROWS_AS(connected.ask({"PING"}), std::runtime_error);
    CHECK_THROWS_AS((redis_client{world.proxy.port(), for_an_answer}), std::runtime_error);
    world.proxy.become(link_fault::none);
    CHECK(world.ask({"PING"}) == "PONG");
  }

  TEST_CASE("what falls into a black hole is gone") {
    proxied_server world;
    world.proxy.become(link_fault::black_hole);
    CHECK(world.ask({"SET", "a", "1"}, for_none) == "no answer");
    world.proxy.become(link_fault::none);
    CHECK(world.ask({"SET", "b", "1"}) == "OK");
    CHECK(world.there("a") == "");
  }

  TEST_CASE("what is late arrives when the fault is over, though its sender has long gone") {
    proxied_server world;
    world.proxy.become(link_fault::late);
    CHECK(world.ask({"SET", "a", "1"}, for_none) == "no answer");
    CHECK(world.there("a") == "");
    world.proxy.become(link_fault::none);
    wait_until("the late request arrives", [&] { return world.there("a") == "1"; });
  }

  TEST_CASE("a delayed answer comes, later") {
    proxied_server world;
    world.proxy.become(link_fault::delay);
    const auto before = std::chrono::steady_clock::now();
    CHECK(world.ask({"SET", "a", "1"}) == "OK");
    CHECK(std::chrono::steady_clock::now() - before >= 80ms);  // There and back.
  }

  TEST_CASE("a cut answer is one to a request that took effect") {
    proxied_server world;
    CHECK(world.ask({"SET", "a", std::string(10'000, 'x')}) == "OK");
    world.proxy.become(link_fault::cut_answers);
    CHECK(world.ask({"EVAL", "redis.call('SET', 'b', 1) return redis.call('GET', 'a')", "0"}) == "no answer");
    CHECK(world.there("b") == "1");
  }

  TEST_CASE("with the way back closed requests take effect, and the answer is the end of the connection") {
    proxied_server world;
    world.proxy.become(link_fault::half_close);
    CHECK(world.ask({"SET", "a", "1"}) == "no answer");
    CHECK(world.there("a") == "1");
  }
}
