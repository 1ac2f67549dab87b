#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "redis/connection_world.hpp"
#include "redis/scripts.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using redis::words;
namespace lua = redis::scripts;

// Tokens are 32 characters that name a channel, and some more.
const std::string owner = "0123456789abcdef0123456789abcdef";
const std::string channels = "wake:";

struct lock_scripts_world {
  redis_server server;
  connection_world redis{server};
  std::string heard;
  redis::connection::listening listening;

  redis::reply acquire(const std::string& token, int places = 1, bool waits = true, int lease = 10'000) {
    return redis.run(redis.connection.run(lua::lock_acquire, keys,
                                          words(owner + token, lease, places, waits ? 1 : 0, channels)));
  }
  redis::reply renew(const std::string& token, int lease = 10'000) {
    return redis.run(redis.connection.run(lua::lock_renew, keys, words(owner + token, lease, 1, channels)));
  }
  redis::reply leave(const std::string& token, int places = 1) {
    return redis.run(redis.connection.run(lua::lock_leave, keys, words(owner + token, places, channels)));
  }
  void listen() {
    bool heard_of = false;
    redis::connection::message_handlers handlers;
    handlers.on_message = [this](std::string_view, std::string_view token) {
      heard += std::string(token.substr(owner.size())) + " ";
    };
    handlers.on_subscribed = [&] { heard_of = true; };
    listening = redis.connection.subscribe({channels + owner}, handlers);
    REQUIRE(redis.until([&] { return heard_of; }));
  }
  bool hears(const std::string& what) {
    return redis.until([&] { return heard == what; });
  }

  // Has what `key` holds for a token end in the past, as if its time had gone by.
  void pass_until(const std::string& key, const std::string& token) {
    REQUIRE(server.cli({"ZADD", key, "XX", "CH", "1", owner + token}) == "1");
  }

  words keys{"{l}:holders", "{l}:fences", "{l}:queue", "{l}:patience"};
};

std::string first(const redis::reply& answer) { return std::string(answer[0].text()); }

}  // namespace

TEST_SUITE("lock scripts") {
  TEST_CASE("a free lock is held by who asks, and by nobody else until it leaves") {
    lock_scripts_world world;
    const auto held = world.acquire("a");
    CHECK(first(held) == "held");
    const auto no = world.acquire("b", 1, false);
    CHECK(first(no) == "busy");
    CHECK(no[1].integer() > 0);
    CHECK(no[1].integer() <= 10'001);
    CHECK(first(world.leave("b")) == "unknown");
    CHECK(first(world.leave("a")) == "released");
    CHECK(first(world.leave("a")) == "unknown");
    const auto next = world.acquire("b", 1, false);
    CHECK(first(next) == "held");
    CHECK(next[1].integer() > held[1].integer());
  }

  TEST_CASE("the same token asked again is the same holder") {
    lock_scripts_world world;
    const auto fence = world.acquire("a")[1].integer();
    const auto again = world.acquire("a");
    CHECK(first(again) == "held");
    CHECK(again[1].integer() == fence);
    CHECK(world.server.cli({"ZCARD", "{l}:holders"}) == "1");
  }

  TEST_CASE("a fence is Redis's time in microseconds, or one more than the last, whichever is more") {
    lock_scripts_world world;
    world.server.cli({"HSET", "{l}:fences", "last", "4000000000000000"});
    CHECK(world.acquire("a")[1].integer() == 4'000'000'000'000'001);
    world.leave("a");
    CHECK(world.acquire("b")[1].integer() == 4'000'000'000'000'002);
    world.server.cli({"DEL", "{l}:fences"});
    world.leave("b");
    const auto now = std::stoll(world.server.cli({"EVAL", "return redis.call('TIME')[1]", "0"}));
    const auto fence = world.acquire("c")[1].integer();
    CHECK(fence >= now * 1'000'000);
    CHECK(fence < (now + 5) * 1'000'000);
  }

  TEST_CASE("places are given in the order of arrival, and nobody takes one past those who wait") {
    lock_scripts_world world;
    world.acquire("a");
    CHECK(first(world.acquire("b")) == "wait");
    CHECK(first(world.acquire("c")) == "wait");
    world.leave("a");
    CHECK(first(world.acquire("c")) == "wait");
    CHECK(first(world.acquire("d", 1, false)) == "busy");
    CHECK(first(world.acquire("b")) == "held");
    world.leave("b");
    CHECK(first(world.acquire("c")) == "held");
    CHECK(world.server.cli({"ZCARD", "{l}:queue"}) == "0");
    CHECK(world.server.cli({"ZCARD", "{l}:patience"}) == "0");
  }

  TEST_CASE("only the waiter whose turn it is hears of a place, and says by what channel") {
    lock_scripts_world world;
    world.listen();
    for (const auto* name : {"a", "b", "c", "d"}) world.acquire(name);
    world.leave("a");
    CHECK(world.hears("b "));
    CHECK(first(world.acquire("b")) == "held");
    world.leave("c");  // It waited: no place is free by that.
    world.leave("b");
    CHECK(world.hears("b d "));
  }

  TEST_CASE("a semaphore has as many holders as places, and tells as many waiters") {
    lock_scripts_world world;
    world.listen();
    CHECK(first(world.acquire("a", 2)) == "held");
    CHECK(first(world.acquire("b", 2)) == "held");
    CHECK(first(world.acquire("c", 2)) == "wait");
    CHECK(first(world.acquire("d", 2)) == "wait");
    world.leave("a", 2);
    world.leave("b", 2);
    CHECK(world.hears("c c d "));
    CHECK(first(world.acquire("d", 2)) == "held");
    CHECK(first(world.acquire("e", 2, false)) == "busy");
    CHECK(first(world.acquire("c", 2)) == "held");
  }

  TEST_CASE("a lease that is over is not renewed, and whoever notices tells the next one") {
    lock_scripts_world world;
    world.listen();
    const auto fence = world.acquire("a")[1].integer();
    CHECK(first(world.renew("a", 9'000)) == "held");
    const auto wait = world.acquire("b");
    CHECK(wait[1].integer() > 0);
    CHECK(wait[1].integer() <= 9'001);
    world.pass_until("{l}:holders", "a");
    CHECK(first(world.renew("a")) == "lost");
    CHECK(world.hears("b "));
    const auto held = world.acquire("b");
    CHECK(first(held) == "held");
    CHECK(held[1].integer() > fence);
    CHECK(world.server.cli({"HLEN", "{l}:fences"}) == "2");
  }

  TEST_CASE("a waiter that says nothing for a lease is out of the queue") {
    lock_scripts_world world;
    world.acquire("a");
    world.acquire("b", 1, true, 9'000);
    const auto third = world.acquire("c");
    CHECK(third[1].integer() > 0);  // when b's patience is over
    CHECK(third[1].integer() <= 9'001);
    CHECK(world.acquire("d")[1].integer() == -1);
    world.pass_until("{l}:patience", "b");
    world.leave("a");
    CHECK(first(world.acquire("d")) == "wait");
    CHECK(first(world.acquire("c")) == "held");
  }

  TEST_CASE("every key has a time to live") {
    lock_scripts_world world;
    world.acquire("a");
    world.acquire("b");
    for (const auto* key : {"{l}:holders", "{l}:fences", "{l}:queue", "{l}:patience"}) {
      CAPTURE(key);
      CHECK(std::stoll(world.server.cli({"PTTL", key})) > 3'600'000);
    }
  }
}

}  // namespace carillon::testing
