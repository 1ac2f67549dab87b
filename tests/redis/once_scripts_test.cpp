#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "redis/connection_world.hpp"
#include "redis/scripts.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using redis::words;
namespace lua = redis::scripts;

struct once_scripts_world {
  redis_server server;
  connection_world redis{server};

  std::string claim(const std::string& token, int lease = 10'000, bool waits = false) {
    return first(lua::once_claim, words(name(token), lease, waits ? 1 : 0));
  }
  std::string renew(const std::string& token, int lease = 10'000) {
    return first(lua::once_renew, words(name(token), lease));
  }
  std::string done(const std::string& token, int ttl = 60'000) {
    return first(lua::once_done, words(name(token), ttl, "wake:"));
  }
  std::string free(const std::string& token) { return first(lua::once_free, words(name(token), "wake:")); }
  std::string value() const { return server.cli({"GET", "{k}"}); }
  long long left() const { return std::stoll(server.cli({"PTTL", "{k}"})); }

  static std::string name(const std::string& token) { return "0123456789abcdef0123456789abcdef" + token; }

 private:
  std::string first(const redis::lua_script& script, const words& arguments) {
    return std::string(redis.run(redis.connection.run(script, keys, arguments))[0].text());
  }
  words keys{"{k}", "{k}:waiters"};
};

}  // namespace

TEST_SUITE("once scripts") {
  TEST_CASE("a key is claimed by one, done, and done for as long as it says") {
    once_scripts_world world;
    CHECK(world.claim("a") == "claimed");
    CHECK(world.value() == "pending:" + world.name("a"));
    CHECK(world.claim("b") == "pending");
    CHECK(world.done("a", 60'000) == "done");
    CHECK(world.value() == "done:" + world.name("a"));
    CHECK(world.left() > 50'000);
    CHECK(world.claim("b") == "done");
    CHECK(world.free("b") == "unknown");
    CHECK(world.value() == "done:" + world.name("a"));
  }

  TEST_CASE("the same token asked again has the claim, and done again is done, for no longer") {
    once_scripts_world world;
    CHECK(world.claim("a") == "claimed");
    CHECK(world.claim("a") == "claimed");
    CHECK(world.done("a", 60'000) == "done");
    CHECK(world.done("a", 90'000'000) == "done");
    CHECK(world.left() <= 60'000);
  }

  TEST_CASE("renewal touches one's own claim only") {
    once_scripts_world world;
    world.claim("a", 5'000);
    CHECK(world.renew("b") == "lost");
    CHECK(world.renew("a", 20'000) == "held");
    CHECK(world.left() > 10'000);
    world.done("a", 600'000);
    CHECK(world.renew("a", 100) == "lost");  // It comes late: what is done stays done for as long.
    CHECK(world.left() > 500'000);
  }

  TEST_CASE("freeing takes back one's own claim only") {
    once_scripts_world world;
    world.claim("a");
    CHECK(world.free("b") == "unknown");
    CHECK(world.free("a") == "released");
    CHECK(world.claim("b") == "claimed");
    world.done("b");
    CHECK(world.free("b") == "unknown");
    CHECK(world.claim("c") == "done");
  }

  TEST_CASE(
      "done is accepted after the lease ran out if nobody has taken the key, and refused if somebody has") {
    once_scripts_world world;
    world.claim("a", 50);
    std::this_thread::sleep_for(60ms);
    CHECK(world.done("a") == "done");
    CHECK(world.claim("b") == "done");

    world.server.cli({"DEL", "{k}"});
    world.claim("a", 50);
    std::this_thread::sleep_for(60ms);
    CHECK(world.claim("b") == "claimed");
    CHECK(world.done("a") == "lost");
    CHECK(world.value() == "pending:" + world.name("b"));
    CHECK(world.done("b") == "done");
    CHECK(world.done("a") == "lost");
  }

  TEST_CASE("what others have written under the key counts as done") {
    once_scripts_world world;
    world.server.cli({"SETEX", "{k}", "900", "1"});
    CHECK(world.claim("a") == "done");
    CHECK(world.done("a") == "lost");
    CHECK(world.value() == "1");
  }

  TEST_CASE("those who wait are told when it is done, and when it is free") {
    once_scripts_world world;
    std::string heard;
    bool listens = false;
    redis::connection::message_handlers handlers;
    handlers.on_message = [&](std::string_view, std::string_view token) {
      heard += std::string(token.substr(32)) + " ";
    };
    handlers.on_subscribed = [&] { listens = true; };
    const auto listening = world.redis.connection.subscribe({"wake:" + world.name("")}, handlers);
    REQUIRE(world.redis.until([&] { return listens; }));
    world.claim("a");
    CHECK(world.claim("b", 10'000, true) == "pending");
    CHECK(world.claim("c", 10'000, true) == "pending");
    CHECK(std::stoll(world.server.cli({"PTTL", "{k}:waiters"})) > 0);
    world.free("a");
    CHECK(world.redis.until([&] { return heard == "b c "; }));
    CHECK(world.server.cli({"EXISTS", "{k}:waiters"}) == "0");
    CHECK(world.claim("b", 10'000, true) == "claimed");
    CHECK(world.claim("c", 10'000, true) == "pending");
    CHECK(world.free("c") == "left");
    CHECK(world.claim("c", 10'000, true) == "pending");
    world.done("b");
    CHECK(world.redis.until([&] { return heard == "b c c "; }));
  }
}

}  // namespace carillon::testing
