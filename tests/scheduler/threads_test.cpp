#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <carillon/scheduler/background_scheduler.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <csignal>
#include <thread>

#include "support/scheduler_world.hpp"

// These run by the machine's clock, because threads do; none of them asserts how long something takes.

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

scheduler_options quiet() {
  scheduler_options options;
  options.logger = std::make_shared<spdlog::logger>("test", std::make_shared<log_keeper>());
  options.logger->set_level(spdlog::level::off);
  return options;
}

job_definition definition(std::string id, const char* when) {
  job_definition job{std::move(id), trigger{when}, {}, {}, default_options(), {}, {}};
  job.task = "work";
  return job;
}

/// Asks for everything there is, again and again, of jobs that others ask about too.
void use_all(scheduler& scheduler, int thread) {
  using boost::asio::use_future;
  for (int i = 0; i < 20; ++i) {
    const auto id = "job " + std::to_string((thread + i) % 5);
    scheduler.put(definition(id, "every 10ms"), on_conflict::replace, use_future).get();
    try {
      scheduler.pause(id, "test", use_future).get();
      scheduler.run_now(id, use_future).get();
      scheduler.resume(id, resume_from::catch_up, use_future).get();
      scheduler.skip_next(id, 1, use_future).get();
      scheduler.reschedule(id, trigger{"every 5ms"}, std::nullopt, use_future).get();
    } catch (const boost::system::system_error& failure) {
      CHECK(failure.code() == errc::no_such_job);  // Another thread has removed it.
    }
    scheduler.list({}, use_future).get();
    scheduler.next_runs(3, {}, use_future).get();
    scheduler.history({}, use_future).get();
    scheduler.cancel_runs(id, use_future).get();
    if (i % 3 == 0) scheduler.remove(id, use_future).get();
    scheduler.add("declared " + std::to_string(thread) + "-" + std::to_string(i), trigger{"every 20ms"},
                  [] {});
  }
}

void use_from_threads(scheduler& scheduler) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&scheduler, thread] { use_all(scheduler, thread); });
  for (auto& each : threads) each.join();
}

}  // namespace

TEST_SUITE("a scheduler and threads") {
  TEST_CASE("every operation may be asked for from any thread") {
    std::atomic<int> runs = 0;
    background_scheduler scheduler{quiet()};
    scheduler->task("work", [&] { ++runs; });
    const auto listening = scheduler->on(all_events, [](const event&) {});
    use_from_threads(*scheduler);
    while (runs == 0) std::this_thread::yield();
    scheduler.stop();
    CHECK(runs > 0);
  }

  TEST_CASE("its event loop may be run by several threads") {
    boost::asio::io_context io;
    scheduler scheduler{io, quiet()};
    std::atomic<int> inside = 0, runs = 0;
    std::atomic<bool> together = false;
    scheduler.task("work", [&]() -> boost::asio::awaitable<void> {
      if (++inside > 1) together = true;  // Never: one strand.
      ++runs;
      --inside;
      co_await boost::asio::post(boost::asio::deferred);
    });
    boost::asio::co_spawn(io, scheduler.run(), boost::asio::detached);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { io.run(); });
    use_from_threads(scheduler);
    while (runs < 10) std::this_thread::yield();
    scheduler.shutdown({}, boost::asio::use_future).get();
    for (auto& each : threads) each.join();
    CHECK(!together);
  }

  TEST_CASE("a body that came back on another thread does not disturb the loop") {
    boost::asio::thread_pool pool{1};
    std::atomic<int> runs = 0;
    background_scheduler scheduler{quiet()};
    scheduler->add("elsewhere", trigger{"every 5ms"}, [&]() -> boost::asio::awaitable<void> {
      const auto hop = boost::asio::bind_executor(pool, boost::asio::deferred);
      co_await boost::asio::post(hop);
      ++runs;
    });
    while (runs < 5) std::this_thread::yield();
    scheduler.stop();
    pool.join();
  }

  TEST_CASE("a background scheduler runs by the machine's clock, and stops when it goes") {
    std::atomic<int> runs = 0;
    {
      background_scheduler scheduler{quiet()};
      scheduler->add("tick", trigger{"every 5ms"}, [&] { ++runs; });
      while (runs < 3) std::this_thread::yield();
    }
    const int stopped_at = runs;
    CHECK(stopped_at >= 3);
  }

  TEST_CASE("a signal shuts a scheduler down, and the call returns") {
    boost::asio::io_context io;
    scheduler scheduler{io, quiet()};
    int runs = 0;
    scheduler.add("tick", trigger{"every 5ms"}, [&] {
      if (++runs == 3) std::raise(SIGTERM);
    });
    run_until_signalled(io, scheduler);
    CHECK(runs >= 3);
  }

  TEST_CASE("what run() throws comes out of run_until_signalled") {
    boost::asio::io_context io;
    const auto store = std::make_shared<memory_store>();
    scheduler first{io, store, quiet()};
    scheduler second{io, store, quiet()};
    boost::asio::co_spawn(io, first.run(), boost::asio::detached);
    io.poll();
    CHECK_THROWS_AS(run_until_signalled(io, second), std::logic_error);
    first.shutdown()(boost::asio::detached);
    io.restart();
    io.run();
  }
}
