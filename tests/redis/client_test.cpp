#include <carillon/redis/client.hpp>

#include <doctest/doctest.h>
#include <carillon/redis/link.hpp>

#include "redis/connection_world.hpp"

namespace carillon::testing {

namespace {

using redis::words;

struct client_world : loop_world {
  redis_server server;
  redis::link link{io, {.url = server.url(), .name_space = "clients", .logger = logger}};
  redis::client client{link, strand, "tests"};
  ~client_world() { run(client.close()); }
};

constexpr redis::lua_script doubled{"doubled", "62d38ddab5d72bf83d91cbab398b8bf73b2a1d16",
                                    "return redis.call('GET', KEYS[1]) * ARGV[1]"};

}  // namespace

TEST_SUITE("redis client") {
  TEST_CASE("it connects with the first question, under its own name") {
    client_world world;
    CHECK(world.server.cli({"CLIENT", "LIST"}).find("carillon-clients-tests") == std::string::npos);
    CHECK(world.run(world.client.command(words("SET", "n", 21))).text() == "OK");
    CHECK(world.server.cli({"CLIENT", "LIST"}).find("carillon-clients-tests") != std::string::npos);
  }

  TEST_CASE("it runs a program's own script, on a server that does not know it yet") {
    client_world world;
    world.server.cli({"SET", "n", "21"});
    CHECK(world.run(world.client.run(doubled, words("n"), words(2))).integer() == 42);
  }

  TEST_CASE("after its end it refuses to ask") {
    client_world world;
    world.run(world.client.close());
    CHECK_THROWS_AS(world.run(world.client.command(words("PING"))), boost::system::system_error);
  }
}

}  // namespace carillon::testing
