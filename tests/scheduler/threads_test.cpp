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

/// Whether an operation has ended so.
template <typename T>
bool is_stopped(std::future<T> operation) {
  try {
    operation.get();
  } catch (const boost::system::system_error& why) {
    return why.code() == errc::stopped;
  }
  return false;
}

job_definition job_of(std::string id, const char* when) {
  job_definition job{std::move(id), trigger{when}, {}, {}, default_options(), {}, {}};
  job.task = "work";
  return job;
}

/// Asks for everything there is, again and again, of jobs that others ask about too.
void use_all(scheduler& scheduler, int thread) {
  using boost::asio::use_future;
  for (int i = 0; i < 20; ++i) {
    const auto id = "job " + std::to_string((thread + i) % 5);
    scheduler.put(job_of(id, "every 10ms"), on_conflict::replace, use_future).get();
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

  TEST_CASE("a stream of events may be kept for longer than its scheduler, by a thread that waits, too") {
    for (int i = 0; i < 20; ++i) {
      std::optional<event_stream> kept;
      std::uint64_t heard = 0;
      std::thread listener;
      {
        background_scheduler scheduler{quiet()};
        kept.emplace(scheduler->events());
        scheduler->add("tick", trigger{"every 1ms"}, [] {});
        listener = std::thread{[&] {
          while (kept->next(boost::asio::use_future).get()) ++heard;
        }};
        scheduler->wait_for(mask(event::run_succeeded), std::nullopt, boost::asio::use_future).get();
      }
      listener.join();
      CHECK(heard > 0);
      CHECK_FALSE(kept->try_next());
    }
  }

  TEST_CASE("what is asked of a background scheduler that has stopped is answered: that it has") {
    background_scheduler scheduler{quiet()};
    scheduler->add("nightly", trigger{"every 1d"}, [] {});
    SUBCASE("by stop") {
      scheduler.stop();
      scheduler.stop();
    }
    SUBCASE("by a body") {
      scheduler->add("last", trigger{"every 5ms"}, [&] { scheduler->shutdown()(boost::asio::detached); });
      CHECK_FALSE(
          scheduler->wait_for(mask(event_kind::scheduler_paused), std::nullopt, boost::asio::use_future)
              .get());
    }
    for (int i = 0; i < 2; ++i) {
      CHECK(is_stopped(scheduler->run_now("nightly", boost::asio::use_future)));
      CHECK(is_stopped(scheduler->run_now("nightly", and_wait(), boost::asio::use_future)));
      CHECK(is_stopped(scheduler->list({}, boost::asio::use_future)));
      CHECK_FALSE(scheduler->wait_for(all_events, std::nullopt, boost::asio::use_future).get());
      CHECK_FALSE(scheduler->once(0s, [] {}).pending());
      scheduler.stop();
    }
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
