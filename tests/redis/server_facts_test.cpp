#include "redis/server_facts.hpp"

#include <doctest/doctest.h>

#include "redis/connection_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::server_facts;

namespace {

server_facts inspect(const redis_server& server) {
  connection_world world{server};
  return world.run(redis::inspect_server(world.connection));
}

std::string refusal_of(const server_facts& facts) {
  try {
    redis::refuse_unfit(facts);
  } catch (const boost::system::system_error& failure) {
    return failure.what();
  }
  return "fit";
}

std::string refusal_by(const redis_server& server) { return refusal_of(inspect(server)); }

// What somebody with that login hears.
std::string refusal_to(const redis_server& server, const std::string& user, const std::string& password) {
  auto how = connection_world::options_for(server);
  how.where.user = user;
  how.where.password = password;
  connection_world world{how};
  try {
    redis::refuse_unfit(world.run(redis::inspect_server(world.connection)));
  } catch (const boost::system::system_error& failure) {
    return failure.what();
  }
  return "fit";
}

std::string warnings_about(const server_facts& facts) {
  std::string all;
  for (const auto& each : redis::findings_about(facts)) all += each.message + "\n";
  return all;
}

server_facts good() {
  auto facts = redis::facts_of(
      "redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n");
  facts.snapshots = "";
  facts.append_fsync = "everysec";
  facts.latency = 100us;
  facts.clock_offset = 0ms;
  return facts;
}

}  // namespace

TEST_SUITE("what a server says of itself") {
  TEST_CASE("is read from INFO") {
    const auto facts = redis::facts_of(
        "# "
        "Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\nredis_mode:"
        "standalone\r\n\r\n"
        "# Memory\r\nused_memory:900\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n"
        "# "
        "Persistence\r\nloading:0\r\nrdb_last_bgsave_status:err\r\naof_enabled:1\r\naof_last_write_status:"
        "ok\r\n"
        "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6380\r\nconnected_slaves:2\r\n"
        "slave0:ip=127.0.0.1,port=7001,state=online,offset=14,lag=1\r\nslave1:ip=127.0.0.1,port=7002,state="
        "online,offset=14,lag=12\r\n");
    CHECK(facts.flavour == "valkey");
    CHECK(facts.version == "8.0.1");
    CHECK(facts.compatible == "7.2.4");
    CHECK(facts.what == server_facts::role::replica);
    CHECK(facts.master == "10.0.0.1:6380");
    CHECK(facts.maxmemory_policy == "allkeys-lru");
    CHECK(facts.maxmemory == 1000);
    CHECK(facts.used_memory == 900);
    CHECK(facts.append_only);
    CHECK(facts.last_snapshot_failed);
    CHECK_FALSE(facts.last_append_failed);
    CHECK(facts.replicas == 2);
    CHECK(facts.replica_lag_s == 12);
    CHECK(redis::facts_of("redis_mode:sentinel\r\n").what == server_facts::role::sentinel);
    CHECK(redis::facts_of("redis_mode:cluster\r\n").cluster);
    CHECK(redis::facts_of("valkey_version:8.0.1\r\nserver_mode:cluster\r\n").cluster);
    CHECK(redis::facts_of("server_mode:sentinel\r\n").what == server_facts::role::sentinel);
    CHECK(redis::facts_of("").version.empty());
  }

  TEST_CASE("is all known of a server that one may ask") {
    const redis_server server{{.append_only = true}};
    auto facts = inspect(server);
    CHECK((facts.flavour == "redis" || facts.flavour == "valkey"));  // Whichever is installed.
    CHECK(facts.version.find('.') != std::string::npos);
    CHECK(facts.what == server_facts::role::master);
    CHECK(facts.maxmemory_policy == "noeviction");
    CHECK(facts.used_memory > 0);
    CHECK(facts.append_only);
    CHECK(facts.snapshots == "");
    CHECK(facts.append_fsync == "everysec");
    CHECK(facts.scripts_refused.empty());
    REQUIRE(facts.latency.has_value());
    CHECK(*facts.latency > 0us);
    REQUIRE(facts.clock_offset.has_value());
    CHECK(std::chrono::abs(*facts.clock_offset) < 1s);  // The server runs on this machine.
    CHECK(refusal_of(facts) == "fit");
    facts.latency = 1ms;  // On a busy machine it may be one to be warned of.
    CHECK(warnings_about(facts) == "");
  }

  TEST_CASE("may be less, where one may not ask") {
    const redis_server server;
    server.cli({"ACL", "SETUSER", "ann", "on", ">pw", "~*", "+@all", "-config"});
    auto how = connection_world::options_for(server);
    how.where.user = "ann";
    how.where.password = "pw";
    connection_world world{how};
    const auto facts = world.run(redis::inspect_server(world.connection));
    CHECK_FALSE(facts.snapshots.has_value());
    CHECK(refusal_of(facts) == "fit");
  }
}

