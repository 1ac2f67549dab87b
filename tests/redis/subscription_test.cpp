#include <doctest/doctest.h>

#include "redis/connection_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::words;

namespace {

struct heard {
  std::vector<std::string> messages;
  int subscribed = 0;

  redis::connection::message_handlers handlers() {
    return {[this](std::string_view channel, std::string_view message) {
              messages.push_back(std::string(channel) + ":" + std::string(message));
            },
            [this] { ++subscribed; }};
  }
};

}  // namespace

TEST_SUITE("redis subscription") {
  TEST_CASE("messages come in order, from when it is in force until it is let go") {
    const redis_server server;
    connection_world world{server};
    heard first, second;
    auto one = world.connection.subscribe({"a", "b"}, first.handlers());
    const auto other = world.connection.subscribe({"b"}, second.handlers());
    REQUIRE(world.until([&] { return first.subscribed == 1 && second.subscribed == 1; }));

    world.ask(words("PUBLISH", "a", "1"));
    world.ask(words("PUBLISH", "b", "2"));
    world.ask(words("PUBLISH", "a", std::string_view("\r\n\0", 3)));
    REQUIRE(world.until([&] { return first.messages.size() == 3; }));
    CHECK(first.messages == std::vector<std::string>{"a:1", "b:2", std::string("a:\r\n\0", 5)});
    CHECK(second.messages == std::vector<std::string>{"b:2"});

    one.reset();
    REQUIRE(world.until([&] { return server.cli({"PUBSUB", "CHANNELS"}) == "b"; }));
    world.ask(words("PUBLISH", "b", "3"));
    REQUIRE(world.until([&] { return second.messages.size() == 2; }));
    CHECK(first.messages.size() == 3);
  }

  TEST_CASE(
      "it is in force again after the server was away, and says so, since messages may have been missed") {
    redis_server server;
    connection_world world{server};
    heard all;
    const auto kept = world.connection.subscribe({"a", "b"}, all.handlers());
    REQUIRE(world.until([&] { return all.subscribed == 1; }));
    for (int round = 2; round < 4; ++round) {
      server.kill();
      server.start();
      REQUIRE(world.until([&] { return all.subscribed == round; }));
      server.cli({"PUBLISH", "b", std::to_string(round)});
      REQUIRE(world.until([&] { return all.messages.size() == static_cast<std::size_t>(round - 1); }));
      CHECK(all.messages.back() == "b:" + std::to_string(round));
    }
    CHECK(all.messages.size() == 2);
  }

  TEST_CASE("it outlives a connection that the server closed while another goes on") {
    const redis_server server;
    connection_world world{server};
    heard all;
    const auto kept = world.connection.subscribe({"a"}, all.handlers());
    REQUIRE(world.until([&] { return all.subscribed == 1; }));
    CHECK(server.cli({"CLIENT", "KILL", "TYPE", "pubsub"}) == "1");
    REQUIRE(world.until([&] { return all.subscribed == 2; }));
    world.ask(words("PUBLISH", "a", "x"));
    CHECK(world.until([&] { return all.messages.size() == 1; }));
  }

  TEST_CASE("one that the server refuses is told, and calls go on undisturbed") {
    const redis_server server;
    server.cli({"ACL", "SETUSER", "deaf", "on", ">pw", "~*", "+@all", "resetchannels"});
    auto how = connection_world::options_for(server);
    how.where.user = "deaf";
    how.where.password = "pw";
    connection_world world{how};
    heard all;
    const auto kept = world.connection.subscribe({"a"}, all.handlers());
    REQUIRE(world.until([&] { return world.logged("no notices, as the server refuses: NOPERM") == 1; }));
    for (int i = 1; i < 20; ++i) CHECK(world.ask(words("INCR", "k")).integer() == i);
    CHECK(all.subscribed == 0);
  }

  TEST_CASE("a message for a subscription that the one before it has ended is dropped") {
    const redis_server server;
    connection_world world{server};
    int first = 0, second = 0, ready = 0;
    redis::connection::listening later;
    const auto one = world.connection.subscribe({"a"}, {[&](auto, auto) {
                                                          ++first;
                                                          later.reset();
                                                        },
                                                        [&] { ++ready; }});
    later = world.connection.subscribe({"a"}, {[&](auto, auto) { ++second; }, [&] { ++ready; }});
    REQUIRE(world.until([&] { return ready == 2; }));
    world.ask(words("PUBLISH", "a", "1"));
    world.ask(words("PUBLISH", "a", "2"));
    REQUIRE(world.until([&] { return first == 2; }));
    CHECK(second == 0);
  }
}

}  // namespace carillon::testing
