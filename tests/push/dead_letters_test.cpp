#include "push/dead_letters.hpp"

#include <doctest/doctest.h>

#include "push/look_world.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;

namespace {

struct letters_world : look_world {
  letters_world() {
    for (const auto* user : {"1", "2", "3"}) subscribe(user, "a|b", 800);
    const auto process = begin();
    process->way.answers = [](const push& what) {
      return what.user == "3" ? delivered{} : delivered::never("410 Gone to " + what.user);
    };
    process->look();
    REQUIRE(letters() == 2);
  }

  redriven again(std::function<bool(const dead_letter&)> chosen = {}) {
    return run(
        redrive(link, way, options, std::make_shared<manual_clock>(time.now()), logger, std::move(chosen)));
  }
  std::vector<dead_letter> all() {
    redis::client client{link, strand, "reader"};
    auto found = run(read_dead_letters(client, keys.dead, "", 100));
    run(client.close());
    return found;
  }

  redis::link link{io, {.url = server.url(), .name_space = "test", .logger = logger}};
  fake_delivery way{strand};
};

}  // namespace

TEST_SUITE("dead letters") {
  TEST_CASE("they say whose they are, since when, and why") {
    letters_world world;
    const auto letters = world.all();
    REQUIRE(letters.size() == 2);
    CHECK(letters[0].user == "1");
    CHECK(letters[0].tag == "a|b");
    CHECK(letters[0].due == world.time.now());
    CHECK(letters[0].at == world.time.now());
    CHECK(letters[0].key == "1|a|b|20261121T080000Z");
    CHECK(letters[0].attempts == 1);
    CHECK(letters[0].reason == "410 Gone to 1");
  }

  TEST_CASE("sent again they go out with their key and the next attempt, and are no dead letters any more") {
    letters_world world;
    const auto report = world.again();
    CHECK(report.letters == 2);
    CHECK(report.sent == 2);
    CHECK(report.dead == 0);
    CHECK(world.way.arrived.size() == 2);
    CHECK(world.way.arrived.contains("1|a|b|20261121T080000Z"));
    CHECK(world.way.asked.at(0).attempt == 2);
    CHECK(world.letters() == 0);
    CHECK(world.again().letters == 0);
    // The mark of the day's push is not touched: a subscription that is due soon is sent.
    CHECK(world.mark("1|a|b").empty());
  }

  TEST_CASE("those that fail again have a new letter in the place of the old one") {
    letters_world world;
    world.way.answers = [](const push& what) {
      return what.user == "1" ? delivered::never("still gone") : delivered{};
    };
    const auto report = world.again();
    CHECK(report.sent == 1);
    CHECK(report.dead == 1);
    const auto letters = world.all();
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].reason == "still gone");
    CHECK(letters[0].attempts == 2);
    world.way.answers = {};
    CHECK(world.again().sent == 1);
    CHECK(world.way.asked.back().attempt == 3);
  }

  TEST_CASE("one that may have arrived says so, and goes out as a repeat") {
    letters_world world;
    world.subscribe("9", "t", 800);
    const auto process = world.begin();
    process->way.answers = [](const push&) {
      auto how = delivered::again("no answer in time");
      how.unsure = true;
      return how;
    };
    process->look();
    CHECK(world.all().back().repeat);
    CHECK(world.again([](const dead_letter& each) { return each.user == "9"; }).sent == 1);
    CHECK(world.way.asked.at(0).repeat);
    world.again();
    CHECK_FALSE(world.way.asked.back().repeat);
  }

  TEST_CASE("who sends them again and is stopped has ended the letters of those that were delivered") {
    letters_world world;
    world.way.holds = [](const push& what) { return what.user == "2"; };
    boost::asio::cancellation_signal stop;
    bool over = false;
    auto sending = redrive(world.link, world.way, world.options,
                           std::make_shared<manual_clock>(world.time.now()), world.logger, {});
    boost::asio::co_spawn(world.strand, std::move(sending),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [&](const std::exception_ptr&, redriven) { over = true; }));
    REQUIRE(world.until([&] { return world.letters() == 1; }));
    stop.emit(boost::asio::cancellation_type::terminal);
    REQUIRE(world.until([&] { return over; }));
    REQUIRE(world.all().size() == 1);
    CHECK(world.all()[0].user == "2");
    world.way.holds = {};
    CHECK(world.again().sent == 1);
    CHECK(world.way.asked.back().repeat);  // Nobody knows how the attempt ended that was cut off.
    CHECK(world.letters() == 0);
  }

  TEST_CASE(
      "letters that came later than the sending began are left alone, though the last of then is gone") {
    letters_world world;
    const auto last = world.all().back().id;
    world.way.answers = [&](const push& what) {
      world.server.cli({"XDEL", world.keys.dead, last});  // Another one has sent it again meanwhile.
      return delivered::never("still gone " + what.user);
    };
    CHECK(world.again().letters <= 2);
    CHECK(world.way.asked.size() <= 2);
  }

  TEST_CASE("only those that are chosen are sent again") {
    letters_world world;
    CHECK(world.again([](const dead_letter& each) { return each.user == "2"; }).sent == 1);
    CHECK(world.letters() == 1);
  }
}
