#include "push/look.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "push/look_world.hpp"
#include "push/outlook.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

std::size_t most(const std::map<std::string, int>& counts) {
  int highest = 0;
  for (const auto& [key, count] : counts) highest = std::max(highest, count);
  return static_cast<std::size_t>(highest);
}

}  // namespace

TEST_SUITE("look") {
  TEST_CASE("what is due between grace and look-ahead is sent, and nothing else") {
    look_world world;  // At 08:00: due are 07:51 to 08:04.
    for (const auto score : {749, 750, 751, 800, 804, 805})
      world.subscribe(std::to_string(score), "t", score);
    const auto process = world.begin();
    process->look();
    CHECK(process->way.arrived.size() == 3);
    CHECK(process->way.arrived.contains("751|t|20261121T075100Z"));
    CHECK(process->way.arrived.contains("800|t|20261121T080000Z"));
    CHECK(process->way.arrived.contains("804|t|20261121T080400Z"));
    CHECK(process->figures.sent == 3);
    CHECK(process->figures.due == 3);
  }

  TEST_CASE("none is sent twice where windows overlap, on one or more processes, and every one is sent") {
    look_world world{"2026-11-21T07:40:00Z"};
    world.subscribe_many(40, 759, "a");
    world.subscribe_many(40, 800, "b");
    world.subscribe_many(40, 801, "c");
    const auto one = world.begin(), two = world.begin();
    for (int minute = 0; minute < 45; ++minute) {
      one->look();
      two->look();
      world.time.advance(1min);
    }
    auto all = one->way.arrived;
    for (const auto& [key, count] : two->way.arrived) all[key] += count;
    CHECK(all.size() == 120);
    CHECK(most(all) == 1);
  }

  TEST_CASE("around midnight each is due on its own day") {
    look_world world{"2026-11-21T23:50:00Z"};
    for (const auto score : {2358, 2359, 0, 1, 2, 3}) world.subscribe(std::to_string(score), "t", score);
    const auto process = world.begin();
    for (int minute = 0; minute < 30; ++minute) {
      process->look();
      world.time.advance(1min);
    }
    CHECK(process->way.arrived.size() == 6);
    CHECK(most(process->way.arrived) == 1);
    CHECK(process->way.arrived.contains("2358|t|20261121T235800Z"));
    CHECK(process->way.arrived.contains("0|t|20261122T000000Z"));
    CHECK(process->way.arrived.contains("3|t|20261122T000300Z"));
  }

  TEST_CASE("on the days on which the clocks change each is sent once") {
    for (const auto* day : {"2026-03-29", "2026-10-25"}) {
      CAPTURE(day);
      auto options = look_world::quick();
      options.time_zone = zone::find("Europe/Oslo").value();
      look_world world{std::string(day) + "T00:00:00Z", options};
      for (const auto score : {159, 200, 230, 259, 300, 301})
        world.subscribe(std::to_string(score), "t", score);
      const auto process = world.begin();
      for (int minute = 0; minute < 150; ++minute) {
        process->look();
        world.time.advance(1min);
      }
      CHECK(process->way.arrived.size() == 6);
      CHECK(most(process->way.arrived) == 1);
      const bool spring = std::string(day) == "2026-03-29";
      CHECK(process->way.arrived.contains(spring ? "230|t|20260329T010000Z" : "230|t|20261025T003000Z"));
    }
  }

  TEST_CASE("nobody is left out when a look takes longer than a minute") {
    look_world world{"2026-11-21T08:00:00Z"};
    world.subscribe("slow", "t", 800);
    for (int i = 1; i < 40; ++i) world.subscribe(std::to_string(i), "t", 800 + i);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push& what) { return hangs && what.user == "slow"; };
    std::vector<std::shared_ptr<look_world::background>> looks;
    for (std::uint32_t slice = 0; slice < 2; ++slice) looks.push_back(world.start(*process, slice));
    for (int minute = 0; minute < 45; ++minute) {
      const auto before = process->figures.looks;
      CHECK(
          world.until([&] { return process->figures.looks > before || process->way.arrived.size() == 39; }));
      world.time.advance(1min);
      // Slices that have ended begin again, as their jobs do.
      for (std::uint32_t slice = 0; slice < 2; ++slice) {
        if (looks[slice]->over) looks[slice] = world.start(*process, slice);
      }
    }
    CHECK(world.until([&] { return process->way.arrived.size() == 39; }));
    hangs = false;
    process->way.go_on();
    CHECK(world.until([&] { return looks[0]->over && looks[1]->over; }));
    CHECK(process->way.arrived.size() == 40);
    CHECK(most(process->way.arrived) == 1);
  }

  TEST_CASE("what a process left reserved that has died is sent when its lease is over, not a minute later") {
    look_world world{"2026-11-21T08:00:10Z"};
    world.subscribe("1", "t", 800);
    const auto dead = world.begin(), alive = world.begin();
    CHECK(
        world
            .run(dead->state.reserve(dead->state.next_token(), push_time("2026-11-21T08:00:00Z"), 800, 0, 10))
            .won.size() == 1);
    const auto looking = world.start(*alive, 0);
    CHECK(world.until([&] { return world.time.next_alarm() == push_time("2026-11-21T08:00:20Z"); }));
    CHECK(alive->way.asked.empty());
    world.server.cli({"DEL", "demo:exist_push:1|t"});  // The lease is over.
    world.time.advance(10s);
    REQUIRE(world.until([&] { return looking->over; }));
    CHECK(world.time.now() == push_time("2026-11-21T08:00:20Z"));
    CHECK(alive->way.arrived.size() == 1);
    CHECK(alive->way.asked.at(0).repeat);
  }

  TEST_CASE("who is told to stop while it waits for others' reservations ends at once") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto other = world.begin(), stopping = world.begin();
    world.run(other->state.reserve(other->state.next_token(), world.time.now(), 800, 0, 10));
    const auto looking = world.start(*stopping, 0);
    CHECK(world.until([&] { return world.time.next_alarm().has_value(); }));
    stopping->eye.stop();
    CHECK(world.until([&] { return looking->over; }));
    CHECK(looking->failure == nullptr);
  }

  TEST_CASE("after a time in which nobody ran, what is within the grace is sent") {
    look_world world{"2026-11-21T08:09:00Z"};
    world.subscribe("1", "t", 800);
    world.subscribe("2", "t", 758);
    const auto process = world.begin();
    process->look();
    CHECK(process->way.arrived.size() == 1);
    CHECK(process->figures.lateness.worst == 9min);
  }

  TEST_CASE("many more than fit are all sent, with no more reserved at a time than allowed") {
    auto options = look_world::quick();
    options.page = 50;
    options.most_reserved = 200;
    options.concurrency = 16;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(2'000, 800);
    const auto process = world.begin();
    process->look();
    CHECK(process->way.arrived.size() == 2'000);
    CHECK(process->way.most_at_once <= 16);
    CHECK(world.mark("u1999|t").substr(0, 5) == "done:");
  }

  TEST_CASE("while one page waits for its receiver, the next are read, up to what may be reserved") {
    auto options = look_world::quick();
    options.page = 10;
    options.most_reserved = 60;
    options.concurrency = 1'000;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(100, 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    CHECK(world.until([&] { return process->way.asked.size() == 60; }));
    CHECK_FALSE(world.until([&] { return process->way.asked.size() > 60; }, 100ms));
    hangs = false;
    process->way.go_on();
    CHECK(world.until([&] { return looking->over; }));
    CHECK(process->way.arrived.size() == 100);
  }

  TEST_CASE("malformed members are told once, and the rest are sent") {
    look_world world;
    world.subscribe("1", "a|b", 800);
    world.server.cli(
        {"ZADD", "demo:subscription", "800", "nonsense", "861", "user:7|tag:x", "800.5", "user:9|tag:x"});
    world.server.cli({"HSET", "demo:subscription:rich", "5|x", "{\"at\": \"8.30\"}", "nobody", "{}"});
    const auto process = world.begin();
    for (int i = 0; i < 3; ++i) process->look();
    CHECK(process->way.arrived.size() == 1);
    CHECK(process->way.arrived.contains("1|a|b|20261121T080000Z"));
    CHECK(world.logged("'nonsense'") == 1);
    CHECK(world.logged("score 861 is no time of day") == 1);
    CHECK(world.logged("score 800.5 is no whole number") == 1);
    CHECK(world.logged("field '5|x' is left out: at: '8.30' is no time of day") == 1);
    CHECK(world.logged("field 'nobody'") == 1);
    CHECK(process->figures.malformed == 5);
  }

  TEST_CASE("what an earlier definition has seen to goes out as late as that allowed, and no later") {
    auto options = look_world::quick();
    options.grace = 30min;
    look_world world{"2026-11-21T08:05:00Z", options};
    world.subscribe("seen to, marked for a minute or two", "t", 801);
    world.subscribe("seen to, and not sent yet", "t", 804);
    world.subscribe("never seen", "t", 806);
    const auto process = world.begin();
    process->eye.look_behind(push_time("2026-11-21T08:05:00Z"), 2min);
    process->look();
    CHECK(process->way.arrived.size() == 2);
    world.time.advance(10min);
    world.subscribe("since then", "t", 807);
    process->look();
    CHECK(process->way.arrived.size() == 3);
    CHECK_FALSE(process->way.arrived.contains("seen to, marked for a minute or two|t|20261121T080100Z"));
  }

  TEST_CASE("of very many malformed members the first are told, and how many more there are, once") {
    look_world world;
    world.server.cli({"EVAL", "for i = 1, 60 do redis.call('ZADD', KEYS[1], 800, 'bogus' .. i) end", "1",
                      "demo:subscription"});
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    for (int i = 0; i < 3; ++i) process->look();
    CHECK(process->figures.malformed == 60);
    CHECK(process->figures.sent == 1);
    CHECK(world.logged("member 'bogus") == 20);
    CHECK(world.logged("40 more like these are left out") == 1);
  }

  TEST_CASE("a score of -0 is midnight") {
    look_world world{"2026-11-21T00:00:00Z"};
    world.server.cli({"ZADD", "demo:subscription", "-0", "user:1|tag:t"});
    const auto process = world.begin();
    process->look();
    CHECK(process->way.arrived.contains("1|t|20261121T000000Z"));
  }

  TEST_CASE("who was sent a push and then has a richer subscription for the same time is not sent it again") {
    look_world world{"2026-11-21T08:00:00Z"};
    world.subscribe("1", "t", 800);
    world.subscribe("2", "t", 759);
    const auto process = world.begin();
    process->look();
    CHECK(process->way.asked.size() == 2);
    world.server.cli({"DEL", "demo:subscription"});
    for (const auto* name : {"1|t", "2|t"})
      world.server.cli({"HSET", "demo:subscription:rich", name, R"({"at": "08:00"})"});
    const auto due = world.time.now();
    const std::vector<wanted_push> richer{
        {fmt::format("|1|t|{}", due.time_since_epoch().count()), {"1", "t"}, due},
        {fmt::format("|2|t|{}", due.time_since_epoch().count()), {"2", "t"}, due}};
    foreseer seer{process->client, process->state, process->options};
    const auto foreseen = world.run(seer.named(richer, due));
    CHECK(foreseen.sent == 1);
    CHECK(foreseen.due == 1);
    process->look();
    CHECK(process->way.asked.size() == 3);
    CHECK(process->way.asked.back().key == "2|t|20261121T080000Z");
  }

  TEST_CASE("rich subscriptions are sent at each of their times, once") {
    look_world world{"2026-11-21T08:00:00Z"};
    world.server.cli({"HSET", "demo:subscription:rich", "5|x", R"({"schedule": "every 5m"})", "6|y",
                      R"({"at": "09:30", "zone": "Europe/Oslo"})"});
    const auto process = world.begin();
    for (int minute = 0; minute < 60; ++minute) {
      process->look();
      world.time.advance(1min);
    }
    // From 07:51 to 09:03.
    CHECK(process->way.arrived.size() == 14 + 1);
    CHECK(most(process->way.arrived) == 1);
    CHECK(process->way.arrived.contains("6|y|20261121T083000Z"));
    CHECK(world.server.cli({"KEYS", "demo:exist_push:*"}).empty());
  }

  TEST_CASE("a look without Redis fails with its words, and a later one sends") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    process->look();
    world.subscribe("2", "t", 800);
    world.server.pause();
    CHECK_THROWS_AS(world.run(process->eye.run(0, look::passes::one)), boost::system::system_error);
    world.server.resume();
    CHECK(world.until([&] {
      try {
        process->look();
        return true;
      } catch (const boost::system::system_error&) {
        return false;
      }
    }));
    CHECK(process->way.arrived.size() == 2);
  }
}
