#include <algorithm>
#include <carillon/redis/mutex.hpp>
#include <carillon/redis/semaphore.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <vector>

#include "redis/redis_lock_world.hpp"

namespace carillon::testing {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

}  // namespace

TEST_SUITE("redis semaphore") {
  TEST_CASE("as many are in as there are places, whichever link they come by") {
    redis_lock_world world;
    redis::link other_link{world.io, world.options()};
    redis::semaphore places{world.link, "gate", 3};
    redis::semaphore same_places{other_link, "gate", 3};
    int inside = 0;
    int most = 0;
    int visits = 0;
    const auto visit = [&](lockable& which) -> asio::awaitable<void> {
      for (int n = 0; n < 10; ++n) {
        const auto held = co_await which.lock(long_lease);
        most = std::max(most, ++inside);
        co_await redis_lock_world::sleep(2ms);
        --inside;
        ++visits;
      }
    };
    std::vector<std::shared_ptr<redis_lock_world::started>> all;
    for (int n = 0; n < 8; ++n) all.push_back(world.start(visit(n % 2 == 0 ? places : same_places)));
    REQUIRE(
        world.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->over; }); }));
    CHECK(visits == 80);
    CHECK(most == 3);
  }

  TEST_CASE("a semaphore and a mutex of one name are two things, and two namespaces do not meet") {
    redis_lock_world world;
    auto elsewhere = world.options();
    elsewhere.name_space = "elsewhere";
    redis::link other_link{world.io, elsewhere};
    redis::semaphore gate{world.link, "gate", 1};
    redis::mutex door{world.link, "gate"};
    redis::semaphore other_gate{other_link, "gate", 1};
    const auto take_all = [&]() -> asio::awaitable<void> {
      const auto first = co_await gate.try_lock();
      const auto second = co_await door.try_lock();
      const auto third = co_await other_gate.try_lock();
      const auto fourth = co_await gate.try_lock();
      CHECK(first);
      CHECK(second);
      CHECK(third);
      CHECK_FALSE(fourth);
    };
    world.go(take_all());
  }

  TEST_CASE("without places, or without a name: refused") {
    redis_lock_world world;
    CHECK_THROWS_WITH_AS(redis::semaphore(world.link, "gate", 0), "places of semaphore 'gate': 0; at least 1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(redis::semaphore(world.link, "", 1), "name of a semaphore: empty",
                         std::invalid_argument);
  }
}

}  // namespace carillon::testing
