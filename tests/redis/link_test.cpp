#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <carillon/redis/link.hpp>
#include <future>
#include <optional>

#include "redis/link_state.hpp"
#include "redis/outage.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::words;

namespace {

struct link_world : loop_world {
  explicit link_world(const redis_server& server)
      : link{std::in_place, io,
             redis::link_options{
                 .url = server.url() + "?namespace=tests&health_check_interval=20s&command_timeout=20s",
                 .logger = logger}} {}
  ~link_world() {
    link.reset();
    until([] { return false; }, 20ms);
  }
  redis::link_state& state() { return *link->state(); }

  std::optional<redis::link> link;
};

// What `call` answers, run where it belongs.
redis::reply answer(redis::background& where, const words& call) {
  return boost::asio::co_spawn(where.get_executor(), where.connection().command(call),
                               boost::asio::use_future)
      .get();
}

std::size_t clients(const redis_server& server, const std::string& name) {
  const auto list = server.cli({"CLIENT", "LIST"});
  std::size_t count = 0;
  for (auto at = list.find("name=" + name); at != std::string::npos; at = list.find("name=" + name, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_SUITE("redis link") {
  TEST_CASE("connects when something needs it, not before") {
    const redis_server server;
    link_world world{server};
    CHECK(world.link->address() == server.url());
    CHECK(world.link->options().name_space == "tests");
    world.until([] { return false; }, 50ms);
    CHECK(clients(server, "carillon-tests") == 0);

    const auto desk = world.state().locks();
    REQUIRE(desk);
    CHECK(world.until([&] { return clients(server, "carillon-tests-leases") == 1; }));
  }

  TEST_CASE("its thread answers while the caller blocks its loop") {
    const redis_server server;
    link_world world{server};
    const auto thread = world.state().background();
    CHECK(answer(*thread, words("INCR", "k")).integer() == 1);  // The loop of this test does not run.
    CHECK(world.state().background() == thread);
    CHECK(clients(server, "carillon-tests-leases") == 1);
  }

  TEST_CASE("when it goes, its connection and its thread end") {
    const redis_server server;
    link_world world{server};
    const auto state = world.link->state();
    CHECK(answer(*state->background(), words("PING")).text() == "PONG");
    world.link.reset();
    CHECK(state->background() == nullptr);
    CHECK(state->locks() == nullptr);
    CHECK(world.until([&] { return clients(server, "carillon-tests") == 0; }));
  }

  TEST_CASE("that was asked for nothing goes without a trace") {
    const redis_server server;
    {
      link_world world{server};
    }
    CHECK(clients(server, "carillon") == 0);
  }

  TEST_CASE("an outage is told once, not once for each of its connections") {
    redis_server server;
    link_world world{server};
    auto& state = world.state();
    const auto thread = state.background();
    answer(*thread, words("PING"));
    const auto other = state.connect(world.strand, "other");
    other->start();
    world.run(other->wait_until_up(10s));
    server.kill();
    REQUIRE(
        world.until([&] { return !other->is_up() && thread->connection().options().outage->down() == 2; }));
    server.start();
    REQUIRE(
        world.until([&] { return other->is_up() && thread->connection().options().outage->down() == 0; }));
    CHECK(world.logged("is out of reach") == 1);
    CHECK(world.logged("is reachable again") == 1);

    // One that is stopped while it is down is not waited for.
    server.kill();
    REQUIRE(world.until([&] { return thread->connection().options().outage->down() == 2; }));
    world.run(other->stop());
    server.start();
    REQUIRE(world.until([&] { return world.logged("is reachable again") == 2; }));
    CHECK(world.logged("is out of reach") == 2);
  }
}

}  // namespace carillon::testing
