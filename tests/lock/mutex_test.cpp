#include <boost/asio/use_future.hpp>
#include <carillon/lock/mutex.hpp>
#include <stdexcept>
#include <thread>
#include <utility>

#include "lock/lock_world.hpp"

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct mutex_world : simulation {
  mutex door{io.get_executor()};
  log_lines log;

  asio::awaitable<void> hold_for(std::string name, milliseconds duration) {
    const auto held = co_await door.lock();
    log.push_back(name + " in");
    co_await sleep(duration);
    log.push_back(name + " out");
  }
  std::shared_ptr<started> begin(asio::awaitable<void> work) { return start(io, std::move(work)); }
};

}  // namespace

TEST_SUITE("mutex") {
  TEST_CASE("one is in at a time, and those who wait are served as they came") {
    mutex_world world;
    for (const auto* name : {"a", "b", "c"}) world.begin(world.hold_for(name, 1s));
    world.pass(1500ms);
    CHECK(world.log == log_lines{"a in", "a out", "b in"});
    world.pass(2s);
    CHECK(world.log == log_lines{"a in", "a out", "b in", "b out", "c in", "c out"});
  }

  TEST_CASE("each holder's fence is greater than the one's before") {
    mutex_world world;
    std::vector<std::uint64_t> fences;
    const auto collect = [&]() -> asio::awaitable<void> {
      for (int n = 0; n < 3; ++n) {
        const auto held = co_await world.door.lock();
        fences.push_back(held.fence());
      }
    };
    world.run(collect());
    REQUIRE(fences.size() == 3);
    CHECK(fences[0] > 0);
    CHECK(fences[0] < fences[1]);
    CHECK(fences[1] < fences[2]);
  }

  TEST_CASE("try_lock says no while somebody holds it, and yes when it is free") {
    mutex_world world;
    const auto look = [&]() -> asio::awaitable<void> {
      auto held = co_await world.door.lock();
      const auto second = co_await world.door.try_lock();
      CHECK_FALSE(second);
      const bool was_ours = co_await held.unlock();
      CHECK(was_ours);
      CHECK_FALSE(held);
      const auto third = co_await world.door.try_lock();
      REQUIRE(third);
      CHECK(third->is_good());
    };
    world.run(look());
  }

  TEST_CASE("a wait with a limit ends without the lock, and is out of the queue") {
    mutex_world world;
    world.begin(world.hold_for("a", 1h));
    world.settle();
    auto answer = world.door.try_lock_for(1ms, lock_options(), asio::use_future);
    std::future_status status{};
    do {
      world.settle();
      status = answer.wait_for(0s);
    } while (status != std::future_status::ready);
    CHECK_FALSE(answer.get());
    world.begin(world.hold_for("b", 1s));
    world.pass(1h + 1s);
    CHECK(world.log == log_lines{"a in", "a out", "b in", "b out"});
  }

  TEST_CASE("a cancelled waiter leaves the queue, and the next one gets the lock") {
    mutex_world world;
    world.begin(world.hold_for("a", 1s));
    const auto second = world.begin(world.hold_for("b", 1s));
    world.begin(world.hold_for("c", 1s));
    world.settle();
    second->cancel();
    second->cancel();
    world.settle();
    CHECK(second->over);
    CHECK(second->code() == asio::error::operation_aborted);
    world.pass(3s);
    CHECK(world.log == log_lines{"a in", "a out", "c in", "c out"});
  }

  TEST_CASE("a lock that is delivered to somebody who was cancelled meanwhile is given back") {
    mutex_world world;
    auto held = world.run(
        [](mutex& door) -> asio::awaitable<held_lock> { co_return co_await door.lock(); }(world.door));
    const auto second = world.begin(world.hold_for("b", 1s));
    world.settle();
    held = held_lock();  // delivers it to b
    second->cancel();    // who is told both
    world.settle();
    CHECK(second->over);
    world.begin(world.hold_for("c", 1s));
    world.pass(2s);
    CHECK(world.log.back() == "c out");
  }

  TEST_CASE("lost ends as aborted when the lock is given back") {
    mutex_world world;
    auto held = world.run(
        [](mutex& door) -> asio::awaitable<held_lock> { co_return co_await door.lock(); }(world.door));
    auto lost = held.lost(asio::use_future);
    world.settle();
    CHECK(lost.wait_for(0s) == std::future_status::timeout);
    CHECK(held.is_good());
    held = held_lock();
    world.settle();
    CHECK_THROWS_AS(lost.get(), boost::system::system_error);
  }

  TEST_CASE("run_locked unlocks when the work returns, and when it throws") {
    mutex_world world;
    const auto give = [&](const held_lock& held) -> asio::awaitable<std::uint64_t> {
      co_await world.sleep(1s);
      co_return held.fence();
    };
    const auto first = world.run(world.door.run_locked(give));
    const auto second = world.run(world.door.run_locked([] { return 7; }));
    CHECK(first > 0);
    CHECK(second == 7);
    const auto fail = [] { throw std::runtime_error("no ink"); };
    CHECK_THROWS_WITH(world.run(world.door.run_locked(fail)), "no ink");
    CHECK(world.run([](mutex& door) -> asio::awaitable<bool> {
      const auto held = co_await door.try_lock();
      co_return held.has_value();
    }(world.door)));
  }

  TEST_CASE("cancelling run_locked reaches the work") {
    mutex_world world;
    const auto forever = [&]() -> asio::awaitable<void> { co_await world.sleep(24h); };
    const auto one = world.begin(world.door.run_locked(forever));
    world.settle();
    one->cancel();
    world.settle();
    CHECK(one->over);
    CHECK(one->code() == asio::error::operation_aborted);
    CHECK(world.now() == simulation_start);
  }

  TEST_CASE("threads exclude each other") {
    asio::io_context io;
    mutex door{io.get_executor()};
    int inside = 0;
    int most = 0;
    int count = 0;
    const auto work = [&](mutex& which) -> asio::awaitable<void> {
      for (int n = 0; n < 500; ++n) {
        const auto held = co_await which.lock();
        most = std::max(most, ++inside);
        ++count;
        co_await asio::post(asio::deferred);
        --inside;
      }
    };
    for (int n = 0; n < 8; ++n) asio::co_spawn(asio::make_strand(io), work(door), [](std::exception_ptr) {});
    std::vector<std::jthread> threads;
    for (int n = 0; n < 3; ++n) threads.emplace_back([&] { io.run(); });
    threads.clear();
    CHECK(count == 4000);
    CHECK(most == 1);
  }
}
