#include <boost/asio/as_tuple.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/async/wall_timer.hpp>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("scheduler") {
  TEST_CASE("a job fires when it comes due, and not before") {
    scheduler_world world;
    std::vector<std::int64_t> fired;
    world.scheduler.add("tick", trigger{"every 5s"}, [&] { fired.push_back(world.at()); });
    world.start();

    world.pass(4999ms);
    CHECK(fired.empty());
    world.pass(1ms);
    CHECK(fired == std::vector<std::int64_t>{5'000});
    world.pass(10s);
    CHECK(fired == std::vector<std::int64_t>{5'000, 10'000, 15'000});
  }

  TEST_CASE("a body that is a coroutine runs beside others") {
    scheduler_world world;
    std::vector<std::string> log;
    const auto body = [&](run& run) -> boost::asio::awaitable<void> {
      log.push_back("begin " + run.job_id());
      wall_timer bell{world.time(), boost::asio::make_strand(world.io)};
      bell.set(world.now() + 3s);
      co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
      log.push_back("end " + run.job_id());
    };
    world.scheduler.add("a", trigger{"every 10s"}, body);
    world.scheduler.add("b", trigger{"every 11s"}, body);
    world.start();
    world.pass(15s);
    CHECK(log == std::vector<std::string>{"begin a", "begin b", "end a", "end b"});
    CHECK(world.count(event_kind::run_succeeded) == 2);
  }
}