TEST_SUITE("an unfit server is refused with what to do") {
  TEST_CASE("it wants a password, or another") {
    const redis_server server{{.config = {"requirepass right"}, .password = "right"}};
    const auto none = refusal_to(server, "default", "");
    CHECK(none.starts_with(server.url() + ": NOAUTH "));
    CHECK(
        none.find("; write the password in the URL: redis://:PASSWORD@HOST or redis://USER:PASSWORD@HOST") !=
        std::string::npos);
    const auto wrong = refusal_to(server, "default", "guess");
    CHECK(wrong.find("WRONGPASS invalid username-password pair or user is disabled; look at user and "
                     "password in the URL") != std::string::npos);
    CHECK(wrong.find("guess") == std::string::npos);
    CHECK(refusal_to(server, "default", "right") == "fit");
  }

  TEST_CASE("that is told at once, not at the end of the time for a command") {
    const redis_server server{{.config = {"requirepass right"}, .password = "right"}};
    auto how = connection_world::options_for(server);
    how.command_timeout = 30s;
    connection_world world{how};
    const auto began = std::chrono::steady_clock::now();
    CHECK(world.outcome(redis::words("PING")).starts_with("refused: not sent: redis://127.0.0.1"));
    CHECK(std::chrono::steady_clock::now() - began < 10s);
  }

  TEST_CASE("it has no database of that number") {
    const redis_server server;
    auto how = connection_world::options_for(server);
    how.where.database = 77;
    connection_world world{how};
    CHECK_THROWS_WITH(
        world.run(redis::inspect_server(world.connection)),
        doctest::Contains("/77: ERR DB index is out of range; the server has no database of that number"));
  }

  TEST_CASE("it is a replica") {
    const redis_server master;
    redis_server replica;
    replica.replicate(master);
    CHECK(refusal_by(replica).starts_with(
        "the server is a replica of 127.0.0.1:" + std::to_string(master.port()) +
        ", where nothing can be written; connect to the master, or by redis+sentinel://"));
    CHECK(inspect(master).replicas == 1);
  }

  TEST_CASE("its memory is full") {
    const redis_server server{{.config = {"maxmemory 512kb"}}};
    CHECK(refusal_by(server).starts_with("the server's memory is full: "));
    CHECK(refusal_by(server).find(" of 524288 bytes; raise maxmemory, or remove keys") != std::string::npos);
  }

  TEST_CASE("it drops keys when its memory is full") {
    const redis_server server{{.config = {"maxmemory-policy allkeys-lru"}}};
    CHECK(refusal_by(server).starts_with(
        "the server drops keys when its memory is full (maxmemory-policy allkeys-lru); "
        "CONFIG SET maxmemory-policy noeviction"));
  }

  TEST_CASE("it is part of a cluster") {
    const redis_server server{{.config = {"cluster-enabled yes"}}};
    CHECK(refusal_by(server).starts_with(
        "the server is part of a Redis Cluster, which is not supported yet; use a single server"));
  }

  TEST_CASE("it is a sentinel") {
    const redis_server server;
    const redis_sentinel sentinel{server};
    auto how = connection_world::options_for(server);
    how.where.hosts[0].port = std::to_string(sentinel.port());
    connection_world world{how};
    CHECK(refusal_of(world.run(redis::inspect_server(world.connection)))
              .starts_with("this is a sentinel, not a server that keeps data; write redis+sentinel://"));
  }

  TEST_CASE("it lets the user run no scripts") {
    const redis_server server;
    server.cli({"ACL", "SETUSER", "ann", "on", ">pw", "~*", "+@all", "-@scripting"});
    const auto refusal = refusal_to(server, "ann", "pw");
    CHECK(refusal.starts_with("the server lets this user run no scripts: NOPERM"));
    CHECK(refusal.find("; allow EVAL, EVALSHA and SCRIPT|LOAD: ACL SETUSER") != std::string::npos);
  }

  TEST_CASE("it is too old, or loads its data, or cannot write") {
    auto facts = good();
    CHECK(refusal_of(facts) == "fit");
    facts.compatible = "6.0.16";
    CHECK(refusal_of(facts).starts_with("the server is Redis 6.0.16; 6.2 or newer is needed, or Valkey"));
    for (const auto* enough : {"6.2.0", "7.0.1", "10.0.0"}) {
      facts.compatible = enough;
      CHECK(refusal_of(facts) == "fit");
    }
    facts = good();
    facts.loading = true;
    CHECK_THROWS_WITH_AS(redis::refuse_unfit(facts),
                         doctest::Contains("the server is loading its data; wait until it has"),
                         boost::system::system_error);
    facts = good();
    facts.last_append_failed = true;
    CHECK(refusal_of(facts).starts_with("the server could not write its append-only file; look at"));
    CHECK(redis::advice_on_refusal("ERR unknown command `HELLO`, with args")
              .starts_with("the server is too old"));
  }

  TEST_CASE("what may go wrong later is a warning") {
    auto facts = good();
    CHECK(warnings_about(facts) == "");
    facts.append_only = false;
    CHECK(warnings_about(facts) == "the server keeps nothing on disk: restarted, it is empty\n");
    facts.snapshots = "3600 1";
    CHECK(warnings_about(facts) ==
          "the server keeps snapshots only: restarted, it has forgotten the last minutes\n");
    facts = good();
    facts.replica_lag_s = 11;
    facts.latency = 51ms;
    facts.clock_offset = -1500ms;
    CHECK(warnings_about(facts) ==
          "a replica is 11 s behind\nthe server takes 51 ms to answer\nthe server's clock is 1500 ms behind "
          "this machine's\n");
    facts.maxmemory = 100;
    facts.used_memory = 91;
    CHECK(warnings_about(facts).starts_with("the server's memory is nearly full: 91 of 100 bytes\n"));
    for (const auto& each : redis::findings_about(facts)) {
      CHECK_FALSE(each.unfit);
      CHECK_FALSE(each.advice.empty());
      CHECK_FALSE(each.at_stake.empty());
    }
  }
}

}  // namespace carillon::testing
