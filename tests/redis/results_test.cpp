#include <doctest/doctest.h>

#include <boost/asio/use_future.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "redis/backend_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// Two schedulers on one Redis, each over a link of its own: one that runs jobs, and one that only asks for
/// them. In real time.
class asking_world : public loop_world {
 public:
  struct instance {
    instance(asking_world& world, std::string name, bool operates)
        : link{world.io, world.link_of()},
          scheduler{world.io, redis::job_store{link, four_partitions()},
                    options_of(world, std::move(name), operates)} {}
    redis::link link;
    carillon::scheduler scheduler;
    bool over = true;
  };

  asking_world()
      : worker{std::in_place, *this, "worker", false}, asker{std::in_place, *this, "asker", true} {}
  ~asking_world() {
    for (auto* each : {&*asker, &*worker}) {
      if (each->over) continue;
      shutdown_options at_once;
      at_once.drain = 0ms;
      each->scheduler.shutdown(at_once)([](std::exception_ptr) {});
      until([each] { return each->over; });
    }
    asker.reset();
    worker.reset();
    io.restart();
    io.poll();
  }

  void start(instance& who) {
    who.over = false;
    boost::asio::co_spawn(io, who.scheduler.run(), [&who](std::exception_ptr) { who.over = true; });
  }
  template <typename Operation>
  auto wait_for(Operation operation) {
    auto future = std::move(operation)(boost::asio::use_future);
    REQUIRE(until([&] { return future.wait_for(0s) == std::future_status::ready; }));
    return future.get();
  }

 private:
  static redis::job_store_options four_partitions() {
    redis::job_store_options how;
    how.partitions = 4;
    return how;
  }
  redis::link_options link_of() const {
    redis::link_options how;
    how.url = shared_server().url();
    how.name_space = name_space_;
    how.logger = logger;
    return how;
  }
  static scheduler_options options_of(asking_world& world, std::string name, bool operates) {
    scheduler_options how;
    how.instance = std::move(name);
    how.operate_only = operates;
    how.logger = world.logger;
    return how;
  }

  std::string name_space_ = new_name_space();

 public:
  std::optional<instance> worker, asker;
};

}  // namespace

TEST_SUITE("results on Redis") {
  TEST_CASE("one instance waits for runs of another, and reads what they returned and carried") {
    asking_world world;
    job_options options;
    options.carries = true;
    options.retry.attempts = 2;
    options.retry.backoff_min = options.retry.backoff_max = 1ms;
    const auto count = [](run& run) {
      const auto number = run.carried<int>().value_or(0) + 1;
      if (run.attempt() == 1 && number == 2) throw std::runtime_error("once more");
      run.carry(number);
      return number;
    };
    world.worker->scheduler.add("count", trigger{"every 1d"}, count, options);
    world.start(*world.worker);
    world.start(*world.asker);
    auto& asker = world.asker->scheduler;
    REQUIRE(world.until([&] { return world.wait_for(asker.get("count")).has_value(); }));
    const auto first = world.wait_for(asker.run_now("count", and_wait(25s)));
    REQUIRE(first.has_value());
    CHECK(first->succeeded());
    CHECK(first->as<int>() == 1);
    CHECK(first->attempt == 1);
    CHECK(first->instance == "worker");
    const auto second = world.wait_for(asker.trigger_at("count", instant{}, and_wait(25s)));
    REQUIRE(second.has_value());
    CHECK(second->as<int>() == 2);
    CHECK(second->attempt == 2);
    CHECK(world.wait_for(asker.result("count", second->run)) == boost::json::value(2));
    CHECK(world.wait_for(asker.get("count"))->carried == "2");
    world.wait_for(asker.set_carried("count", 9));
    const auto third = world.wait_for(asker.run_now("count", and_wait(25s)));
    REQUIRE(third.has_value());
    CHECK(third->as<int>() == 10);
  }

  TEST_CASE("a run that waits is answered when its job is removed, and none when the time has passed") {
    asking_world world;
    world.worker->scheduler.add("work", trigger{"every 1d"}, [] { return 1; });
    world.start(*world.worker);
    world.start(*world.asker);
    auto& asker = world.asker->scheduler;
    REQUIRE(world.until([&] { return world.wait_for(asker.get("work")).has_value(); }));
    world.wait_for(asker.pause("work", "for now"));
    CHECK_FALSE(world.wait_for(asker.run_now("work", and_wait(1ms))).has_value());
    auto waiting = asker.run_now("work", and_wait(25s))(boost::asio::use_future);
    REQUIRE(world.until([&] { return world.wait_for(asker.get("work"))->next_waiting.has_value(); }));
    world.wait_for(asker.remove("work"));
    REQUIRE(world.until([&] { return waiting.wait_for(0s) == std::future_status::ready; }));
    CHECK(waiting.get().value().result.message == "removed");
  }
}

}  // namespace carillon::testing
