#include <boost/asio/thread_pool.hpp>
#include <carillon/executor/asio_executor.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <thread>

#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

std::size_t jobs_of(scheduler_world& world) { return world.wait_for(world.scheduler.list({})).jobs.size(); }

}  // namespace

TEST_SUITE("once") {
  TEST_CASE("a body runs once, after its delay, and nothing is left of it") {
    scheduler_world world;
    std::vector<std::int64_t> ran;
    world.start();
    const auto call = world.scheduler.once(5s, [&] { ran.push_back(world.at()); });
    CHECK(call.pending());
    world.pass(4'999ms);
    CHECK(ran.empty());
    CHECK(jobs_of(world) == 1);
    world.pass(1h);
    CHECK(ran == std::vector<std::int64_t>{5'000});
    CHECK_FALSE(call.pending());
    CHECK(jobs_of(world) == 0);
    CHECK(world.last(event::run_succeeded).job == call.id());
  }

  TEST_CASE("a body may be a coroutine, take the run, and wait for an instant") {
    scheduler_world world;
    std::vector<std::string> said;
    world.start();
    const auto at_ten =
        world.scheduler.once_at(world.now() + 10s, [&](carillon::run& run) -> boost::asio::awaitable<void> {
          co_await world.sleep(1s);
          said.push_back(run.job_id() + " " + std::to_string(world.at()));
        });
    world.pass(20s);
    CHECK(said == std::vector<std::string>{at_ten.id() + " 11000"});
    CHECK(jobs_of(world) == 0);
  }

  TEST_CASE("what was asked for before run() runs afterwards, however late that is") {
    scheduler_world world;
    int runs = 0;
    const auto call = world.scheduler.once(1s, [&] { ++runs; });
    world.pass(1h);
    CHECK(call.pending());
    world.start();
    world.pass(1ms);
    CHECK(runs == 1);
  }

  TEST_CASE("one that is cancelled before it begins never runs, and leaves nothing") {
    scheduler_world world;
    int runs = 0;
    auto before_run = world.scheduler.once(1s, [&] { ++runs; });
    CHECK(before_run.cancel());
    world.start();
    auto call = world.scheduler.once(5s, [&] { ++runs; });
    auto copy = call;
    auto not_brought_in = world.scheduler.once(5s, [&] { ++runs; });
    CHECK(not_brought_in.cancel());
    world.pass(1s);
    CHECK(jobs_of(world) == 1);
    CHECK(call.cancel());
    CHECK_FALSE(call.pending());
    CHECK_FALSE(copy.cancel());
    world.settle();
    CHECK(jobs_of(world) == 0);
    world.pass(1min);
    CHECK(runs == 0);
    CHECK(world.count(event::run_started) == 0);
  }

  TEST_CASE("one that has begun cannot be taken back") {
    scheduler_world world;
    world.start();
    delayed_call call;
    CHECK_FALSE(call.cancel());
    bool taken_back_inside = true;
    call = world.scheduler.once(1s, [&] { taken_back_inside = call.cancel(); });
    world.pass(2s);
    CHECK_FALSE(taken_back_inside);
    CHECK_FALSE(call.cancel());
  }

  TEST_CASE("what it captured goes with it, whether it ran or was cancelled") {
    scheduler_world world;
    world.start();
    auto kept = std::make_shared<int>(0);
    const auto ran = world.scheduler.once(1s, [kept] { ++*kept; });
    {
      auto cancelled = world.scheduler.once(1s, [kept] { ++*kept; });
      cancelled.cancel();
    }
    auto ran_too = world.scheduler.once(1s, [kept]() -> boost::asio::awaitable<void> {
      ++*kept;
      co_return;
    });
    ran_too = {};
    world.pass(2s);
    CHECK(*kept == 2);
    CHECK(kept.use_count() == 2);  // `ran` still is.
  }

  TEST_CASE("its options are a job's: it is tried again, and its time ends") {
    scheduler_world world;
    world.start();
    auto options = delayed_options();
    options.retry.attempts = 3;
    options.retry.backoff_min = 1s;
    int attempts = 0;
    world.scheduler.once(
        1s,
        [&] {
          if (++attempts < 3) throw std::runtime_error("not yet");
        },
        options);
    world.pass(1min);
    CHECK(attempts == 3);
    auto short_time = delayed_options();
    short_time.timeout = 2s;
    world.scheduler.once(1s, [&]() -> boost::asio::awaitable<void> { co_await world.sleep(1h); }, short_time);
    world.pass(1min);
    CHECK(world.count(event::run_timed_out) == 1);
    CHECK(jobs_of(world) == 0);
  }

  TEST_CASE("mistakes are said at once") {
    scheduler_world world;
    auto elsewhere = delayed_options();
    elsewhere.executor = "nowhere";
    CHECK_THROWS_WITH_AS(world.scheduler.once(
                             1s, [] {}, elsewhere),
                         "once: there is no executor 'nowhere' here", std::invalid_argument);
    CHECK_THROWS_AS(world.scheduler.once(1s, bind([](int) {}, 3)), std::invalid_argument);
    auto none = delayed_options();
    none.max_instances = 0;
    CHECK_THROWS_AS(world.scheduler.once(1s, [] {}, none), std::invalid_argument);
  }

  TEST_CASE("what has not run when the scheduler ends never does, and does not stay in its store") {
    const auto store = std::make_shared<memory_store>();
    int runs = 0;
    auto captured = std::make_shared<int>(0);
    {
      scheduler_world world{store};
      world.start();
      const auto call = world.scheduler.once(1h, [&runs, captured] { ++runs; });
      world.settle();
      CHECK(jobs_of(world) == 1);
      world.stop();
      CHECK_FALSE(call.pending());
    }
    CHECK(captured.use_count() == 1);
    scheduler_world next{store};
    next.start();
    CHECK(jobs_of(next) == 0);
    next.pass(2h);
    CHECK(runs == 0);
  }

  TEST_CASE("on a shared store it runs here, and is declared again when the store was emptied") {
    sharing_world world;
    world.start();
    int runs = 0;
    const auto call = world.scheduler.once(10s, [&] { ++runs; });
    auto other = world.scheduler.once(10s, [&] { ++runs; });
    world.settle();
    CHECK(jobs_of(world) == 2);
    CHECK(other.cancel());
    world.settle();
    CHECK(jobs_of(world) == 1);
    const auto added = world.store->calls["add"];
    world.store->tell().on_store_replaced();
    world.settle();
    CHECK(world.store->calls["add"] == added + 1);  // what was cancelled is not
    world.pass(11s);
    CHECK(runs == 1);
    CHECK(jobs_of(world) == 0);
  }

  TEST_CASE("of a call that is due and a thread that takes it back, one wins") {
    scheduler_options quiet;
    boost::asio::thread_pool pool{1};
    background_scheduler scheduler{quiet};
    scheduler->executor("pool", std::make_shared<asio_executor>(pool.get_executor()));
    auto there = delayed_options();
    there.executor = "pool";
    std::atomic<int> ran = 0;
    int taken_back = 0;
    constexpr int all = 300;
    for (int i = 0; i < all; ++i) {
      auto call =
          i % 2 == 0 ? scheduler->once(1ms, [&] { ++ran; }, there) : scheduler->once(1ms, [&] { ++ran; });
      for (int spin = i * 200; spin > 0; --spin) static_cast<void>(ran.load());  // up to a few milliseconds
      if (call.cancel()) ++taken_back;
    }
    while (ran + taken_back < all) std::this_thread::yield();
    scheduler.stop();
    pool.join();
    CHECK(ran + taken_back == all);
  }
}
