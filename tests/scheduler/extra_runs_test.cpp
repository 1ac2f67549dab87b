#include "support/scheduler_world.hpp"
#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A job "hourly", whose runs write down for which hour they are; and those that last, with their begin and
/// end.
struct extra_world : scheduler_world {
  explicit extra_world(const char* when = "cron 0 * * * *", job_options options = {}) {
    scheduler.add(
        "hourly", trigger{when},
        [this](carillon::run& run) {
          hours.push_back((run.scheduled_for() - simulation_start) / 1h);
          CHECK(run.scheduled_for() == simulation_start + hours.back() * 1h);
        },
        options);
    start();
  }
  static instant hour(std::int64_t number) { return simulation_start + number * 1h; }
  std::size_t backfill(std::int64_t from, std::int64_t to, backfill_options how = {}) {
    const auto done = wait_for(scheduler.backfill("hourly", hour(from), hour(to), how));
    times = done.times;
    return done.put_down;
  }
  std::string refused(instant from, instant to, backfill_options how = {}) {
    try {
      wait_for(scheduler.backfill("hourly", from, to, how));
    } catch (const std::invalid_argument& why) {
      return why.what();
    }
    return "it was not refused";
  }
  std::vector<std::int64_t> hours;
  std::size_t times = 0;  // of the last backfill
};

std::vector<std::int64_t> hours_of(std::initializer_list<std::int64_t> values) { return values; }

}  // namespace

