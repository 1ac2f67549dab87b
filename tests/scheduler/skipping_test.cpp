#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A job "tick" every 10 s, which writes down when it ran.
struct skipping_world : scheduler_world {
  skipping_world() {
    scheduler.add("tick", trigger{"every 10s"}, [this] { fired.push_back(at() / 1000); });
    start();
  }
  bool skip(std::int64_t second, const std::string& id = "tick") {
    return wait_for(scheduler.skip_at(id, simulation_start + std::chrono::seconds{second}));
  }
  bool take_back(std::int64_t second) {
    return wait_for(scheduler.take_back_skip_at("tick", simulation_start + std::chrono::seconds{second}));
  }
  std::string refused(std::int64_t second, const std::string& id = "tick") {
    try {
      skip(second, id);
    } catch (const std::invalid_argument& why) {
      return why.what();
    }
    return "it was not refused";
  }
  std::vector<std::int64_t> fired;  // seconds
};

std::vector<std::int64_t> seconds_of(std::initializer_list<std::int64_t> values) { return values; }

}  // namespace

TEST_SUITE("fires left out by their times") {
  TEST_CASE("one is left out once, and recorded as skipped") {
    skipping_world world;
    CHECK(world.skip(30));
    CHECK(world.skip(20));
    CHECK_FALSE(world.skip(30));
    const auto next = world.wait_for(world.scheduler.next_runs(2));
    CHECK(next.at(0).at == simulation_start + 10s);
    CHECK(next.at(1).at == simulation_start + 40s);
    world.pass(50s);
    CHECK(world.fired == seconds_of({10, 40, 50}));
    const auto ledger = world.ledger();
    REQUIRE(ledger.size() == 5);
    CHECK(ledger[1].result.kind == outcome_kind::skipped);
    CHECK(ledger[1].result.message == "skip_at");
    CHECK(ledger[1].first == simulation_start + 20s);
    CHECK(world.count(event_kind::run_skipped) == 2);
  }

  TEST_CASE("it is taken back before its time, and not afterwards") {
    skipping_world world;
    world.skip(20);
    world.skip(40);
    CHECK(world.take_back(20));
    CHECK_FALSE(world.take_back(20));
    world.pass(40s);
    CHECK(world.fired == seconds_of({10, 20, 30}));
    CHECK_FALSE(world.take_back(40));
  }

  TEST_CASE("a time at which the job does not fire is refused, with the nearest that it does") {
    skipping_world world;
    world.pass(15s);
    CHECK(world.refused(33) ==
          "job 'tick': 2024-01-01T00:00:33+00:00 cannot be left out: the job does not fire then; the nearest "
          "fires are at 2024-01-01T00:00:30+00:00 and 2024-01-01T00:00:40+00:00");
    CHECK(
        world.refused(18) ==
        "job 'tick': 2024-01-01T00:00:18+00:00 cannot be left out: the job does not fire then: the next fire "
        "is at 2024-01-01T00:00:20+00:00");
    CHECK(world.refused(10).ends_with("it is over: the next fire is at 2024-01-01T00:00:20+00:00"));
    world.scheduler.add("few", trigger{"every 10s limit 3"}, [] {});
    world.settle();
    CHECK(
        world.refused(90, "few").ends_with("the job does not fire then; the nearest fire is at "
                                           "2024-01-01T00:00:45+00:00"));
    world.scheduler.add("after", trigger{"every 10s fixed_delay"}, [] {});
    world.settle();
    CHECK(world.refused(35, "after")
              .ends_with("of a fixed_delay only the next fire is known, which is at "
                         "2024-01-01T00:00:25+00:00"));
    CHECK(world.skip(25, "after"));
    CHECK_THROWS_AS(world.skip(20, "nobody"), boost::system::system_error);
  }

  TEST_CASE("at most a thousand are left out at a time, and those that are over do not count") {
    skipping_world world;
    for (int k = 1; k <= 1'000; ++k) REQUIRE(world.skip(10 * k));
    CHECK(world.refused(10'010).ends_with("1000 times are left out already, the most there may be"));
    world.pass(10s);
    CHECK(world.skip(10'010));
    world.pass(10'020s);
    CHECK(world.fired == seconds_of({10'020, 10'030}));
    CHECK(world.wait_for(world.scheduler.get("tick"))->counters.skipped == 1'001);
  }

  TEST_CASE("the trigger's last fire ends the job also when it is left out") {
    skipping_world world;
    world.scheduler.add("once", trigger{"at 2024-01-01T00:00:30Z"}, [] { FAIL("it was left out"); });
    world.settle();
    CHECK(world.skip(30, "once"));
    world.pass(40s);
    CHECK(world.wait_for(world.scheduler.get("once"))->state == job_state::ended);
    CHECK(world.ledger("once").size() == 1);
  }

  TEST_CASE("a fire with jitter is named by its nominal time") {
    skipping_world world;
    int runs = 0;
    world.scheduler.add("late", trigger{"every 10s jitter 9s"}, [&] { ++runs; });
    world.settle();
    CHECK(world.skip(20, "late"));
    world.pass(39s);
    CHECK(runs == 2);
  }
}
