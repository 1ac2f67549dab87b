#include <boost/asio/use_future.hpp>
#include <carillon/redis/mutex.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "redis/redis_lock_world.hpp"

namespace carillon::testing {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

const lock_options short_lease{.lease = 600ms};  // Where it is to end.
const std::string queue_key = "carillon:{test:lock:door}:queue";

// Others who use the same lock, as if they were another process.
struct mutex_world : redis_lock_world {
  redis::link other_link{io, options()};
  redis::mutex door{link, "door"};
  redis::mutex same_door{other_link, "door"};
  std::vector<std::string> log;

  held_lock take(lock_options how = long_lease) {
    held_lock taken;
    go(take_into(taken, how));
    return taken;
  }
  asio::awaitable<void> take_into(held_lock& taken, lock_options how) { taken = co_await door.lock(how); }

  asio::awaitable<void> visit(lockable& which, std::string name, std::chrono::milliseconds duration,
                              lock_options how = long_lease) {
    const auto held = co_await which.lock(how);
    log.push_back(name + " in");
    co_await sleep(duration);
    log.push_back(name + " out");
  }
  asio::awaitable<void> visit_until(lockable& which, std::string name, const bool& over) {
    const auto held = co_await which.lock(long_lease);
    log.push_back(name + " in");
    while (!over) co_await sleep(1ms);
    log.push_back(name + " out");
  }
  asio::awaitable<void> look(lockable& which, bool& is_free) {
    const auto held = co_await which.try_lock(long_lease);
    is_free = held.has_value();
  }
  bool is_free() {
    bool answer = false;
    go(look(same_door, answer));
    return answer;
  }
  std::string waiters() const { return server.cli({"ZCARD", queue_key}); }
};

}  // namespace

