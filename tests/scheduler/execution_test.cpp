#include <carillon/executor/inline_executor.hpp>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;
using boost::asio::awaitable;

namespace {

/// A world with a job "work" every 10 s, whose body takes as long as one says, on the world's clock.
struct working_world : scheduler_world {
  explicit working_world(job_options options = {}, milliseconds takes = 25s) {
    scheduler.add(
        "work", trigger{"every 10s"},
        [this, takes](carillon::run& run) -> awaitable<void> {
          std::string word = std::to_string((run.scheduled_for() - simulation_start) / 1s);
          log_.push_back("+" + word);
          try {
            co_await sleep(takes);
          } catch (...) {
            log_.push_back("!" + word);
            reasons.push_back(run.cancel_reason());
            throw;
          }
          log_.push_back("-" + word);
        },
        options);
    start();
  }
  ~working_world() override {
    if (is_running()) stop();  // Before what the body writes to goes.
  }
  std::vector<std::string> log_;
  std::vector<cancel_reason> reasons;
};

using words = std::vector<std::string>;

/// A store in memory that throws what no store should.
struct failing_store final : job_store {
  memory_store inner;
  bool fails = false;         ///< Of claims.
  bool forgets_ends = false;  ///< It throws when it is told of one.
  loop_awaitable<void> open(std::string m, store_listener& l) override { return inner.open(std::move(m), l); }
  loop_awaitable<void> close() override { return inner.close(); }
  loop_awaitable<put_answer> add(job_record j, on_conflict p) override { return inner.add(std::move(j), p); }
  loop_awaitable<change_answer> update(std::string i, std::uint64_t r, job_change c) override {
    return inner.update(std::move(i), r, std::move(c));
  }
  loop_awaitable<change_answer> remove(std::string i, std::optional<std::uint64_t> r, bool t) override {
    return inner.remove(std::move(i), r, t);
  }
  loop_awaitable<std::optional<loaded_job>> load(std::string i) override { return inner.load(std::move(i)); }
  loop_awaitable<job_page> list(job_query q) override { return inner.list(std::move(q)); }
  loop_awaitable<own_jobs> load_own(std::string f, known_job k) override {
    return inner.load_own(std::move(f), std::move(k));
  }
  loop_awaitable<std::uint64_t> enqueue(extra_run r) override { return inner.enqueue(r); }
  loop_awaitable<ledger_page> history(ledger_query q) override { return inner.history(std::move(q)); }
  loop_awaitable<claim_answer> claim(const claim_request& r) override {
    if (fails) throw std::runtime_error("the store is gone");
    co_return co_await inner.claim(r);
  }
  loop_awaitable<take_answer> take(const take_request& r) override { return inner.take(r); }
  std::optional<finish_answer> finish_now(const run_report& r) override {
    if (forgets_ends) throw std::runtime_error("the store has lost its pencil");
    return inner.finish_now(r);
  }
  loop_awaitable<finish_answer> finish(const run_report& r) override {
    if (forgets_ends) throw std::runtime_error("the store has lost its pencil");
    co_return co_await inner.finish(r);
  }
};

struct without_words : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

}  // namespace

