#include <algorithm>
#include <carillon/lock/semaphore.hpp>
#include <stdexcept>

#include "lock/lock_world.hpp"

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("semaphore") {
  TEST_CASE("as many are in as there are places, and no more") {
    simulation world;
    semaphore places{world.io.get_executor(), 3};
    int inside = 0;
    int most = 0;
    const auto visit = [&](lockable& where) -> asio::awaitable<void> {
      const auto held = co_await where.lock();
      most = std::max(most, ++inside);
      co_await world.sleep(1s);
      --inside;
    };
    for (int n = 0; n < 7; ++n) start(world.io, visit(places));
    world.pass(500ms);
    CHECK(inside == 3);
    world.pass(2s);
    CHECK(inside == 1);
    world.pass(1s);
    CHECK(inside == 0);
    CHECK(most == 3);
  }

  TEST_CASE("each holder has a fence of its own") {
    simulation world;
    semaphore places{world.io.get_executor(), 2};
    const auto both = [&]() -> asio::awaitable<void> {
      const auto first = co_await places.lock();
      const auto second = co_await places.lock();
      CHECK(first.fence() < second.fence());
    };
    world.run(both());
  }

  TEST_CASE("one without places is refused") {
    asio::io_context io;
    CHECK_THROWS_WITH_AS(semaphore(io.get_executor(), 0), "places of a semaphore: 0; at least 1",
                         std::invalid_argument);
  }
}