TEST_SUITE("redis mutex") {
  TEST_CASE("one is in at a time, and those who wait are served as they came") {
    mutex_world world;
    std::vector<std::shared_ptr<redis_lock_world::started>> visits;
    bool all_wait = false;
    visits.push_back(world.start(world.visit_until(world.door, "a", all_wait)));
    REQUIRE(world.until([&] { return world.log.size() == 1; }));
    for (const auto* name : {"b", "c", "d"}) {
      const auto before = world.waiters();
      auto& which = *name == 'c' ? world.door : world.same_door;
      visits.push_back(world.start(world.visit(which, name, 10ms)));
      REQUIRE(world.until([&] { return world.waiters() != before; }));
    }
    all_wait = true;
    REQUIRE(world.until([&] { return visits.back()->over; }));
    CHECK(world.log ==
          std::vector<std::string>{"a in", "a out", "b in", "b out", "c in", "c out", "d in", "d out"});
  }

  TEST_CASE("fences grow from holder to holder, also when Redis has forgotten the lock") {
    mutex_world world;
    const auto first = world.take().fence();
    const auto second = world.take().fence();
    CHECK(first > 0);
    CHECK(first < second);
    world.server.cli({"FLUSHALL"});
    CHECK(world.take().fence() > second);
  }

  TEST_CASE("try_lock says no while somebody holds it, and yes as soon as it was given back") {
    mutex_world world;
    const auto check = [&]() -> asio::awaitable<void> {
      auto held = co_await world.door.lock(long_lease);
      const auto second = co_await world.same_door.try_lock(long_lease);
      CHECK_FALSE(second);
      const bool was_ours = co_await held.unlock();
      CHECK(was_ours);
      const auto third = co_await world.same_door.try_lock(long_lease);
      REQUIRE(third);
      CHECK(third->is_good());
    };
    world.go(check());
    CHECK(world.until([&] { return world.is_free(); }));
  }

  TEST_CASE("a lock is kept for as long as its guard is there, though the caller blocks its loop") {
    mutex_world world;
    const lock_options two_seconds{.lease = 2s};
    auto held = world.take(two_seconds);
    std::this_thread::sleep_for(2 * two_seconds.lease);
    CHECK(held.is_good());
    CHECK_FALSE(world.is_free());
    held = held_lock();
    CHECK(world.until([&] { return world.is_free(); }));
  }

  TEST_CASE("a wait with a limit ends in time without the lock, and leaves the queue") {
    mutex_world world;
    const auto held = world.take();
    const auto began = steady::now();
    bool answered = false;
    const auto wait = [&]() -> asio::awaitable<void> {
      const auto second = co_await world.same_door.try_lock_for(200ms, long_lease);
      CHECK_FALSE(second);
      answered = true;
    };
    world.go(wait());
    CHECK(answered);
    CHECK(steady::now() - began >= 200ms);
    CHECK(steady::now() - began < long_lease.lease / 2);
    CHECK(world.until([&] { return world.waiters() == "0"; }));
  }

  TEST_CASE("a cancelled waiter leaves nothing behind, and the next one gets the lock") {
    mutex_world world;
    auto held = world.take();
    const auto second = world.start(world.visit(world.same_door, "b", 1ms));
    REQUIRE(world.until([&] { return world.waiters() == "1"; }));
    const auto third = world.start(world.visit(world.same_door, "c", 1ms));
    REQUIRE(world.until([&] { return world.waiters() == "2"; }));
    second->cancel();
    REQUIRE(world.until([&] { return second->over; }));
    CHECK(second->code() == asio::error::operation_aborted);
    CHECK(world.until([&] { return world.waiters() == "1"; }));
    held = held_lock();
    REQUIRE(world.until([&] { return third->over; }));
    CHECK(world.log == std::vector<std::string>{"c in", "c out"});
    CHECK(
        world.until([&] { return world.server.cli({"ZCARD", "carillon:{test:lock:door}:holders"}) == "0"; }));
    CHECK(world.waiters() == "0");
    CHECK(world.server.cli({"ZCARD", "carillon:{test:lock:door}:patience"}) == "0");
  }

  TEST_CASE("a waiter that is cancelled at any moment leaves nothing behind") {
    mutex_world world;
    for (int delay = 0; delay < 60; ++delay) {
      CAPTURE(delay);
      const auto one = world.start(world.visit(world.door, "a", 1h));
      world.until([] { return false; }, std::chrono::milliseconds{delay % 3});
      one->cancel();
      REQUIRE(world.until([&] { return one->over; }));
    }
    CHECK(world.until([&] { return world.is_free(); }));
  }

  TEST_CASE("nobody polls: waiters ask three times in a lease") {
    mutex_world world;
    const lock_options three_seconds{.lease = 3s};
    const auto held = world.take(three_seconds);
    std::vector<std::shared_ptr<redis_lock_world::started>> visits;
    for (int n = 0; n < 8; ++n)
      visits.push_back(world.start(world.visit(world.same_door, "x", 1ms, three_seconds)));
    REQUIRE(world.until([&] { return world.waiters() == "8"; }));
    world.go_on_for(500ms);
    world.server.cli({"CONFIG", "RESETSTAT"});
    const auto began = steady::now();
    const auto calls = [&] {
      const auto stats = world.server.cli({"INFO", "commandstats"});
      const auto at = stats.find("cmdstat_evalsha:calls=");
      return at == std::string::npos ? 0 : std::stoi(stats.substr(at + 22));
    };
    world.go_on_for(2s);
    CHECK(world.until([&] { return calls() >= 9; }));
    const int all = calls();
    const std::chrono::duration<double> took = steady::now() - began;
    MESSAGE("8 waiters and a holder, lease 3 s: " << all << " scripts in " << took.count() << " s");
    CHECK(all <= 9 * (took.count() + 1));
    for (const auto& each : visits) each->cancel();
    CHECK(world.until([&] { return world.waiters() == "0"; }));
  }

  TEST_CASE(
      "a lock whose store does not answer is lost meanwhile, by its own clock, and its work is cancelled") {
    mutex_world world;
    std::exception_ptr work_failure;
    steady::time_point ended;
    const auto forever = [&](const held_lock& held) -> asio::awaitable<void> {
      CHECK(held.is_good());
      world.log.emplace_back("in");
      try {
        co_await redis_lock_world::sleep(1h);
      } catch (...) {
        work_failure = std::current_exception();
        ended = steady::now();
        CHECK_FALSE(held.is_good());
        throw;
      }
    };
    const auto one = world.start(world.door.run_locked(forever, short_lease));
    REQUIRE(world.until([&] { return !world.log.empty(); }));
    world.server.pause();
    const auto paused = steady::now();
    REQUIRE(world.until([&] { return one->over; }));
    world.server.resume();
    CHECK(one->code() == errc::lock_lost);
    CHECK(work_failure != nullptr);
    WARN(ended - paused <= short_lease.lease);  // Not a check: a busy machine notices later.
  }

  TEST_CASE("a lock that somebody has taken away is lost at the next renewal") {
    mutex_world world;
    const auto held = world.take(short_lease);
    auto lost = held.lost(asio::use_future);
    world.server.cli({"FLUSHALL"});
    CHECK(world.until([&] { return lost.wait_for(0s) == std::future_status::ready; }));
    lost.get();
    CHECK_FALSE(held.is_good());
  }

  TEST_CASE("lost ends as aborted when the lock is given back") {
    mutex_world world;
    auto held = world.take();
    auto lost = held.lost(asio::use_future);
    held = held_lock();
    REQUIRE(world.until([&] { return lost.wait_for(0s) == std::future_status::ready; }));
    CHECK_THROWS_AS(lost.get(), boost::system::system_error);
  }

  TEST_CASE("unlock says so when the lock was lost before") {
    mutex_world world;
    auto held = world.take();
    world.server.cli({"FLUSHALL"});
    const auto check = [&]() -> asio::awaitable<void> {
      const bool was_ours = co_await held.unlock();
      CHECK_FALSE(was_ours);
    };
    world.go(check());
  }

  TEST_CASE("while Redis is away, try_lock says so and lock waits until it is back") {
    mutex_world world;
    world.go(world.visit(world.door, "a", 1ms));
    world.server.kill();
    const auto one = world.start(world.visit(world.door, "b", 1ms));
    bool ignored = false;
    const auto second = world.start(world.look(world.same_door, ignored));
    REQUIRE(world.until([&] { return second->over; }));
    CHECK(second->code() == errc::store_unreachable);
    CHECK_FALSE(one->over);
    world.server.start();
    REQUIRE(world.until([&] { return one->over; }));
    CHECK(world.log == std::vector<std::string>{"a in", "a out", "b in", "b out"});
  }

  TEST_CASE("waiters go on waiting over a restart of Redis, and get the lock") {
    mutex_world world;
    auto held = world.take(short_lease);
    const auto one = world.start(world.visit(world.same_door, "b", 1ms, short_lease));
    REQUIRE(world.until([&] { return world.waiters() == "1"; }));
    world.server.restart();
    REQUIRE(world.until([&] { return one->over; }));
    CHECK(world.log == std::vector<std::string>{"b in", "b out"});
  }

  TEST_CASE("guards may outlive the link, and are lost then; waiters are told") {
    mutex_world world;
    held_lock held;
    std::shared_ptr<redis_lock_world::started> waiting;
    {
      redis::link passing{world.io, world.options()};
      redis::mutex door{passing, "door"};
      const auto take = [&]() -> asio::awaitable<void> { held = co_await door.lock(short_lease); };
      world.go(take());
      waiting = world.start(world.visit(door, "b", 1ms));
      REQUIRE(world.until([&] { return world.waiters() == "1"; }));
    }
    CHECK_FALSE(held.is_good());
    held = held_lock();
    REQUIRE(world.until([&] { return waiting->over; }));
    CHECK(waiting->code() == errc::stopped);
    CHECK(world.until([&] { return world.is_free(); }));
  }

  TEST_CASE("what was given back before the link goes is given back") {
    mutex_world world;
    {
      redis::link passing{world.io, world.options()};
      redis::mutex door{passing, "door"};
      held_lock held;
      const auto take = [&]() -> asio::awaitable<void> { held = co_await door.lock(short_lease); };
      world.go(take());
    }
    CHECK(world.is_free());
  }

  TEST_CASE("a lease that is too short, a name that is empty: refused") {
    mutex_world world;
    CHECK_THROWS_WITH_AS(redis::mutex(world.link, ""), "name of a lock: empty", std::invalid_argument);
    const lock_options too_short{.lease = 99ms};
    CHECK_THROWS_WITH_AS(world.take(too_short), "lease 99 ms: from 100 ms to 24 h", std::invalid_argument);
  }
}

}  // namespace carillon::testing
