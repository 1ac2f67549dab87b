#include <carillon/async/while_watched.hpp>
#include <string>
#include <vector>

#include "support/simulation.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct watched_world : simulation {
  loop_executor strand = boost::asio::make_strand(io);
  std::vector<std::string> log;

  loop_awaitable<void> part(std::string name, milliseconds duration, bool fails = false) {
    wall_timer bell{*clock(), strand};
    bell.set(now() + duration);
    co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
    log.push_back((cancelled ? "cancelled " : "done ") + name);
    if (fails) throw std::runtime_error(name);
  }
};

using words = std::vector<std::string>;

}  // namespace

TEST_SUITE("while_watched") {
  TEST_CASE("work that ends takes its watch along") {
    watched_world world;
    world.run_on(world.strand, while_watched(world.part("work", 1s), world.part("watch", 1h)));
    CHECK(world.log == words{"done work", "cancelled watch"});
    CHECK(world.now() == simulation_start + 1s);
  }

  TEST_CASE("a watch that ends takes its work along") {
    watched_world world;
    world.run_on(world.strand, while_watched(world.part("work", 1h), world.part("watch", 1s)));
    CHECK(world.log == words{"done watch", "cancelled work"});
  }

  TEST_CASE("the failure of whichever was first is that of the whole") {
    watched_world world;
    CHECK_THROWS_WITH(
        world.run_on(world.strand, while_watched(world.part("work", 1s, true), world.part("watch", 1h))),
        "work");
    CHECK(world.log == words{"done work", "cancelled watch"});
  }
}
