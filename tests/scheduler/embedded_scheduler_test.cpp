#include <doctest/doctest.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <carillon/scheduler/embedded_scheduler.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/manual_clock.hpp>
#include <carillon/trigger/builder.hpp>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;

constexpr instant beginning{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

scheduler_options silent(std::shared_ptr<carillon::clock> clock = nullptr) {
  scheduler_options options;
  options.logger = std::make_shared<spdlog::logger>("test");
  options.clock = std::move(clock);
  options.instance = "embedded";
  options.drain = 0ms;
  return options;
}

/// A program whose loop is this thread, with a clock that it moves.
struct embedded_world {
  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(beginning);
  embedded_scheduler scheduler{silent(clock)};

  /// Moves the clock where the scheduler sleeps on it.
  void pass(milliseconds time) {
    asio::post(scheduler->get_executor(), asio::use_future([&] { clock->advance(time); })).get();
    static_cast<void>(scheduler.next_wakeup());  // By then all that is due has been claimed.
  }
  bool is_readable(int timeout = 0) const {
    pollfd one{scheduler.descriptor(), POLLIN, 0};
    return ::poll(&one, 1, timeout) == 1;
  }
  template <typename Condition>
  void run_until(Condition holds) {
    while (!holds()) {
      is_readable(1'000);
      scheduler.run_pending();
    }
  }
};

}  // namespace

TEST_SUITE("embedded_scheduler") {
  TEST_CASE("bodies run in run_pending, on its thread, when they are due, and not before") {
    embedded_world world;
    std::vector<std::thread::id> ran;
    world.scheduler->add("tick", every(10s), [&] { ran.push_back(std::this_thread::get_id()); });
    CHECK(world.scheduler.run_pending() == 0);
    world.pass(9'999ms);
    CHECK(world.scheduler.run_pending() == 0);
    world.pass(1ms);
    CHECK(world.is_readable(60'000));
    CHECK(ran.empty());
    CHECK(world.scheduler.run_pending() >= 1);
    CHECK(ran == std::vector<std::thread::id>{std::this_thread::get_id()});
    CHECK_FALSE(world.is_readable());
    CHECK(world.scheduler.run_pending() == 0);
  }

  TEST_CASE("next_wakeup says in how long to come back") {
    embedded_world world;
    CHECK_FALSE(world.scheduler.next_wakeup());
    int runs = 0;
    world.scheduler->add("tick", every(10s), [&] { ++runs; });
    CHECK(world.scheduler.next_wakeup() == 10s);
    world.pass(4s);
    CHECK(world.scheduler.next_wakeup() == 6s);
    world.pass(6s);
    CHECK(world.scheduler.next_wakeup() == 0s);
    world.scheduler.run_pending();
    CHECK(runs == 1);
    CHECK(world.scheduler.next_wakeup() == 10s);
    world.scheduler->pause_all(asio::use_future).get();
    CHECK_FALSE(world.scheduler.next_wakeup());
    world.scheduler->resume_all(resume_from::now, asio::use_future).get();
    world.scheduler->remove("tick", asio::use_future).get();
    CHECK_FALSE(world.scheduler.next_wakeup());
  }

  TEST_CASE("a loop that is held up makes runs late, and the rest as the job's options say") {
    embedded_world world;
    int runs = 0;
    world.scheduler->add("tick", every(10s), [&] { ++runs; });
    world.scheduler.run_pending();
    for (int i = 0; i < 5; ++i) world.pass(10s);  // The first waits for us; the others find it active.
    CHECK(world.scheduler.run_pending() >= 1);
    CHECK(runs == 1);
    const auto history = world.scheduler->history(ledger_query(), asio::use_future).get();
    std::uint64_t skipped = 0;
    for (const auto& entry : history.entries) {
      if (entry.result.kind == outcome_kind::skipped) skipped += entry.count;
    }
    CHECK(skipped == 4);
  }

  TEST_CASE("a body that is a coroutine runs there as well, from part to part") {
    embedded_world world;
    const auto here = std::this_thread::get_id();
    bool always_here = true, over = false;
    world.scheduler->add("report", every(10s), [&]() -> asio::awaitable<void> {
      asio::steady_timer soon(co_await asio::this_coro::executor, 1ms);
      co_await soon.async_wait(asio::deferred);
      always_here = always_here && std::this_thread::get_id() == here;
      const auto next = co_await world.scheduler->next_runs(1, "report");
      always_here = always_here && std::this_thread::get_id() == here && next.size() == 1;
      over = true;
    });
    world.scheduler.run_pending();
    world.pass(10s);
    world.run_until([&] { return over; });
    CHECK(always_here);
  }

  TEST_CASE("what a body throws is its outcome; what a handler throws comes out of run_pending") {
    embedded_world world;
    world.scheduler->add("fail", every(10s), [] { throw std::runtime_error("no paper"); });
    std::vector<std::string> heard;
    const auto place = world.scheduler.on(event::run_failed,
                                          [&](const event& what) { heard.push_back(what.result.message); });
    world.scheduler.run_pending();
    world.pass(10s);
    world.run_until([&] { return !heard.empty(); });
    CHECK(heard == std::vector<std::string>{"no paper"});
    asio::post(world.scheduler.get_executor(), [] { throw std::logic_error("a broken handler"); });
    CHECK_THROWS_AS(world.scheduler.run_pending(), std::logic_error);
  }

  TEST_CASE(
      "handlers are called in run_pending, each event once, and not after their subscription has ended") {
    embedded_world world;
    std::vector<std::string> heard;
    const auto note = [&](const char* who) {
      return
          [&heard, who](const event& what) { heard.push_back(who + (" " + std::string{name(what.kind)})); };
    };
    auto first = world.scheduler.on(event::job_added | event::job_removed, note("first"));
    auto second =
        world.scheduler.on(event_filter(event::job_removed | event::job_paused).of_job("a"), note("second"));
    auto next = world.scheduler.on_next(event::job_added, note("next"));
    job_definition job{"a", trigger{"every 10s"}, shared_text{"work"}, {}, default_options(), {}, {}};
    world.scheduler->task("work", [] {});
    world.scheduler->put(job, on_conflict::refuse, asio::use_future).get();
    world.scheduler->remove("a", asio::use_future).get();
    CHECK(heard.empty());
    world.scheduler.run_pending();
    CHECK(heard == std::vector<std::string>{"first job_added", "next job_added", "first job_removed",
                                            "second job_removed"});
    world.scheduler->put(job, on_conflict::refuse, asio::use_future).get();
    first.off();
    world.scheduler.run_pending();
    CHECK(heard.size() == 4);
  }

  TEST_CASE("completions come where one binds them, and operations may be waited for on the loop's thread") {
    embedded_world world;
    const auto here = std::this_thread::get_id();
    bool came_here = false, came = false;
    world.scheduler->list(
        {}, asio::bind_executor(world.scheduler.get_executor(), [&](std::exception_ptr, const job_page&) {
          came = true;
          came_here = std::this_thread::get_id() == here;
        }));
    world.run_until([&] { return came; });
    CHECK(came_here);
    int runs = 0;
    auto call = world.scheduler->once(1s, [&] { ++runs; });
    world.scheduler.run_pending();
    world.pass(1s);
    world.scheduler.run_pending();
    CHECK(runs == 1);
  }

  TEST_CASE("stop calls what drains, and returns when all has ended") {
    embedded_world world;
    int ended = 0;
    std::vector<std::string> heard;
    const auto place = world.scheduler.on(event::scheduler_stopped | event::run_cancelled,
                                          [&](const event& what) { heard.emplace_back(name(what.kind)); });
    world.scheduler->add("long", every(10s), [&]() -> asio::awaitable<void> {
      try {
        asio::steady_timer never(co_await asio::this_coro::executor, std::chrono::hours(1));
        co_await never.async_wait(asio::deferred);
      } catch (...) {
        ++ended;
        throw;
      }
    });
    world.scheduler.run_pending();
    world.pass(10s);
    world.scheduler.run_pending();
    world.scheduler.stop();
    CHECK(ended == 1);
    CHECK(heard == std::vector<std::string>{"run_cancelled", "scheduler_stopped"});
    world.scheduler.stop();
    CHECK(world.scheduler.run_pending() == 0);
    CHECK_FALSE(world.scheduler.next_wakeup());
  }

  TEST_CASE("a run that waits for the loop when the scheduler ends does not begin any more") {
    embedded_world world;
    int runs = 0;
    world.scheduler->add("tick", every(10s), [&] { ++runs; });
    world.scheduler.run_pending();
    world.pass(10s);
    CHECK(world.is_readable(60'000));
    world.scheduler.stop();
    CHECK(runs == 0);
  }

  TEST_CASE("what is asked of one that has stopped is answered: that it has") {
    embedded_scheduler scheduler{silent()};
    SUBCASE("by stop") { scheduler.stop(); }
    SUBCASE("by a body") {
      std::future<void> over;
      scheduler->once(0s, [&] { over = scheduler->shutdown()(asio::use_future); });
      while (!over.valid() || over.wait_for(0s) != std::future_status::ready) scheduler.run_pending();
      scheduler.run_pending();  // What the loop was asked for before it was over: to cancel that body, say.
    }
    for (int i = 0; i < 2; ++i) {
      CHECK_THROWS_WITH_AS(scheduler->run_now("nightly", asio::use_future).get(),
                           doctest::Contains("the scheduler is not running"), boost::system::system_error);
      CHECK_FALSE(scheduler->wait_for(event::scheduler_paused, std::nullopt, asio::use_future).get());
      CHECK_FALSE(scheduler->once(0s, [] {}).pending());
      CHECK_FALSE(scheduler.next_wakeup());
      scheduler.stop();
    }
  }

  TEST_CASE("another thread may ask for the next wake-up while it stops") {
    embedded_scheduler scheduler{silent()};
    scheduler->add("tick", every(1h), [] {});
    std::atomic<int> asked = 0;
    std::atomic<bool> over = false;
    std::thread other{[&] {
      while (!over) {
        static_cast<void>(scheduler.next_wakeup());
        ++asked;
      }
    }};
    while (asked < 10) std::this_thread::yield();
    scheduler.stop();
    over = true;
    other.join();
    CHECK_FALSE(scheduler.next_wakeup());
  }

  TEST_CASE("what run() throws comes out of stop, and a scheduler that never could start ends") {
    const auto store = std::make_shared<memory_store>();
    embedded_scheduler first{store, silent()};
    first.run_pending();
    embedded_scheduler second{[&](asio::io_context&) { return store; }, silent()};
    second.run_pending();
    CHECK_THROWS_AS(second.stop(), std::logic_error);
    CHECK_FALSE(second.next_wakeup());
  }

  TEST_CASE(
      "by the machine's clock: a poll() loop, other threads that operate, and bodies that share no lock") {
    embedded_scheduler scheduler{silent()};
    int runs = 0;  // By this thread only.
    scheduler->add("tick", every(2ms), [&] { ++runs; });
    std::thread other{[&] {
      for (int i = 0; i < 50; ++i) {
        scheduler->run_now("tick", asio::use_future).get();
        scheduler->once(1ms, [&] { ++runs; });
      }
    }};
    pollfd one{scheduler.descriptor(), POLLIN, 0};
    while (runs < 100) {
      ::poll(&one, 1, -1);
      scheduler.run_pending();
    }
    other.join();
    scheduler.stop();
  }

  TEST_CASE("a stream of events may be kept for longer than its scheduler") {
    std::optional<event_stream> kept;
    {
      embedded_scheduler scheduler{silent()};
      kept.emplace(scheduler->events(event::scheduler_stopped));
      scheduler.run_pending();
    }
    CHECK(kept->next(asio::use_future).get()->kind == event::scheduler_stopped);
    CHECK_FALSE(kept->next(asio::use_future).get());
  }

  TEST_CASE("by the machine's clock: a loop that only sleeps until next_wakeup") {
    embedded_scheduler scheduler{silent()};
    int runs = 0;
    scheduler->add("tick", every(3ms), [&] { ++runs; });
    while (runs < 20) {
      scheduler.run_pending();
      std::this_thread::sleep_for(scheduler.next_wakeup().value_or(1ms));
    }
  }
}
