#include <doctest/doctest.h>

#include "apps/store_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

TEST_SUITE("doctor of a shared store") {
  TEST_CASE("the doctor tells of a job that no live instance can run, and of a run that nobody can read") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    REQUIRE(
        world.on_store({"jobs", "add", "--id", "bill", "--schedule", "every 1h", "--task", "charge"}).code ==
        0);
    world.server.cli({"HSET", "carillon:{billing:0}:runs", "broken", "?"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "no live instance runs task 'charge', so nobody runs job 'bill'"));
    CHECK(holds(found.out, "unreadable run record"));
    CHECK(daemon.says("run 'broken' in namespace 'billing' cannot be read and is passed over"));
    REQUIRE(daemon.says("succeeded"));
    CHECK(holds(world.on_store({"members"}).out, "1 job can be run by none of them"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("the doctor finds a healthy store well") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    const auto well = world.on_store({"doctor"});
    CAPTURE(well.out);
    CHECK(well.code == 0);
    CHECK(holds(well.out, "nothing is wrong"));
    CHECK(world.on_store({"doctor", "--json"}).object().at("well") == true);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    const auto alone = world.on_store({"doctor"});
    CHECK(alone.code == 1);
    CHECK(holds(alone.out, "no instance is live, and there is 1 job"));
  }

  TEST_CASE("the doctor finds what does not belong, and mends it when asked to") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    world.server.cli({"ZADD", "carillon:{billing:0}:due", "5", "ghost"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "'ghost' is in the list of what is due, and there is no such job"));
    CHECK(holds(found.out, "carillon doctor --repair"));
    CHECK(holds(world.on_store({"doctor", "--repair"}).out, "mended    'ghost'"));
    CHECK_FALSE(holds(world.on_store({"doctor"}).out, "ghost"));
  }

  TEST_CASE("the doctor names what is wrong with a server, and what to do") {
    store_world world{testing::redis_options{}};
    world.server.cli({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "allkeys-lru"));
    CHECK(holds(found.out, "noeviction"));
    CHECK(holds(found.out, "there is no store in namespace 'billing'"));
    CHECK(world.keys().empty());
  }
}

}  // namespace carillon::app
