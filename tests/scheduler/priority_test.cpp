#include <carillon/executor/inline_executor.hpp>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct priority_world : scheduler_world {
  void add(const std::string& id, std::int32_t priority, const char* when = "every 10s") {
    job_options options;
    options.priority = priority;
    scheduler.add(id, trigger{when}, [this, id] { ran += id; }, options);
  }
  std::string ran;
};

}  // namespace

TEST_SUITE("priority") {
  TEST_CASE("among jobs that are due at the same instant the higher go first, whenever they were added") {
    priority_world world;
    world.add("b", 0);
    world.add("e", -100);
    world.start();
    world.add("a", 100);
    world.add("d", -1);
    world.add("c", 0);
    world.settle();
    world.pass(10s);
    CHECK((world.ran == "abcde" || world.ran == "acbde"));
    world.ran.clear();
    world.pass(10s);
    CHECK((world.ran == "abcde" || world.ran == "acbde"));
  }

  TEST_CASE("what is due earlier goes first, whatever its priority") {
    priority_world world;
    world.add("a", 100, "at 2024-01-01T00:00:10.001Z");
    world.add("b", -100, "at 2024-01-01T00:00:10Z");
    world.start();
    world.pass(10'001ms);
    CHECK(world.ran == "ba");
  }

  TEST_CASE("runs asked for at one instant go by priority, too") {
    priority_world world;
    world.add("b", 0, "every 1h");
    world.add("c", -5, "every 1h");
    world.add("a", 5, "every 1h");
    world.start();
    world.wait_for(world.scheduler.pause());
    for (const auto* id : {"c", "b", "a"}) world.wait_for(world.scheduler.run_now(id));
    world.wait_for(world.scheduler.resume());
    world.settle();
    CHECK(world.ran == "abc");
  }

  TEST_CASE("runs that wait for a place of their executor get it by priority, then by when they were due") {
    priority_world world;
    executor_limits limits;
    limits.running = 1;
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(limits));
    std::string began;
    const auto add = [&](const std::string& id, std::int32_t priority, const char* when) {
      job_options options;
      options.priority = priority;
      options.executor = "narrow";
      world.scheduler.add(
          id, trigger{when},
          [&world, &began, id]() -> boost::asio::awaitable<void> {
            began += id;
            co_await world.sleep(1min);
          },
          options);
    };
    add("x", 0, "at 2024-01-01T00:00:01Z");
    add("d", 0, "at 2024-01-01T00:00:03Z");
    add("c", 0, "at 2024-01-01T00:00:02Z");
    add("a", 7, "at 2024-01-01T00:00:05Z");
    add("b", 7, "at 2024-01-01T00:00:06Z");
    add("e", -7, "at 2024-01-01T00:00:02Z");
    world.start();
    world.pass(10min);
    CHECK(began == "xabcde");
  }
}
