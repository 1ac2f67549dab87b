#include <carillon/executor/inline_executor.hpp>
#include <carillon/job/job_builder.hpp>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;
using boost::asio::awaitable;

namespace {

/// Jobs that fire together each minute and take 5 s, some of them in groups.
struct grouped_world : scheduler_world {
  ~grouped_world() override {
    if (is_running()) stop();
  }
  void add(const std::string& id, job_options options) {
    scheduler.add(id, trigger{"every 1m"}, [this](carillon::run& run) { return body(run); }, options);
  }
  void add(const std::string& id, const std::string& group) {
    job_options options;
    options.group = group;
    add(id, options);
  }
  awaitable<void> body(carillon::run& run) {
    most = std::max(most, ++running);
    began += run.job_id();
    const std::shared_ptr<int> at_end{nullptr, [this](int*) { --running; }};
    co_await sleep(5s);
  }
  /// Letters of the jobs that have begun, in that order.
  std::string began;
  int running = 0, most = 0;
};

}  // namespace

TEST_SUITE("groups of jobs") {
  TEST_CASE("no more runs of all its jobs go on at once than a group has places") {
    grouped_world world;
    world.scheduler.group("db", {.running = 2});
    for (const auto* id : {"a", "b", "c", "d", "e"}) world.add(id, "db");
    world.start();
    world.pass(61s);
    CHECK(world.began.size() == 2);
    CHECK(world.wait_for(world.scheduler.health()).waiting == 3);
    CHECK(world.count(event_kind::run_waiting) == 3);
    CHECK(world.last(event_kind::run_waiting).name == "db");
    CHECK(world.last(event_kind::run_waiting).message == "waits for a place of group 'db'");
    world.pass(20s);
    CHECK(world.began.size() == 5);
    CHECK(world.most == 2);
    CHECK(world.count(event_kind::run_succeeded) == 5);
    CHECK(world.wait_for(world.scheduler.health()).waiting == 0);
  }

  TEST_CASE("groups do not stand in each other's way, nor in that of jobs that are in none") {
    grouped_world world;
    world.scheduler.group("db", {});
    world.scheduler.group("api", {});
    for (const auto* id : {"a", "b"}) world.add(id, "db");
    for (const auto* id : {"c", "d"}) world.add(id, "api");
    world.add("e", "");
    world.start();
    world.pass(61s);
    CHECK(world.began.size() == 3);
    CHECK(world.began.find('e') != std::string::npos);
  }

  TEST_CASE("those that wait go by priority, then by when they were due") {
    grouped_world world;
    world.scheduler.group("db", {});
    job_options options;
    options.group = "db";
    world.add("a", options);
    world.start();
    world.pass(61s);  // a runs until second 65
    const auto ask = [&](const char* id, std::int32_t priority) {
      options.priority = priority;
      auto job = carillon::job(id).every(1h).task("body").options(options);
      CHECK(world.wait_for(world.scheduler.put(std::move(job))) == put_result::added);
      CHECK(world.wait_for(world.scheduler.run_now(id)));
      world.pass(10ms);
    };
    world.scheduler.task("body", [&](carillon::run& run) { return world.body(run); });
    ask("d", 0);
    ask("e", 0);
    ask("b", 10);
    ask("f", -1);
    ask("c", 1);
    world.pass(30s);
    CHECK(world.began == "abcdef");
  }

  TEST_CASE("bodies that are plain calls need a place, too") {
    grouped_world world;
    world.scheduler.group("db", {});
    world.add("a", "db");
    job_options options;
    options.group = "db";
    int calls = 0;
    world.scheduler.add("b", trigger{"every 1m"}, [&] { ++calls; }, options);
    world.start();
    world.pass(61s);
    const bool waits = world.began == "a" && calls == 0, was_first = world.began == "a" && calls == 1;
    CHECK((waits || was_first));
    world.pass(10s);
    CHECK(calls == 1);
    world.pass(60s);
    CHECK(calls == 2);
    CHECK(world.most == 1);
  }

  TEST_CASE("a run that waits for its group keeps no place of its executor") {
    grouped_world world;
    world.scheduler.group("db", {});
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(executor_limits{.running = 2}));
    job_options options;
    options.executor = "narrow";
    world.add("z", options);
    options.group = "db";
    options.priority = 1;
    for (const auto* id : {"a", "b", "c"}) world.add(id, options);
    world.start();
    world.pass(61s);
    CHECK(world.began.size() == 2);
    CHECK(world.began.find('z') != std::string::npos);
  }

  TEST_CASE("a run that waits counts as active for its job, and may be cancelled") {
    grouped_world world;
    world.scheduler.group("db", {});
    world.scheduler.add(
        "a", trigger{"every 1m limit 1"},
        [&](carillon::run& run) -> awaitable<void> {
          world.began += run.job_id();
          co_await world.sleep(200s);
        },
        [] {
          job_options options;
          options.group = "db";
          options.priority = 5;
          return options;
        }());
    world.add("b", "db");
    world.start();
    world.pass(61s);
    CHECK(world.began == "a");
    world.pass(60s);
    CHECK(world.last(event_kind::run_skipped).message == "overlap");
    CHECK(world.wait_for(world.scheduler.cancel_runs("b")) == 1);
    CHECK(world.last(event_kind::run_cancelled).job == "b");
    world.pass(60s);
    CHECK(world.wait_for(world.scheduler.cancel_runs("a")) == 1);
    world.settle();
    CHECK(world.began == "ab");
  }

  TEST_CASE("what waits at the end of the drain time is cancelled, and never begins") {
    grouped_world world;
    world.scheduler.group("db", {});
    for (const auto* id : {"a", "b", "c"}) world.add(id, "db");
    world.start();
    world.pass(61s);
    world.stop(5s);  // one more begins within it
    CHECK(world.began.size() == 2);
    CHECK(world.count(event_kind::run_succeeded) == 1);
    CHECK(world.count(event_kind::run_cancelled) == 2);
    CHECK(world.last(event_kind::run_cancelled).result.reason == cancel_reason::shutdown);
  }

  TEST_CASE("one more than may wait fails at once, and says why") {
    grouped_world world;
    world.scheduler.group("db", {.running = 1, .queued = 1});
    for (const auto* id : {"a", "b", "c"}) world.add(id, "db");
    world.start();
    world.pass(61s);
    CHECK(world.count(event_kind::run_failed) == 1);
    CHECK(world.last(event_kind::run_failed).result.failure == "group full");
    CHECK(world.last(event_kind::run_failed).result.message == "group 'db' is full: 1 run and 1 wait");
  }

  TEST_CASE("more places are given out at once, fewer as runs end") {
    grouped_world world;
    world.scheduler.group("db", {});
    for (const auto* id : {"a", "b", "c", "d"}) world.add(id, "db");
    world.start();
    world.pass(61s);
    CHECK(world.running == 1);
    world.scheduler.group("db", {.running = 3});
    world.settle();
    CHECK(world.running == 3);
    world.scheduler.group("db", {.running = 1});
    world.pass(1s);
    CHECK(world.running == 3);
    world.pass(5s);
    CHECK(world.running == 1);
    CHECK(world.began.size() == 4);
    world.pass(55s);
    CHECK(world.running == 1);
  }

  TEST_CASE("a job whose group nobody has declared is refused, or parked until somebody does") {
    grouped_world world;
    job_options options;
    options.group = "db";
    CHECK_THROWS_WITH_AS(world.add("a", options), "job 'a': there is no group 'db' here",
                         std::invalid_argument);
    world.scheduler.task("body", [&](carillon::run& run) { return world.body(run); });
    world.start();
    auto job = carillon::job("a").every(1min).task("elsewhere").group("db");
    CHECK_THROWS_WITH_AS(world.wait_for(world.scheduler.put(job)), "job 'a': there is no group 'db' here",
                         std::invalid_argument);
  }

  TEST_CASE("a job that lies in the store and is in an unknown group is parked, with the reason") {
    grouped_world world;
    world.scheduler.group("db", {});
    world.scheduler.task("body", [&](carillon::run& run) { return world.body(run); });
    world.start();
    CHECK(world.wait_for(world.scheduler.put(carillon::job("a").every(1min).task("body").group("db"))) ==
          put_result::added);
    job_changes changes;
    job_options options;
    options.group = "other";
    changes.options = options;
    CHECK_THROWS_WITH_AS(world.wait_for(world.scheduler.modify("a", changes)),
                         "job 'a': there is no group 'other' here", std::invalid_argument);
    world.pass(61s);
    CHECK(world.began == "a");
  }

  TEST_CASE("names and limits that make no sense are refused") {
    scheduler_world world;
    CHECK_THROWS_WITH_AS(world.scheduler.group("db", {.running = 0}), "group_limits.running: 0: 1 to 100000",
                         std::invalid_argument);
    CHECK_THROWS_AS(world.scheduler.group("", {}), std::invalid_argument);
  }
}