TEST_SUITE("runs outside the schedule") {
  TEST_CASE("trigger_at runs as if a time had come, and moves no cursor") {
    extra_world world;
    CHECK(world.wait_for(world.scheduler.trigger_at("hourly", world.hour(-48))));
    CHECK(world.wait_for(world.scheduler.trigger_at("hourly", world.hour(72))));
    CHECK_FALSE(world.wait_for(world.scheduler.trigger_at("nobody", world.hour(0))));
    world.settle();
    CHECK(world.hours == hours_of({-48, 72}));
    const auto ledger = world.ledger();
    REQUIRE(ledger.size() == 2);
    CHECK(ledger[0].extra);
    CHECK(ledger[0].first == world.hour(-48));
    CHECK(ledger[0].started == simulation_start);
    world.pass(1h);
    CHECK(world.hours.back() == 1);
  }

  TEST_CASE("backfill runs each nominal time of a stretch, both ends included, the oldest first") {
    extra_world world;
    CHECK(world.backfill(-3, 0) == 4);
    world.settle();
    CHECK(world.hours == hours_of({-3, -2, -1, 0}));
    for (const auto& entry : world.ledger()) {
      CHECK(entry.extra);
      CHECK(entry.result.kind == outcome_kind::succeeded);
    }
    world.pass(1h);
    CHECK(world.hours.back() == 1);
    CHECK(world.backfill(-3, -3) == 0);
  }

  TEST_CASE("asked again, it puts down only what is missing, unless one wants all again") {
    extra_world world;
    CHECK(world.backfill(-3, -1) == 3);
    CHECK(world.backfill(-3, -1) == 0);
    CHECK(world.times == 3);
    CHECK(world.backfill(-4, -1) == 1);
    CHECK(world.times == 4);
    world.settle();
    CHECK(world.hours == hours_of({-3, -2, -1, -4}));
    backfill_options again;
    again.again = true;
    CHECK(world.backfill(-2, -1, again) == 2);
    world.settle();
    CHECK(world.hours == hours_of({-3, -2, -1, -4, -2, -1}));
  }

  TEST_CASE("an interval has no times before its anchor") {
    extra_world world{"every 1h"};
    world.pass(3h);
    CHECK(world.backfill(-10, 3) == 3);
    world.settle();
    CHECK(world.hours == hours_of({1, 2, 3, 1, 2, 3}));
    CHECK(world.backfill(-10, 0) == 0);
  }

  TEST_CASE("what cannot be backfilled is refused, and says why") {
    extra_world world;
    const auto at = [](std::int64_t hour) { return extra_world::hour(hour); };
    CHECK(world.refused(at(-1), at(-2)) ==
          "backfill of job 'hourly': it ends at 2023-12-31T22:00:00+00:00, before it begins at "
          "2023-12-31T23:00:00+00:00");
    CHECK(
        world.refused(at(-1), at(1)) ==
        "backfill of job 'hourly': it ends at 2024-01-01T01:00:00+00:00, and it is 2024-01-01T00:00:00+00:00 "
        "now: what is to come the schedule will fire");
    CHECK(world.refused(at(-20'000), at(0)) ==
          "backfill of job 'hourly': 'cron 0 * * * *' has 20001 times from 2021-09-19T16:00:00+00:00 to "
          "2024-01-01T00:00:00+00:00, and at most 10000 are put down at once: ask for parts");
    backfill_options few;
    few.limit = 2;
    CHECK(world.refused(at(-3), at(0), few).ends_with("and at most 2 are put down at once: ask for parts"));
    few.limit = 0;
    CHECK(world.refused(at(-3), at(0), few) ==
          "backfill of job 'hourly': limit: 0 is not allowed; 1 to 10000");
    world.settle();
    CHECK(world.hours.empty());
    world.scheduler.add("delayed", trigger{"every 1h fixed_delay"}, [] {});
    world.settle();
    CHECK_THROWS_AS(world.wait_for(world.scheduler.backfill("delayed", at(-1), at(0))),
                    std::invalid_argument);
    CHECK_THROWS_AS(world.wait_for(world.scheduler.backfill("nobody", at(-1), at(0))),
                    boost::system::system_error);
  }

  TEST_CASE("no more run at once than may, and what waits can be dropped") {
    std::size_t most = 0, now = 0;
    extra_world world;
    job_options two;
    two.max_instances = 2;
    const auto job = world.scheduler.add(
        "slow", trigger{"cron 30 * * * *"},
        [&]() -> boost::asio::awaitable<void> {
          most = std::max(most, ++now);
          co_await world.sleep(1min);
          --now;
        },
        two);
    world.settle();
    CHECK(world.wait_for(job.backfill(world.hour(-100), world.hour(0))).put_down == 100);
    world.pass(150s);
    CHECK(most == 2);
    CHECK(world.ledger("slow").size() == 4);
    CHECK(world.wait_for(job.cancel_waiting()));
    CHECK_FALSE(world.wait_for(job.cancel_waiting()));
    world.pass(10min);
    const auto ledger = world.ledger("slow");
    CHECK(ledger.size() == 100);
    CHECK(std::ranges::count(ledger, "cancelled",
                             [](const ledger_entry& each) { return each.result.message; }) == 94);
    CHECK(now == 0);
  }

  TEST_CASE("a fixed_delay whose retry is dropped goes on") {
    extra_world world;
    int runs = 0;
    job_options patient;
    patient.retry.attempts = 3;
    patient.retry.backoff_min = patient.retry.backoff_max = 1h;
    world.scheduler.add(
        "delayed", trigger{"every 1m fixed_delay"},
        [&] {
          if (++runs == 1) throw std::runtime_error("no luck");
        },
        patient);
    world.pass(90s);
    CHECK(runs == 1);
    CHECK(world.wait_for(world.scheduler.cancel_waiting("delayed")));
    world.pass(2min);
    CHECK(runs >= 2);
  }

  TEST_CASE("one of several runs is cancelled by its id") {
    std::vector<std::string> begun, cancelled;
    extra_world world;
    job_options many;
    many.max_instances = 3;
    world.scheduler.add(
        "slow", trigger{"every 10s"},
        [&](carillon::run& run) -> boost::asio::awaitable<void> {
          begun.emplace_back(run.id());
          try {
            co_await world.sleep(1h);
          } catch (...) {
            cancelled.emplace_back(run.id());
            throw;
          }
        },
        many);
    world.pass(35s);
    REQUIRE(begun.size() == 3);
    CHECK_FALSE(world.wait_for(world.scheduler.cancel_run("slow", "nobody")));
    CHECK_FALSE(world.wait_for(world.scheduler.cancel_run("hourly", begun[1])));
    CHECK(world.wait_for(world.scheduler.cancel_run("slow", begun[1])));
    world.settle();
    CHECK(cancelled == std::vector<std::string>{begun[1]});
    CHECK(world.last(event_kind::run_cancelled).run == begun[1]);
    CHECK_FALSE(world.wait_for(world.scheduler.cancel_run("slow", begun[1])));
    CHECK_THROWS_AS(world.wait_for(world.scheduler.cancel_run("slow", "")), std::invalid_argument);
  }

  TEST_CASE("a run that another instance has is asked to stop there") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    CHECK_FALSE(world.wait_for(world.scheduler.cancel_run("a", "theirs")));
    world.store->running_elsewhere = 1;
    CHECK(world.wait_for(world.scheduler.cancel_run("a", "theirs")));
    CHECK(world.store->calls["stop_runs a theirs"] == 2);
  }

  TEST_CASE("a backfill that the store loses answers of puts down each run once") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.pass(60s);
    world.ran.clear();
    world.store->lost["enqueue"] = errc::store_unreachable;
    CHECK_THROWS_AS(
        world.wait_for(world.scheduler.backfill("a", simulation_start + 10s, simulation_start + 30s)),
        boost::system::system_error);
    world.store->lost.clear();
    const auto again =
        world.wait_for(world.scheduler.backfill("a", simulation_start + 10s, simulation_start + 30s));
    CHECK(again.times == 3);
    world.settle();
    CHECK(std::ranges::count(world.ledger("a"), true, &ledger_entry::extra) == 3);
  }
}
