#include <carillon/executor/thread_executor.hpp>

#include <doctest/doctest.h>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "executor/body_world.hpp"

// By the machine's clock, because threads do; none of them asserts how long something takes.

namespace carillon {
namespace {

using testing::body_world;
using namespace std::chrono_literals;
using boost::asio::awaitable;

class threads_world : public body_world {
 public:
  explicit threads_world(std::uint32_t threads = 2) : threads{{.threads = threads}} {}
  ~threads_world() { close(threads); }
  one_run& begin(const task& body) { return body_world::begin(threads, "work", &body); }

  thread_executor threads;
};

}  // namespace

TEST_SUITE("thread_executor") {
  TEST_CASE("a plain body runs on another thread, and the loop goes on meanwhile") {
    threads_world world;
    std::atomic<bool> told = false;
    std::atomic<std::thread::id> where{};
    const task body{[&] {
      where = std::this_thread::get_id();
      while (!told) std::this_thread::yield();  // Never, if this kept the loop from running.
    }};
    auto& run = world.begin(body);
    boost::asio::post(world.strand, [&] { told = true; });
    CHECK(world.end_of(run).kind == outcome_kind::succeeded);
    CHECK(where.load() != std::this_thread::get_id());
  }

  TEST_CASE("a coroutine runs on the threads from its beginning to its end") {
    threads_world world;
    std::set<bool> in_the_loop;
    const auto world_thread = std::this_thread::get_id();
    const task body{[&]() -> awaitable<void> {
      in_the_loop.insert(std::this_thread::get_id() == world_thread);
      const auto here = co_await boost::asio::this_coro::executor;
      boost::asio::steady_timer rest{here, 1ms};
      co_await rest.async_wait(boost::asio::deferred);
      in_the_loop.insert(std::this_thread::get_id() == world_thread);
    }};
    CHECK(world.end_of(world.begin(body)).kind == outcome_kind::succeeded);
    CHECK(in_the_loop == std::set<bool>{false});
  }

  TEST_CASE("several bodies block at the same time, one on each thread") {
    threads_world world{3};
    std::atomic<int> inside = 0;
    const task body{[&] {
      ++inside;
      while (inside < 3) std::this_thread::yield();  // Until all three are here.
    }};
    auto &a = world.begin(body), &b = world.begin(body), &c = world.begin(body);
    CHECK(world.end_of(a).kind == outcome_kind::succeeded);
    CHECK(world.end_of(b).kind == outcome_kind::succeeded);
    CHECK(world.end_of(c).kind == outcome_kind::succeeded);
  }

  TEST_CASE("what a body throws is its run's failure") {
    threads_world world;
    const task plain{[] { throw failure("paper", "no paper", true); }};
    const task coroutine{[]() -> awaitable<void> {
      throw std::runtime_error("no ink");
      co_return;
    }};
    const task misfit{[](int) {}};
    const auto first = world.end_of(world.begin(plain));
    CHECK(first.failure == "paper");
    CHECK(first.permanent);
    CHECK(world.end_of(world.begin(coroutine)).message == "no ink");
    CHECK(world.end_of(world.begin(misfit)).failure == "arguments");
  }

  TEST_CASE("a body may use its run: note, log, reason") {
    threads_world world;
    const task body{[](run& run) {
      run.log().info("{} {}", run.job_id(), run.attempt());
      run.note("as it should be");
      CHECK(run.cancel_reason() == cancel_reason::none);
    }};
    auto& run = world.begin(body);
    CHECK(world.end_of(run).kind == outcome_kind::succeeded);
    CHECK(run.context.note == "as it should be");
    CHECK(world.logged("work 3") == 1);
  }

  TEST_CASE("a coroutine is told to stop as Asio cancellation, on its own strand") {
    threads_world world;
    std::atomic<bool> waits = false;
    std::atomic<bool> stopped_there = false;
    const auto world_thread = std::this_thread::get_id();
    const task body{[&](run& run) -> awaitable<void> {
      const auto here = co_await boost::asio::this_coro::executor;
      boost::asio::steady_timer rest{here, 1h};
      waits = true;
      try {
        co_await rest.async_wait(boost::asio::deferred);
      } catch (const boost::system::system_error&) {
        stopped_there =
            std::this_thread::get_id() != world_thread && run.cancel_reason() == cancel_reason::timeout;
        throw;
      }
    }};
    auto& run = world.begin(body);
    REQUIRE(world.until([&] { return waits.load(); }));
    world.cancel(run);
    CHECK(world.end_of(run).kind == outcome_kind::failed);
    CHECK(stopped_there);
  }

  TEST_CASE("a plain body is told to stop by its run") {
    threads_world world;
    std::atomic<bool> waits = false;
    const task body{[&](run& run) {
      waits = true;
      while (run.cancel_reason() == cancel_reason::none) std::this_thread::yield();
    }};
    auto& run = world.begin(body);
    REQUIRE(world.until([&] { return waits.load(); }));
    world.cancel(run);
    CHECK(world.end_of(run).kind == outcome_kind::succeeded);
  }

  TEST_CASE("a body that was cancelled while all threads were busy does not begin") {
    threads_world world{1};
    std::atomic<bool> go_on = false, began = false;
    const task busy{[&] {
      while (!go_on) std::this_thread::yield();
    }};
    const task late{[&] { began = true; }};
    auto& first = world.begin(busy);
    auto& second = world.begin(late);
    world.cancel(second);
    boost::asio::post(world.strand, [&] { go_on = true; });
    CHECK(world.end_of(first).kind == outcome_kind::succeeded);
    CHECK(world.end_of(second).kind == outcome_kind::failed);
    CHECK(!began);
  }

  TEST_CASE("closing waits for a thread that is still busy, and the loop goes on meanwhile") {
    body_world world;
    thread_executor threads{{.threads = 1}};
    std::atomic<bool> told = false;
    const task leaves_work{[&]() -> awaitable<void> {
      auto left = [&] {
        while (!told) std::this_thread::yield();
      };
      boost::asio::post(co_await boost::asio::this_coro::executor, left);
    }};
    CHECK(world.end_of(world.begin(threads, "work", &leaves_work)).kind == outcome_kind::succeeded);
    boost::asio::steady_timer later{world.strand, 5ms};
    later.async_wait([&](boost::system::error_code) { told = true; });
    world.close(threads);
    later.cancel();
  }

  TEST_CASE("as many threads as processors, and as many runs as threads, unless one says otherwise") {
    const thread_executor usual;
    CHECK(usual.limits().running == std::max(1u, std::thread::hardware_concurrency()));
    CHECK(thread_executor{{.threads = 3}}.limits().running == 3);
    CHECK(thread_executor{{.threads = 3, .limits = {.running = 100, .queued = 7}}}.limits().running == 100);
    CHECK_THROWS_WITH(thread_executor({.threads = 1'001}),
                      "thread_executor_options.threads: 1001: at most 1000");
  }

  TEST_CASE(
      "in a scheduler, a blocking body that does not heed its timeout is reported, and counts as active") {
    scheduler_options options;
    options.logger = std::make_shared<spdlog::logger>("test");
    options.stuck_after = 5ms;
    background_scheduler scheduler{options};
    std::atomic<bool> go_on = false;
    std::atomic<int> others = 0, inside = 0;
    std::mutex mutex;                        // Guards the next two.
    std::string held;                        // The run whose body is held up.
    std::set<std::string> stuck, timed_out;  // Runs; others of them may never have begun.
    const auto listening = scheduler->on(event::run_stuck | event::run_timed_out, [&](const event& what) {
      const std::lock_guard lock{mutex};
      (what.kind == event::run_stuck ? stuck : timed_out).insert(what.run);
    });
    const auto of_held = [&](const std::set<std::string>& told) {
      const std::lock_guard lock{mutex};
      return told.contains(held);
    };
    scheduler->executor("threads", std::make_shared<thread_executor>(thread_executor_options{.threads = 2}));
    job_options blocking;
    blocking.executor = "threads";
    blocking.timeout = 5ms;
    scheduler->add(
        "deaf", trigger{"every 10ms"},
        [&](const run& which) {
          if (!go_on) {
            const std::lock_guard lock{mutex};
            held = which.id();
          }
          ++inside;
          while (!go_on) std::this_thread::yield();
          --inside;
        },
        blocking);
    scheduler->add("other", trigger{"every 5ms"}, [&] { ++others; });
    while (!of_held(stuck)) std::this_thread::yield();
    const int before = others;
    while (others < before + 3) std::this_thread::yield();
    CHECK(inside == 1);  // max_instances
    go_on = true;
    while (!of_held(timed_out)) std::this_thread::yield();
    scheduler.stop();
  }

  TEST_CASE("bodies of both kinds, many at once, while the scheduler is told to stop") {
    scheduler_options options;
    options.logger = std::make_shared<spdlog::logger>("test");
    options.drain = 0ms;
    std::atomic<int> began = 0, ended = 0;
    {
      background_scheduler scheduler{options};
      scheduler->executor("threads",
                          std::make_shared<thread_executor>(thread_executor_options{.threads = 3}));
      job_options there;
      there.executor = "threads";
      for (int i = 0; i < 10; ++i) {
        scheduler->add(
            "plain " + std::to_string(i), trigger{"every 2ms"},
            [&](run& run) {
              ++began;
              run.note("done");
              ++ended;
            },
            there);
        scheduler->add(
            "coroutine " + std::to_string(i), trigger{"every 3ms"},
            [&]() -> awaitable<void> {
              ++began;
              const std::shared_ptr<int> at_end{nullptr, [&](int*) { ++ended; }};
              const auto here = co_await boost::asio::this_coro::executor;
              boost::asio::steady_timer rest{here, 1ms};
              co_await rest.async_wait(boost::asio::deferred);
            },
            there);
      }
      while (ended < 200) std::this_thread::yield();
    }
    CHECK(began == ended);
  }
}

}  // namespace carillon
