#include <carillon/executor/inline_executor.hpp>
#include <carillon/job/job_builder.hpp>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;
using boost::asio::awaitable;

namespace {

/// Jobs that fire together each minute and take 5 s, in a scheduler with limits.
struct crowded_world : scheduler_world {
  explicit crowded_world(executor_limits limits) : scheduler_world{with(limits)} {}
  ~crowded_world() override {
    if (is_running()) stop();
  }
  void add(const std::string& id, const std::string& executor = {}) {
    job_options options;
    options.executor = executor;
    scheduler.add(
        id, trigger{"every 1m"},
        [this](carillon::run& run) -> awaitable<void> {
          most = std::max(most, ++running);
          began.push_back(run.job_id());
          const std::shared_ptr<int> at_end{nullptr, [this](int*) { --running; }};
          co_await sleep(5s);
        },
        options);
  }
  std::vector<std::string> began;
  int running = 0, most = 0;

 private:
  static scheduler_options with(executor_limits limits) {
    scheduler_options options;
    options.limits = limits;
    return options;
  }
};

/// Notes what it is told.
struct told_executor final : executor {
  explicit told_executor(std::vector<std::string>& told) : told_{told} {}
  void open(const boost::asio::any_io_executor&) override { told_.push_back("open"); }
  awaitable<void> execute(run& run, const task*) override {
    told_.push_back("execute " + run.job_id() + " " + run.task_name());
    co_return;
  }
  awaitable<void> close() override {
    told_.push_back("close");
    co_return;
  }
  std::vector<std::string>& told_;
};

job_options on(const std::string& executor) {
  job_options options;
  options.executor = executor;
  return options;
}

}  // namespace

TEST_SUITE("places of runs") {
  TEST_CASE("one limit holds for all runs of a scheduler, whichever executor they are on") {
    crowded_world world{{.running = 2, .queued = 10}};
    world.scheduler.executor("wide", std::make_shared<inline_executor>(executor_limits{.running = 100}));
    for (const auto* id : {"a", "b"}) world.add(id);
    for (const auto* id : {"c", "d", "e"}) world.add(id, "wide");
    world.start();
    world.pass(61s);
    CHECK(world.began.size() == 2);
    world.pass(20s);
    CHECK(world.began.size() == 5);
    CHECK(world.most == 2);
    CHECK(world.count(event_kind::run_succeeded) == 5);
  }

  TEST_CASE("one more than may wait for the scheduler fails at once, and says why") {
    crowded_world world{{.running = 1, .queued = 1}};
    for (const auto* id : {"a", "b", "c"}) world.add(id);
    world.start();
    world.pass(61s);
    CHECK(world.count(event_kind::run_failed) == 1);
    CHECK(world.last(event_kind::run_failed).result.failure == "scheduler full");
    CHECK(world.last(event_kind::run_failed).result.message == "the scheduler is full: 1 run and 1 wait");
    world.pass(10s);
    CHECK(world.began.size() == 2);
  }

  TEST_CASE("a run that waits for the scheduler keeps its executor's place, and gives it up when cancelled") {
    crowded_world world{{.running = 1, .queued = 10}};
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(executor_limits{.running = 1}));
    world.add("a");
    world.add("b", "narrow");
    world.add("c", "narrow");
    world.start();
    world.pass(61s);
    REQUIRE(world.began.size() == 1);
    const auto first = world.began.front();
    for (const auto* id : {"a", "b", "c"}) {
      if (id != first) world.wait_for(world.scheduler.cancel_runs(id));
    }
    CHECK(world.count(event_kind::run_cancelled) == 2);
    world.pass(60s);
    CHECK(world.began.size() == 2);
    world.pass(15s);
    CHECK(world.began.size() == 4);
  }

  TEST_CASE("plain calls in the loop need no place") {
    crowded_world world{{.running = 1, .queued = 0}};
    int calls = 0;
    world.add("slow");
    for (const auto* id : {"a", "b", "c"}) world.scheduler.add(id, trigger{"every 1m"}, [&] { ++calls; });
    world.start();
    world.pass(61s);
    CHECK(calls == 3);
    CHECK(world.began.size() == 1);
    CHECK(world.count(event_kind::run_failed) == 0);
  }

  TEST_CASE("an executor is opened before its first run, and closed after its last") {
    std::vector<std::string> told;
    {
      scheduler_world world;
      world.scheduler.executor("told", std::make_shared<told_executor>(told));
      world.scheduler.add("work", trigger{"every 1m limit 1"}, [] {}, on("told"));
      world.start();
      CHECK(told == std::vector<std::string>{"open"});
      world.pass(61s);
    }
    CHECK(told == std::vector<std::string>{"open", "execute work work", "close"});
  }

  TEST_CASE("one that comes to a running scheduler is opened as well, and runs know the name of their task") {
    std::vector<std::string> told;
    scheduler_world world;
    world.start();
    world.scheduler.executor("told", std::make_shared<told_executor>(told));
    world.scheduler.task("the task", [] {});
    auto job = carillon::job("work").every(1min).task("the task").options(on("told"));
    CHECK(world.wait_for(world.scheduler.put(std::move(job))) == put_result::added);
    world.pass(61s);
    world.stop();
    CHECK(told == std::vector<std::string>{"open", "execute work the task", "close"});
  }
}
