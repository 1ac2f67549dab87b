#include <carillon/async/task_group.hpp>
#include <string>
#include <vector>

#include "support/simulation.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct group_world : simulation {
  loop_executor strand = boost::asio::make_strand(io);
  std::vector<std::string> log;
  task_group group{strand, [this](std::exception_ptr failure) {
                     try {
                       std::rethrow_exception(failure);
                     } catch (const std::exception& why) {
                       log.push_back(std::string{"failed: "} + why.what());
                     }
                   }};

  loop_awaitable<void> wait(std::string name, milliseconds duration) {
    wall_timer bell{*clock(), strand};
    bell.set(now() + duration);
    co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
    log.push_back((cancelled ? "cancelled " : "done ") + name);
  }
  loop_awaitable<void> fail() {
    throw std::runtime_error("no ink");
    co_return;
  }
};

using words = std::vector<std::string>;

}  // namespace

TEST_SUITE("task_group") {
  TEST_CASE("join waits for every task, those spawned meanwhile included") {
    group_world world;
    world.group.spawn(world.wait("a", 1s));
    world.group.spawn(world.wait("b", 2s));
    CHECK(world.group.size() == 2);
    world.run_on(world.strand, world.group.join());
    CHECK(world.log == words{"done a", "done b"});
    CHECK(world.group.size() == 0);
    world.run_on(world.strand, world.group.join());
  }

  TEST_CASE("cancel asks every task to stop") {
    group_world world;
    world.group.spawn(world.wait("a", 1h));
    world.group.spawn(world.wait("b", 2h));
    world.settle();
    world.group.cancel();
    world.run_on(world.strand, world.group.join());
    CHECK(world.log == words{"cancelled a", "cancelled b"});
    CHECK(world.now() == simulation_start);
  }

  TEST_CASE("an exception that escapes from a task is told, and the others go on") {
    group_world world;
    world.group.spawn(world.fail());
    world.group.spawn(world.wait("a", 1s));
    world.run_on(world.strand, world.group.join());
    CHECK(world.log == words{"failed: no ink", "done a"});
  }
}
