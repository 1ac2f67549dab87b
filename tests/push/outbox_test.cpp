#include "push/outbox.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "push/look_world.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

TEST_SUITE("outbox") {
  TEST_CASE("nothing is marked as sent before it was delivered") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    std::string while_sending;
    process->way.answers = [&](const push&) {
      while_sending = world.mark("1|t");
      return delivered{};
    };
    process->look();
    CHECK(while_sending.substr(0, 8) == "pending:");
    CHECK(world.mark("1|t").substr(0, 5) == "done:");
  }

  TEST_CASE("what fails is tried again, with its attempts counted and its key kept") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    process->way.answers = [](const push& what) {
      return what.attempt < 4 ? delivered::again("500") : delivered{};
    };
    process->look();
    REQUIRE(process->way.asked.size() == 4);
    for (std::uint32_t i = 0; i < 4; ++i) {
      CHECK(process->way.asked[i].attempt == i + 1);
      CHECK(process->way.asked[i].key == "1|t|20261121T080000Z");
      CHECK_FALSE(process->way.asked[i].repeat);
    }
    CHECK(process->figures.failed == 3);
    CHECK(process->figures.sent == 1);
    CHECK(world.letters() == 0);
  }

  TEST_CASE(
      "what may have arrived though it failed, or ended in an exception, is a possible repeat from then on") {
    look_world world;
    world.subscribe("1", "t", 800);
    world.subscribe("2", "t", 800);
    const auto process = world.begin();
    process->way.answers = [](const push& what) {
      if (what.attempt == 2 && what.user == "1") throw std::runtime_error("the connection was reset");
      auto how = delivered::again("no answer in time");
      how.unsure = what.attempt == 2;
      return what.attempt < 4 ? how : delivered{};
    };
    process->look();
    REQUIRE(process->way.asked.size() == 8);
    for (const auto& each : process->way.asked) CHECK(each.repeat == (each.attempt > 2));
    CHECK(process->figures.repeats == 2);
  }

  TEST_CASE("what fails for good is a dead letter with its reason, and keeps nobody else waiting") {
    look_world world;
    for (const auto* user : {"1", "2", "3"}) world.subscribe(user, "t", 800);
    const auto process = world.begin();
    process->way.answers = [](const push& what) {
      if (what.user == "1") return delivered::never("404 Not Found");
      if (what.user == "2") return delivered::again("503 Service Unavailable");
      return delivered{};
    };
    for (int i = 0; i < 3; ++i) process->look();
    CHECK(process->way.asked.size() == 1 + 5 + 1);
    CHECK(process->figures.dead == 2);
    CHECK(process->figures.sent == 1);
    CHECK(world.letters() == 2);
    const auto letters = world.server.cli({"XRANGE", world.keys.dead, "-", "+"});
    CHECK(letters.find("404 Not Found") != std::string::npos);
    CHECK(letters.find("503 Service Unavailable") != std::string::npos);
    CHECK(world.mark("1|t").empty());
    CHECK(world.mark("2|t").empty());
    CHECK(world.logged(
              "user 1 tag t due 20261121T080000Z: failed for good after one attempt: 404 Not Found") == 1);
    CHECK(world.logged("failed for good after 5 attempts: 503") == 1);
  }

  TEST_CASE(
      "what was delivered by a process that died before it said so is sent again as a repeat, with the same "
      "key") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto first = world.begin(), second = world.begin();
    const auto won = world.run(first->state.reserve("A", world.time.now(), 800, 0, 10)).won;
    REQUIRE(won.size() == 1);
    second->look();
    CHECK(second->way.asked.empty());                  // It is with the first, as far as anybody knows.
    world.server.cli({"DEL", "demo:exist_push:1|t"});  // Its lease is over.
    second->look();
    REQUIRE(second->way.asked.size() == 1);
    CHECK(second->way.asked[0].repeat);
    CHECK(second->way.asked[0].attempt == 2);
    CHECK(second->way.asked[0].key == won[0].what.key);
    CHECK(second->figures.repeats == 1);
  }

  TEST_CASE(
      "who is told to stop gives back what has not begun, and marks what was under way as a possible "
      "repeat") {
    auto options = look_world::quick();
    options.concurrency = 1;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe("1", "t", 800);
    world.subscribe("2", "t", 800);
    {
      const auto process = world.begin();
      process->way.holds = [](const push&) { return true; };
      const auto looking = world.start(*process, 0);
      REQUIRE(world.until([&] { return process->way.asked.size() == 1; }));
      looking->stop.emit(boost::asio::cancellation_type::terminal);
      REQUIRE(world.until([&] { return looking->over; }));
      CHECK(looking->failure != nullptr);
      world.run(process->out.close());
      CHECK(process->figures.given_back == 2);
    }
    const auto other = world.begin();
    other->look();
    REQUIRE(other->way.asked.size() == 2);
    for (const auto& each : other->way.asked) {
      CHECK(each.repeat == (each.user == "1"));
      CHECK(each.attempt == (each.user == "1" ? 2 : 1));
    }
  }

  TEST_CASE("what takes longer than the lease is kept, and nobody else has it") {
    auto options = look_world::quick();
    options.lease = 3s;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe("1", "t", 800);
    const auto first = world.begin(), second = world.begin();
    bool hangs = true;
    first->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*first, 0);
    REQUIRE(world.until([&] { return first->way.asked.size() == 1; }));
    CHECK_FALSE(world.until([&] { return world.mark("1|t").empty(); }, 3300ms));
    second->look();
    CHECK(second->way.asked.empty());
    hangs = false;
    first->way.go_on();
    CHECK(world.until([&] { return looking->over; }));
    CHECK(world.mark("1|t").substr(0, 5) == "done:");
    CHECK(first->figures.overtaken == 0);
  }

  TEST_CASE("what was delivered while Redis was away is marked when it is back, and not sent again") {
    auto options = look_world::quick();
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->way.asked.size() == 1; }));
    world.server.pause();
    hangs = false;
    process->way.go_on();
    REQUIRE(
        world.until([&] { return world.logged("cannot mark what was delivered, and goes on trying") == 1; }));
    world.server.resume();
    CHECK(world.until([&] { return looking->over; }));
    CHECK(world.mark("1|t").substr(0, 5) == "done:");
    process->look();
    CHECK(process->way.asked.size() == 1);
  }

  TEST_CASE("what a look that loses its job has reserved is sent all the same, once, and is no repeat") {
    auto options = look_world::quick();
    options.concurrency = 1;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(3, 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->way.asked.size() == 1; }));
    looking->stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return looking->over; }));
    process->look();  // Its job has come back.
    hangs = false;
    process->way.go_on();
    REQUIRE(world.until([&] { return process->figures.sent == 3; }));
    CHECK(process->way.asked.size() == 3);
    CHECK(process->figures.repeats == 0);
    CHECK(process->figures.given_back == 0);
  }

  TEST_CASE(
      "what was delivered during an outage longer than the lease is not sent again, whoever looks next") {
    auto options = look_world::quick();
    options.lease = 1s;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(300, 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->way.asked.size() == 256; }));
    world.server.pause();
    looking->stop.emit(boost::asio::cancellation_type::terminal);
    std::this_thread::sleep_for(1500ms);  // The lease of the marks is over, by Redis's clock.
    hangs = false;
    process->way.go_on();
    REQUIRE(world.until([&] { return process->figures.sent == 256; }));
    CHECK_FALSE(world.until([&] { return process->figures.sent > 256; }, 500ms));
    world.server.resume();
    REQUIRE(world.until([&] { return process->figures.sent == 300; }));
    process->look();
    CHECK(process->way.asked.size() == 300);
    CHECK(process->figures.repeats == 0);
    CHECK(process->figures.overtaken == 0);
    CHECK(world.mark("u0|t").substr(0, 5) == "done:");
    CHECK(world.mark("u299|t").substr(0, 5) == "done:");
  }

  TEST_CASE("what is reserved again by the process that is still sending it is sent once, and marked") {
    auto options = look_world::quick();
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->way.asked.size() == 1; }));
    world.server.cli({"DEL", "demo:exist_push:1|t"});  // Its lease is over.
    process->look();
    CHECK(world.mark("1|t").substr(0, 8) == "pending:");
    hangs = false;
    process->way.go_on();
    CHECK(world.until([&] { return looking->over; }));
    CHECK(process->way.asked.size() == 1);
    CHECK(process->figures.overtaken == 0);
    CHECK(world.mark("1|t").substr(0, 5) == "done:");
  }

  TEST_CASE("a receiver that is not there costs no attempts for as long as the push is worth sending") {
    look_world world;
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    process->way.answers = [&](const push&) {
      return process->way.asked.size() < 20 ? delivered::away("Connection refused") : delivered{};
    };
    process->look();
    CHECK(process->way.asked.size() == 20);
    CHECK(process->way.asked.back().attempt == 1);
    CHECK_FALSE(process->way.asked.back().repeat);
    CHECK(process->figures.sent == 1);
    CHECK(world.letters() == 0);
  }

  TEST_CASE("when the grace is over what never reached anybody is a dead letter, and one line tells of all") {
    look_world world;
    world.subscribe_many(200, 800);
    const auto process = world.begin();
    process->way.answers = [&](const push&) {
      if (process->way.asked.size() == 3000) world.time.advance(11min);
      return delivered::away("Connection refused");
    };
    process->look();
    CHECK(process->figures.dead == 200);
    CHECK(world.letters() == 200);
    CHECK(world.logged("failed for good after") == 1);
    CHECK(world.logged("more have failed for good; each is a dead letter, with its reason") == 1);
  }

  TEST_CASE("of many that a receiver will not have the first are told one by one, and no text is too long") {
    look_world world;
    world.subscribe_many(300, 800, std::string(2'000, 'x'));
    const auto process = world.begin();
    process->way.answers = [](const push&) { return delivered::never("404 Not Found"); };
    process->look();
    CHECK(process->figures.dead == 300);
    CHECK(world.logged("failed for good after one attempt: 404 Not Found") == 10);
    CHECK(world.logged("more have failed for good") == 1);
    CHECK(world.logged(std::string(500, 'x')) == 0);
  }

  TEST_CASE("a dead letter that cannot be written is not lost") {
    auto options = look_world::quick();
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(3, 800);
    world.server.cli({"SET", world.keys.dead, "something else"});
    const auto process = world.begin();
    process->way.answers = [](const push&) { return delivered::never("410 Gone"); };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return world.logged("cannot write what failed to the dead letters") == 1; }));
    CHECK_FALSE(world.until([&] { return looking->over; }, 500ms));
    world.server.cli({"DEL", world.keys.dead});
    CHECK(world.until([&] { return looking->over; }));
    CHECK(world.letters() == 3);
  }

  TEST_CASE(
      "who is to end while Redis is away gives up all that it cannot mark together, and says how many") {
    auto options = look_world::quick();
    options.concurrency = 1000;
    options.slices = 1;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe_many(1000, 800);
    const auto process = world.begin();
    bool hangs = true;
    process->way.holds = [&](const push&) { return hangs; };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->way.asked.size() == 1000; }));
    world.server.pause();
    hangs = false;
    process->way.go_on();
    REQUIRE(world.until([&] { return process->figures.sent == 1000; }));
    looking->stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return looking->over; }));
    world.run(process->out.close());
    CHECK(world.logged("1000 were delivered, or have failed for good, and are not marked as such") == 1);
    world.server.resume();
  }

  TEST_CASE("who has lost a push to somebody else does not try it again") {
    auto options = look_world::quick();
    options.lease = 1s;
    options.slices = 1;
    options.retry.backoff_min = options.retry.backoff_max = 60s;
    look_world world{"2026-11-21T08:00:00Z", options};
    world.subscribe("1", "t", 800);
    const auto process = world.begin();
    process->way.answers = [](const push&) { return delivered::again("500"); };
    const auto looking = world.start(*process, 0);
    REQUIRE(world.until([&] { return process->figures.failed == 1; }));
    world.server.cli({"SET", "demo:exist_push:1|t", "pending:other", "PX", "60000"});
    CHECK(world.until([&] { return looking->over; }));
    CHECK(process->way.asked.size() == 1);
    CHECK(world.mark("1|t") == "pending:other");
  }
}
