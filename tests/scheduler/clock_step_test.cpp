#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A world with a job every 10 minutes; the nominal times that ran, in minutes since the beginning.
struct stepping_world : scheduler_world {
  explicit stepping_world(job_options options = {}) {
    scheduler.add(
        "job", trigger{"every 10m"},
        [this](carillon::run& run) { ran.push_back((run.scheduled_for() - simulation_start) / 1min); },
        options);
    start();
  }
  std::vector<std::int64_t> ran;
};

}  // namespace

TEST_SUITE("a scheduler whose clock is set") {
  TEST_CASE("forward by hours, it applies the misfire policy once") {
    stepping_world world;
    world.pass(15min);
    world.time().set(world.now() + 3h);
    world.settle();
    CHECK(world.count(event_kind::clock_stepped) == 1);
    CHECK(world.ran == list({10}));  // The last one was due five minutes ago: too late.
    CHECK(world.count(event_kind::run_missed) == 1);
    CHECK(world.last(event_kind::run_missed).count == 18);
    world.pass(10min);
    CHECK(world.ran == list({10, 200}));
  }

  TEST_CASE("forward, with all the grace there is, the latest runs for the rest") {
    job_options options;
    options.misfire_grace = std::nullopt;
    stepping_world world{options};
    world.pass(15min);
    world.time().set(world.now() + 3h);
    world.settle();
    CHECK(world.ran == list({10, 190}));
    CHECK(world.last(event_kind::run_coalesced).count == 17);
  }

  TEST_CASE("backward by hours, it fires nothing a second time") {
    stepping_world world;
    world.pass(65min);
    CHECK(world.ran == list({10, 20, 30, 40, 50, 60}));
    world.time().set(world.now() - 2h);
    world.pass(2h);
    CHECK(world.ran == list({10, 20, 30, 40, 50, 60}));
    world.pass(10min);
    CHECK(world.ran.back() == 70);
    CHECK(world.ran.size() == 7);
  }

  TEST_CASE("what a resume from suspend makes due at once on many jobs is spread") {
    scheduler_world world;
    std::vector<std::int64_t> ran;
    job_options options;
    options.misfire_grace = std::nullopt;
    for (int i = 0; i < 30; ++i) {
      world.scheduler.add(
          "job " + std::to_string(i), trigger{"every 10m"}, [&] { ran.push_back(world.at()); }, options);
    }
    world.start();
    world.pass(5min);
    world.time().suspend(1h);
    world.pass(10s);
    REQUIRE(ran.size() == 30);
    CHECK(ran.front() == 65 * 60'000);
    CHECK(ran.back() > 65 * 60'000 + 2'500);
    CHECK(ran.back() <= 65 * 60'000 + 3'000);
  }

  TEST_CASE("with `all`, what piled up runs one after another as places come free") {
    job_options options;
    options.coalesce = coalesce_policy::all;
    options.misfire_grace = std::nullopt;
    stepping_world world{options};
    world.pass(5min);
    world.time().set(world.now() + 40min);
    world.pass(1s);
    CHECK(world.ran == list({10, 20, 30, 40}));
    CHECK(world.count(event_kind::run_skipped) == 0);
  }

  TEST_CASE("with `all` and a body that lasts, nothing of it is skipped for overlap") {
    scheduler_world world;
    std::vector<std::int64_t> ran;
    job_options options;
    options.coalesce = coalesce_policy::all;
    options.misfire_grace = std::nullopt;
    world.scheduler.add(
        "job", trigger{"every 10m"},
        [&](run& run) -> boost::asio::awaitable<void> {
          ran.push_back((run.scheduled_for() - simulation_start) / 1min);
          co_await world.sleep(30s);
        },
        options);
    world.start();
    world.pass(5min);
    world.time().set(world.now() + 40min);
    world.pass(3min);
    CHECK(ran == list({10, 20, 30, 40}));
    CHECK(world.count(event_kind::run_skipped) == 0);
  }
}