TEST_SUITE("runs of a scheduler") {
  TEST_CASE("a fire that finds the job running is skipped by default, and recorded") {
    working_world world;
    world.pass(45s);
    CHECK(world.log_ == words{"+10", "-10", "+40"});
    CHECK(world.count(event_kind::run_skipped) == 2);
    CHECK(world.last(event_kind::run_skipped).message == "overlap");
  }

  TEST_CASE("a fire that finds the job running waits, if so asked") {
    job_options options;
    options.on_overlap = overlap_action::queue;
    working_world world{options};
    world.pass(36s);
    CHECK(world.log_ == words{"+10", "-10", "+20"});
    CHECK(world.count(event_kind::run_queued) >= 1);
  }

  TEST_CASE("a fire that finds the job running cancels it, if so asked") {
    job_options options;
    options.on_overlap = overlap_action::cancel_running;
    working_world world{options};
    world.pass(21s);
    CHECK(world.log_ == words{"+10", "!10", "+20"});
    CHECK(world.reasons == std::vector{cancel_reason::overlap});
    CHECK(world.last(event_kind::run_cancelled).result.reason == cancel_reason::overlap);
  }

  TEST_CASE("several runs of a job go side by side up to max_instances") {
    job_options options;
    options.max_instances = 2;
    working_world world{options};
    world.pass(31s);
    CHECK(world.log_ == words{"+10", "+20"});
    CHECK(world.count(event_kind::run_skipped) == 1);
  }

  TEST_CASE("a timeout by the scheduler's clock cancels the body and is the outcome") {
    job_options options;
    options.timeout = 4s;
    working_world world{options};
    world.pass(13999ms);
    CHECK(world.log_ == words{"+10"});
    world.pass(1ms);
    CHECK(world.log_ == words{"+10", "!10"});
    CHECK(world.reasons == std::vector{cancel_reason::timeout});
    CHECK(world.last(event_kind::run_timed_out).duration == 4s);
    CHECK(world.ledger().at(0).result.kind == outcome_kind::timed_out);
  }

  TEST_CASE(
      "a runner used again does not remember that it was cancelled, or what the body before did not want to "
      "hear") {
    scheduler_world world;
    int step = 0;
    std::vector<std::string> log;
    job_options options;
    options.timeout = 3s;
    world.scheduler.add(
        "work", trigger{"every 10s"},
        [&]() -> awaitable<void> {
          if (++step == 1) {
            co_await boost::asio::this_coro::throw_if_cancelled(false);
            co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
            log.push_back("deaf");
          } else {
            try {
              co_await world.sleep(5s);
            } catch (...) {
              log.push_back("cancelled");
              throw;
            }
          }
        },
        options);
    world.start();
    world.pass(35s);
    CHECK(log == words{"deaf", "cancelled", "cancelled"});
  }

  TEST_CASE("a user can cancel the runs of a job") {
    working_world world;
    world.pass(12s);
    CHECK(world.wait_for(world.scheduler.cancel_runs("work")) == 1);
    world.settle();
    CHECK(world.reasons == std::vector{cancel_reason::user});
    CHECK(world.wait_for(world.scheduler.cancel_runs("work")) == 0);
  }

  TEST_CASE("a body that throws has failed, and the job goes on") {
    scheduler_world world;
    world.scheduler.add("plain", trigger{"every 10s"}, [] { throw std::runtime_error("no ink"); });
    world.scheduler.add("coroutine", trigger{"every 10s"}, []() -> awaitable<void> {
      throw failure("paper", "no paper");
      co_return;
    });
    world.start();
    world.pass(20s);
    CHECK(world.count(event_kind::run_failed) == 4);
    const auto ledger = world.ledger("plain");
    REQUIRE(ledger.size() == 2);
    CHECK(ledger[0].result.message == "no ink");
    CHECK(world.ledger("coroutine").at(0).result.failure == "paper");
    CHECK(world.last(event_kind::run_failed).exception != nullptr);
  }

  TEST_CASE("a failed run is tried again after its backoff, as the next attempt of the same occurrence") {
    scheduler_world world;
    std::vector<std::uint32_t> attempts;
    job_options options;
    options.retry.attempts = 3;
    options.retry.backoff_min = 2s;
    options.retry.backoff_max = 2s;
    world.scheduler.add(
        "work", trigger{"every 1m"},
        [&](run& run) {
          attempts.push_back(run.attempt());
          CHECK(run.scheduled_for() == simulation_start + 1min);
          if (run.attempt() < 3) throw std::runtime_error("not yet");
        },
        options);
    world.start();
    world.pass(70s);
    CHECK(attempts == std::vector<std::uint32_t>{1, 2, 3});
    CHECK(world.count(event_kind::run_retrying) == 2);
    const auto ledger = world.ledger();
    REQUIRE(ledger.size() == 3);
    CHECK(!ledger[1].final);
    CHECK(ledger[2].final);
    CHECK(ledger[2].result.kind == outcome_kind::succeeded);
  }

  TEST_CASE("a failure may ask for more time before the next attempt than the policy gives") {
    scheduler_world world;
    std::vector<instant> attempts;
    job_options options;
    options.retry.attempts = 3;
    options.retry.backoff_min = 2s;
    options.retry.backoff_max = 2s;
    world.scheduler.add(
        "work", trigger{"every 1h"},
        [&](run& run) {
          attempts.push_back(world.now());
          const auto asked = run.attempt() == 1 ? milliseconds{20'000} : milliseconds{1};
          throw failure("http:503", "busy", false, asked);
        },
        options);
    world.start();
    world.pass(65min);
    REQUIRE(attempts.size() == 3);
    CHECK(attempts[1] == attempts[0] + 20s);
    CHECK(attempts[2] == attempts[1] + 2s);  // The policy's own wait is longer than what was asked for.
  }

  TEST_CASE("so many failures in a row pause the job, and the note says why") {
    scheduler_world world;
    job_options options;
    options.pause_after = 2;
    world.scheduler.add("work", trigger{"every 10s"}, [] { throw std::runtime_error("no ink"); }, options);
    world.start();
    world.pass(60s);
    CHECK(world.count(event_kind::run_failed) == 2);
    const auto record = world.wait_for(world.scheduler.get("work"));
    CHECK(record->state == job_state::paused);
    CHECK(record->note.find("no ink") != std::string::npos);
    CHECK(world.count(event_kind::job_paused) == 1);
  }

  TEST_CASE("a body that ignores cancellation is reported, and still counts as active") {
    scheduler_world world;
    job_options options;
    options.timeout = 2s;
    world.scheduler.add(
        "deaf", trigger{"every 10s"},
        [&]() -> awaitable<void> {
          co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
          co_await world.sleep(30s);
        },
        options);
    int others = 0;
    world.scheduler.add("other", trigger{"every 10s"}, [&] { ++others; });
    world.start();
    world.pass(39s);
    CHECK(world.count(event_kind::run_stuck) == 1);
    CHECK(world.count(event_kind::run_started) == 1 + 3);
    CHECK(others == 3);
    world.pass(2s);
    CHECK(world.ledger("deaf").back().result.kind == outcome_kind::timed_out);
  }

  TEST_CASE("a body that blocks the loop is reported by name") {
    scheduler_world world;
    world.scheduler.add("plain", trigger{"every 10s"}, [&] { world.time().advance(400ms); });
    world.scheduler.add("coroutine", trigger{"every 11s"}, [&]() -> awaitable<void> {
      world.time().advance(300ms);
      co_return;
    });
    world.start();
    world.pass(15s);
    CHECK(world.count(event_kind::loop_blocked) == 2);
    CHECK(world.last(event_kind::loop_blocked).job == "coroutine");
    CHECK(world.last(event_kind::loop_blocked).duration == 300ms);
  }

  TEST_CASE("a fixed delay is measured from the end of a run") {
    scheduler_world world;
    std::vector<std::int64_t> began;
    world.scheduler.add("work", trigger{"every 10s fixed_delay"}, [&]() -> awaitable<void> {
      began.push_back(world.at() / 1000);
      co_await world.sleep(7s);
    });
    world.start();
    world.pass(50s);
    CHECK(began == std::vector<std::int64_t>{10, 27, 44});
  }

  TEST_CASE("an executor bounds how many run at once, queues some, and refuses the rest") {
    scheduler_world world;
    executor_limits limits;
    limits.running = 1;
    limits.queued = 1;
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(limits));
    job_options options;
    options.executor = "narrow";
    std::vector<std::string> log;
    for (const auto* id : {"a", "b", "c"}) {
      world.scheduler.add(
          id, trigger{"every 1m"},
          [&](run& run) -> awaitable<void> {
            log.push_back(run.job_id());
            co_await world.sleep(5s);
          },
          options);
    }
    world.start();
    world.pass(62s);
    CHECK(log.size() == 1);
    CHECK(world.count(event_kind::run_failed) == 1);
    CHECK(world.last(event_kind::run_failed).result.failure == "executor full");
    world.pass(5s);
    CHECK(log.size() == 2);
  }

  TEST_CASE("an executor that is none, or whose name is taken, is refused") {
    scheduler_world world;
    CHECK_THROWS_WITH_AS(world.scheduler.executor("narrow", nullptr),
                         "executor 'narrow': there is none (null)", std::invalid_argument);
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(executor_limits()));
    CHECK_THROWS_AS(world.scheduler.executor("narrow", std::make_shared<inline_executor>(executor_limits())),
                    std::invalid_argument);
  }

  TEST_CASE("a thousand runs that wait for one place do not grow the stack") {
    scheduler_world world;
    executor_limits limits;
    limits.running = 1;
    limits.queued = 5'000;
    world.scheduler.executor("narrow", std::make_shared<inline_executor>(limits));
    job_options options;
    options.executor = "narrow";
    int runs = 0;
    for (int i = 0; i < 3'000; ++i) {
      world.scheduler.add("job " + std::to_string(i), trigger{"every 1m"}, [&] { ++runs; }, options);
    }
    world.start();
    world.pass(61s);
    CHECK(runs == 3'000);
  }

  TEST_CASE("shutdown waits for running bodies as long as it is told, then cancels them") {
    working_world world;
    world.pass(11s);
    SUBCASE("long enough") {
      world.stop(1min);
      CHECK(world.log_ == words{"+10", "-10"});
    }
    SUBCASE("not long enough") {
      world.stop(3s);
      CHECK(world.log_ == words{"+10", "!10"});
      CHECK(world.reasons == std::vector{cancel_reason::shutdown});
      CHECK(world.at() == 14'000);
    }
    CHECK(!world.is_running());
    CHECK(world.count(event_kind::scheduler_stopped) == 1);
  }

  TEST_CASE("of several who shut down the one who waits least decides") {
    working_world world{{}, 1h};
    world.pass(10s);
    const auto stop_within = [&](milliseconds drain) {
      world.scheduler.shutdown({.drain = drain})([](std::exception_ptr) {});
      world.settle();
    };
    stop_within(60s);
    world.pass(10s);
    std::int64_t left = 0;
    SUBCASE("the later one") { stop_within(milliseconds{left = 5'000}); }
    SUBCASE("the later one, which does not wait") { stop_within(milliseconds{left = 0}); }
    SUBCASE("the earlier one") {
      stop_within(2h);
      left = 50'000;
    }
    const auto until = world.at();
    while (world.is_running() && world.at() < until + 60'000) world.pass(1s);
    CHECK(world.log_ == words{"+10", "!10"});
    CHECK(world.reasons == std::vector{cancel_reason::shutdown});
    CHECK(world.at() - until == left);
  }

  TEST_CASE("an exception in the store does not end a loop") {
    simulation world;
    const auto store = std::make_shared<failing_store>();
    scheduler_options options;
    options.clock = world.clock();
    options.logger = std::make_shared<spdlog::logger>("test", std::make_shared<log_keeper>());
    scheduler scheduler{world.io, store, options};
    int runs = 0, failures = 0;
    const auto listening = scheduler.on(mask(event_kind::loop_failed), [&](const event&) { ++failures; });
    scheduler.add("work", trigger{"every 10s"}, [&] { ++runs; });
    boost::asio::co_spawn(world.io, scheduler.run(), [](std::exception_ptr) {});
    world.pass(10s);
    CHECK(runs == 1);
    store->fails = true;
    world.pass(15s);
    CHECK(runs == 1);
    CHECK(failures >= 2);
    store->fails = false;
    world.pass(20s);
    CHECK(runs >= 3);
    scheduler.shutdown()([](std::exception_ptr) {});
    world.settle();
  }

  TEST_CASE("a body that throws an exception without words has failed, and its run is over") {
    scheduler_world world;
    world.scheduler.add("plain", trigger{"every 10s"}, [] { throw without_words(); });
    world.scheduler.add("coroutine", trigger{"every 10s"}, [&world]() -> awaitable<void> {
      co_await world.sleep(1s);
      throw without_words();
    });
    const auto listening =
        world.scheduler.on(mask(event_kind::run_failed), [](const event&) { throw without_words(); });
    world.start();
    world.pass(25s);
    CHECK(world.count(event_kind::run_failed) == 4);
    CHECK(world.count(event_kind::loop_failed) == 0);
    CHECK(world.last(event_kind::run_failed).message == "an exception that says nothing was thrown");
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
    world.stop();
    CHECK_FALSE(world.is_running());
  }

  TEST_CASE(
      "a store that throws when it is told of an end keeps neither the run nor the scheduler from ending") {
    const auto store = std::make_shared<failing_store>();
    scheduler_world world{store};
    world.scheduler.add("plain", trigger{"every 10s"}, [] {});
    world.scheduler.add("coroutine", trigger{"every 10s"},
                        [&world]() -> awaitable<void> { co_await world.sleep(1s); });
    world.start();
    store->forgets_ends = true;
    world.pass(15s);
    CHECK(world.count(event_kind::run_unreported) == 2);
    CHECK(world.last(event_kind::run_unreported).message == "the store has lost its pencil");
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
    world.stop();
    CHECK_FALSE(world.is_running());
  }
}
