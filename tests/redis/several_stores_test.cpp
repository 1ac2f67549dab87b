#include <boost/asio/use_future.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <future>

#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// A scheduler with its jobs in memory and others in a Redis, in real time.
struct memory_and_redis : loop_world {
  explicit memory_and_redis(bool required) {
    store_options how;
    how.required = required;
    redis::job_store_options shared_ones;
    shared_ones.partitions = 4;
    shared_ones.lease = 10s;
    scheduler.store("shared", redis::job_store{link, shared_ones}, how);
    add(scheduler, "a", of_memory);
    add(scheduler.in("shared"), "b", of_redis);
    heard = scheduler.on(event::store_lost | event::store_back, [this](const event& what) {
      told.push_back(std::string{name(what.kind)} + " " + what.store);
    });
  }
  ~memory_and_redis() {
    if (!running) return;
    shutdown_options at_once;
    at_once.drain = 0ms;
    auto over = scheduler.shutdown(at_once, boost::asio::use_future);
    until([&] { return !running; });
  }
  void start() {
    running = true;
    boost::asio::co_spawn(io, scheduler.run(), [this](std::exception_ptr why) {
      running = false;
      failure = why;
    });
  }
  void add(carillon::scheduler& where, const char* id, int& runs) {
    job_options options;
    options.misfire_grace.reset();
    where.add(id, trigger{"every 100ms"}, [&runs] { ++runs; }, options);
  }
  bool goes_on(const int& runs) {
    const auto before = runs;
    return until([&] { return runs > before + 2; });
  }
  redis::link_options link_options() {
    redis::link_options where;
    where.url = server.url();
    where.logger = logger;
    return where;
  }
  scheduler_options options() {
    scheduler_options how;
    how.logger = logger;
    how.instance = "one";
    return how;
  }

  redis_server server;
  redis::link link{io, link_options()};
  carillon::scheduler scheduler{io, options()};
  int of_memory = 0, of_redis = 0;
  std::vector<std::string> told;
  subscription heard;
  bool running = false;
  std::exception_ptr failure;
};

}  // namespace

TEST_SUITE("several stores, of which one is a Redis") {
  TEST_CASE("when the Redis goes away the jobs in memory do not notice; when it comes back its jobs go on") {
    memory_and_redis world{true};
    world.start();
    REQUIRE(world.goes_on(world.of_redis));
    CHECK(world.goes_on(world.of_memory));
    world.server.stop();
    REQUIRE(world.until([&] { return !world.told.empty(); }));
    CHECK(world.told.front() == "store_lost shared");
    CHECK(world.goes_on(world.of_memory));
    world.server.start();
    REQUIRE(world.until([&] { return world.told.back() == "store_back shared"; }));
    CHECK(world.goes_on(world.of_redis));
    CHECK(world.goes_on(world.of_memory));
    CHECK(world.logged("store 'shared' does not answer") == 1);
  }

  TEST_CASE(
      "a Redis that is not there at the start is no hindrance, if it need not be; its jobs begin when it "
      "is") {
    memory_and_redis world{false};
    world.server.stop();
    world.start();
    REQUIRE(world.goes_on(world.of_memory));
    REQUIRE(world.until([&] { return !world.told.empty(); }));
    CHECK(world.of_redis == 0);
    world.server.start();
    CHECK(world.goes_on(world.of_redis));
  }

  TEST_CASE("a Redis that must be there and is not ends the start, by its alias") {
    memory_and_redis world{true};
    world.server.stop();
    world.start();
    REQUIRE(world.until([&] { return !world.running; }, 60s));
    REQUIRE(world.failure);
    CHECK(outcome_of(world.failure).message.starts_with("store 'shared': "));
    CHECK(world.of_memory == 0);
  }

  TEST_CASE("a job moves from memory to a Redis, and fires there") {
    memory_and_redis world{true};
    world.start();
    REQUIRE(world.goes_on(world.of_memory));
    auto moved = world.scheduler.move_to("a", "shared", boost::asio::use_future);
    REQUIRE(world.until([&] { return moved.wait_for(0s) == std::future_status::ready; }));
    moved.get();
    CHECK(world.goes_on(world.of_memory));
    auto there = world.scheduler.in("shared").get("a", boost::asio::use_future);
    REQUIRE(world.until([&] { return there.wait_for(0s) == std::future_status::ready; }));
    CHECK(there.get().has_value());
  }
}

}  // namespace carillon::testing
