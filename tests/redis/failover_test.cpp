#include <doctest/doctest.h>

#include "redis/connection_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::lua_script;
using redis::words;

namespace {

constexpr lua_script add_script{"add", "8cd00688c05c46bde4a2e60658ef20a2e5c0b248",
                                "return redis.call('INCRBY', KEYS[1], ARGV[1])"};

/// A master, a replica, and a sentinel that watches them.
struct watched_pair {
  watched_pair() {
    replica.replicate(master);
    sentinel.emplace(master);
  }

  redis::connection_options options() const {
    redis::connection_options how = connection_world::options_for(master);
    how.where.what = redis::endpoint::kind::sentinel;
    // One that is gone comes first: the next is asked.
    how.where.hosts = {{"127.0.0.1", std::to_string(free_port())},
                       {"127.0.0.1", std::to_string(sentinel->port())}};
    how.where.master_name = "main";
    return how;
  }

  redis_server master, replica;
  std::optional<redis_sentinel> sentinel;
};

}  // namespace

TEST_SUITE("redis fail-over") {
  TEST_CASE(
      "the sentinels name the master; when it dies, the connection goes to the new one, which learns the "
      "scripts") {
    watched_pair servers;
    connection_world world{servers.options()};
    REQUIRE(servers.sentinel->knows_replica());
    CHECK(world.run(world.connection.run(add_script, words("k"), words(1))).integer() == 1);
    REQUIRE(world.until([&] { return servers.replica.cli({"GET", "k"}) == "1"; }));

    servers.master.kill();
    REQUIRE(world.until([&] { return !world.connection.is_up(); }));
    world.run(world.connection.wait_until_up(60s), 70s);
    CHECK(servers.sentinel->master_port() == servers.replica.port());
    CHECK(world.run(world.connection.run(add_script, words("k"), words(1))).integer() == 2);
    CHECK(servers.replica.cli({"GET", "k"}) == "2");
  }

  TEST_CASE("a master that was made a replica is left for the new one as soon as it refuses to write") {
    watched_pair servers;
    connection_world world{servers.options()};
    world.ask(words("SET", "k", 1));
    REQUIRE(servers.sentinel->knows_replica());
    const auto over = [&] {  // One that takes Sentinel too long is given up, and not tried again.
      servers.sentinel->cli({"SENTINEL", "FAILOVER", "main"});
      return world.until([&] { return servers.sentinel->master_port() == servers.replica.port(); }, 10s);
    };
    REQUIRE((over() || over() || over()));
    const auto written = [&] {
      return world.outcome_of(world.connection.command(words("SET", "k", 2), 5s)) == "\"OK\"" &&
             servers.replica.cli({"GET", "k"}) == "2";
    };
    CHECK(world.until(written, 60s));
  }

  TEST_CASE("sentinels that do not know the master are told apart from those that are away") {
    const redis_server server;
    const redis_sentinel sentinel{server};
    auto how = connection_world::options_for(server);
    how.where.what = redis::endpoint::kind::sentinel;
    how.where.hosts = {{"127.0.0.1", std::to_string(sentinel.port())}};
    how.where.master_name = "mein";
    connection_world world{how};
    world.until([&] { return world.connection.why_down().find("doesn't know") != std::string::npos; });
    const auto outcome = world.outcome_of(world.connection.command(words("PING"), 500ms));
    CHECK(outcome.find("redis+sentinel://127.0.0.1:" + std::to_string(sentinel.port()) + "/mein") !=
          std::string::npos);
    CHECK(outcome.find("doesn't know about the configured master") != std::string::npos);
  }

  TEST_CASE(
      "a server that is a replica from now on, without sentinels, is refused by calls and connected to "
      "again") {
    const redis_server master;
    redis_server server;
    connection_world world{server};
    int ups = 0;
    const auto up = world.connection.on_up([&] { ++ups; });
    world.ask(words("SET", "k", 1));
    server.replicate(master);
    CHECK(world.outcome(words("SET", "k", 2)).starts_with("unreachable: READONLY"));
    server.cli({"REPLICAOF", "NO", "ONE"});
    world.run(world.connection.wait_until_up(10s));
    CHECK(ups == 2);
    CHECK(world.ask(words("SET", "k", 3)).text() == "OK");
  }
}

}  // namespace carillon::testing
