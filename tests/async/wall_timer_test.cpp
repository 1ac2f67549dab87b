#include <carillon/async/wall_timer.hpp>
#include <vector>

#include "support/simulation.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("wall_timer") {
  TEST_CASE("it rings when its clock is there, at once for what has passed, and when it is woken") {
    simulation world;
    wall_timer bell{world.time(), boost::asio::make_strand(world.io)};
    int rings = 0;
    const auto ring = [&](boost::system::error_code) { ++rings; };
    bell.set(world.now() + 5s);
    bell.async_wait(ring);
    world.pass(4s);
    CHECK(rings == 0);
    world.pass(1s);
    CHECK(rings == 1);
    bell.set(world.now() - 1s);
    bell.async_wait(ring);
    world.settle();
    CHECK(rings == 2);
    bell.set_never();
    bell.async_wait(ring);
    world.pass(1h);
    CHECK(rings == 2);
    bell.wake();
    world.settle();
    CHECK(rings == 3);
  }

  TEST_CASE("one that goes away while it waits leaves nothing on the clock") {
    simulation world;
    {
      wall_timer bell{world.time(), boost::asio::make_strand(world.io)};
      bell.set(world.now() + 5s);
      bell.async_wait([](boost::system::error_code) {});
    }
    CHECK(!world.time().next_alarm());
    world.settle();
  }
}
