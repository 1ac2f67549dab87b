#include <carillon/redis/once.hpp>
// What of the scheduler stands beside it in a program.
#include <carillon/carillon.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "redis/redis_lock_world.hpp"

namespace carillon::testing {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto ttl = 600s;
const once_options minute_lease{.lease = 60s};   // Longer than anything here waits.
const once_options half_second{.lease = 500ms};  // Where it is to end.
const std::string raw_key = "carillon:{test:once:push}";

struct once_world : redis_lock_world {
  redis::link other_link{io, options()};
  int done = 0;

  once_answer send(redis::link& through, once_options how = minute_lease) {
    once_answer answer;
    go(send_into(answer, through, how));
    return answer;
  }
  asio::awaitable<void> send_into(once_answer& answer, redis::link& through, once_options how) {
    answer = co_await redis::once(through, "push", ttl, [this] { ++done; }, how);
  }
  // Is at it for as long as it takes.
  asio::awaitable<void> dawdle(std::chrono::milliseconds duration, once_options how, bool fails = false) {
    const auto work = [&]() -> asio::awaitable<void> {
      co_await sleep(duration);
      if (fails) throw std::runtime_error("no ink");
      ++done;
    };
    co_await redis::once(link, "push", ttl, work, how);
  }
  // Is at it until it may end.
  asio::awaitable<void> dawdle_until(const bool& over, once_options how) {
    const auto work = [&]() -> asio::awaitable<void> {
      while (!over) co_await sleep(1ms);
      ++done;
    };
    co_await redis::once(link, "push", ttl, work, how);
  }
  bool is_pending() const { return server.cli({"GET", raw_key}).starts_with("pending:"); }
};

}  // namespace

TEST_SUITE("redis once") {
  TEST_CASE("the work is done by the first call, and not again by anybody") {
    once_world world;
    const bool sent = world.send(world.link);
    CHECK(sent);
    CHECK(world.send(world.other_link) == once_outcome::done_before);
    CHECK(world.send(world.link) == once_outcome::done_before);
    CHECK(world.done == 1);
    const auto left = std::stoll(world.server.cli({"PTTL", raw_key}));
    CHECK(left > 590'000);
    CHECK(left <= 600'000);
  }

  TEST_CASE("a call beside one that is at it is told so, however long that takes") {
    once_world world;
    const once_options two_seconds{.lease = 2s};
    bool may_end = false;
    const auto first = world.start(world.dawdle_until(may_end, two_seconds));
    REQUIRE(world.until([&] { return world.is_pending(); }));
    world.go_on_for(2 * two_seconds.lease);
    CHECK(world.send(world.other_link) == once_outcome::busy);
    may_end = true;
    REQUIRE(world.until([&] { return first->over; }));
    CHECK(first->failure == nullptr);
    CHECK(world.send(world.other_link) == once_outcome::done_before);
    CHECK(world.done == 1);
  }

  TEST_CASE("work that throws frees the key at once, and one that waits takes over") {
    once_world world;
    const auto first = world.start(world.dawdle(100ms, minute_lease, true));
    REQUIRE(world.until([&] { return world.is_pending(); }));
    const once_options patient{.lease = minute_lease.lease, .wait = minute_lease.lease / 2};
    CHECK(world.send(world.other_link, patient) == once_outcome::ran);
    CHECK(first->failure != nullptr);
    CHECK(world.done == 1);
  }

  TEST_CASE("one that waits hears that it was done") {
    once_world world;
    const auto first = world.start(world.dawdle(200ms, minute_lease));
    REQUIRE(world.until([&] { return world.is_pending(); }));
    const once_options patient{.lease = minute_lease.lease, .wait = 20s};
    CHECK(world.send(world.other_link, patient) == once_outcome::done_before);
    CHECK(world.done == 1);
  }

  TEST_CASE("one that waits only so long is told that somebody is at it") {
    once_world world;
    const auto first = world.start(world.dawdle(1h, minute_lease));
    REQUIRE(world.until([&] { return world.is_pending(); }));
    const once_options impatient{.lease = minute_lease.lease, .wait = 100ms};
    CHECK(world.send(world.other_link, impatient) == once_outcome::busy);
    CHECK(world.until([&] { return world.server.cli({"ZCARD", raw_key + ":waiters"}) == "0"; }));
    first->cancel();
    REQUIRE(world.until([&] { return first->over; }));
    CHECK(first->code() == asio::error::operation_aborted);
    CHECK(world.until([&] { return !world.is_pending(); }));
  }

  TEST_CASE("work whose lease ran out while Redis was away is cancelled and said to be lost") {
    once_world world;
    const auto first = world.start(world.dawdle(1h, half_second));
    REQUIRE(world.until([&] { return world.is_pending(); }));
    world.server.pause();
    REQUIRE(world.until([&] { return first->over; }));
    world.server.resume();
    CHECK(first->code() == errc::lock_lost);
    CHECK(world.until([&] { return !world.is_pending(); }, 3s));
    CHECK(world.send(world.other_link));
  }

  TEST_CASE("work that was done after its lease had run out counts, if nobody else has taken the key") {
    once_world world;
    const auto block = [&] {
      world.server.pause();
      std::this_thread::sleep_for(2 * half_second.lease);
      world.server.resume();
      ++world.done;
    };
    once_answer answer;
    const auto call = [&]() -> asio::awaitable<void> {
      answer = co_await redis::once(world.link, "push", ttl, block, half_second);
    };
    world.go(call());
    CHECK(answer == once_outcome::ran);
    CHECK(world.send(world.other_link) == once_outcome::done_before);
  }

  TEST_CASE("work that somebody else did meanwhile is said to be lost, and theirs stays") {
    once_world world;
    const auto taken_over = [&] { world.server.cli({"SET", raw_key, "done:somebody", "EX", "600"}); };
    const auto call = [&]() -> asio::awaitable<void> {
      co_await redis::once(world.link, "push", ttl, taken_over, half_second);
    };
    const auto first = world.start(call());
    REQUIRE(world.until([&] { return first->over; }));
    CHECK(first->code() == errc::lock_lost);
    CHECK(world.server.cli({"GET", raw_key}) == "done:somebody");
  }

  TEST_CASE("keys of a prefix are where others look for them") {
    once_world world;
    redis::once_keys keys{world.link, "demo:exist_push:"};
    const auto call = [&]() -> asio::awaitable<void> {
      const auto first = co_await once(keys, "42|news", ttl, [] {});
      CHECK(first == once_outcome::ran);
      const auto second = co_await once(keys, "42|weather", ttl, [] {});
      CHECK(second == once_outcome::done_before);
    };
    world.server.cli({"SETEX", "demo:exist_push:42|weather", "900", "1"});
    world.go(call());
    CHECK(world.server.cli({"EXISTS", "demo:exist_push:42|news"}) == "1");
  }
}

}  // namespace carillon::testing
