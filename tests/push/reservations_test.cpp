#include "push/reservations.hpp"

#include <doctest/doctest.h>

#include "push/reservations_world.hpp"

using namespace carillon;
using namespace carillon::pushes;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

const instant eight = push_time("2026-11-21T08:00:00Z");

struct reservations_world : push_server, loop_world {
  redis::link link{io, {.url = server.url(), .name_space = "test", .logger = logger}};
  redis::client client{link, strand, "push"};
  reservations all{client, "test", push_options_for_tests()};
  ~reservations_world() { run(client.close()); }

  reserved_page reserve(const std::string& token, instant due = eight, int score = 800) {
    return run(all.reserve(token, due, score, 0, 1000));
  }
  reserved_page reserve_named(const std::string& token, const std::vector<wanted_push>& wanted,
                              bool dead_too = false) {
    return run(all.reserve(token, wanted, dead_too));
  }
  std::vector<std::size_t> commit(const std::vector<reservation>& sent, instant now = eight) {
    const auto parts = pointers(sent);
    return run(all.commit(parts, now));
  }
  std::vector<std::size_t> renew(const std::vector<reservation>& held) {
    const auto parts = pointers(held);
    return run(all.renew(parts));
  }
  void release(const reservation& one, given_back how) {
    const std::pair<const reservation*, given_back> each[] = {{&one, how}};
    run(all.release(each));
  }
  void bury(const reservation& one, const std::string& reason) {
    const dead_push each[] = {{&one, reason}};
    run(all.bury(each, eight));
  }
  /// As if its holder had died and the lease were over.
  void lapse(const std::string& name) const { server.cli({"DEL", "demo:exist_push:" + name}); }

  static std::vector<const reservation*> pointers(const std::vector<reservation>& all_of) {
    std::vector<const reservation*> parts;
    for (const auto& each : all_of) parts.push_back(&each);
    return parts;
  }
};

}  // namespace

namespace {

// A mark of a subscription of the set says for which time it was.
std::string of_eight(const char* mark) { return std::string{mark} + "@1795248000000"; }

}  // namespace

TEST_SUITE("push reservations") {
  TEST_CASE("what is due is reserved by one, for a lease") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    const auto page = world.reserve("A");
    REQUIRE(page.won.size() == 1);
    CHECK(page.won[0].what.user == "42");
    CHECK(page.won[0].what.tag == "news");
    CHECK(page.won[0].what.due == eight);
    CHECK(page.won[0].what.attempt == 1);
    CHECK_FALSE(page.won[0].what.repeat);
    CHECK(page.won[0].what.key == "42|news|20261121T080000Z");
    CHECK(world.mark("42|news") == of_eight("pending:A"));
    CHECK(world.mark_time("42|news") <= 10'000);
    const auto other = world.reserve("B");
    CHECK(other.won.empty());
    CHECK(other.pending == 1);
  }

  TEST_CASE("reserving again with the same token answers the same, and counts no attempt") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    world.reserve("A");
    const auto page = world.reserve("A");
    REQUIRE(page.won.size() == 1);
    CHECK(page.won[0].what.attempt == 1);
    CHECK_FALSE(page.won[0].what.repeat);
  }

  TEST_CASE("what was sent is marked for the time to live, and not reserved again") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    const auto page = world.reserve("A");
    CHECK(world.commit(page.won, eight - 4min).empty());
    CHECK(world.mark("42|news") == of_eight("done:A"));
    CHECK(world.open("42|news").empty());
    CHECK(world.mark_time("42|news") > 23 * 60'000);  // Until twice the grace is over.
    CHECK(world.commit(page.won).empty());
    CHECK(world.reserve("B").sent == 1);
    CHECK(world.reserve("B").won.empty());
  }

  TEST_CASE("marks of any value and any type by other writers count as sent") {
    reservations_world world;
    world.subscribe("1", "a", 800);
    world.subscribe("2", "a", 800);
    world.server.cli({"SETEX", "demo:exist_push:1|a", "900", "1"});
    world.server.cli({"RPUSH", "demo:exist_push:2|a", "x"});
    const auto page = world.reserve("A");
    CHECK(page.won.empty());
    CHECK(page.sent == 2);
    CHECK(world.mark("1|a") == "1");
  }

  TEST_CASE(
      "a reservation that ended without a word is reserved again as a possible repeat, with the same key") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    const auto first = world.reserve("A").won.at(0);
    world.lapse("42|news");
    const auto second = world.reserve("B").won.at(0);
    CHECK(second.what.attempt == 2);
    CHECK(second.what.repeat);
    CHECK(second.what.key == first.what.key);
    CHECK(world.commit({first}) == std::vector<std::size_t>{0});
    CHECK(world.mark("42|news") == of_eight("pending:B"));
    CHECK(world.commit({second}).empty());
    CHECK(world.commit({first}) == std::vector<std::size_t>{0});
    CHECK(world.mark("42|news") == of_eight("done:B"));
  }

  TEST_CASE("the attempts of one day are not those of the next") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    world.reserve("A");
    world.lapse("42|news");
    const auto page = world.reserve("B", eight + 24h);
    CHECK(page.won.at(0).what.attempt == 1);
    CHECK_FALSE(page.won.at(0).what.repeat);
  }

  TEST_CASE("what is sent after its lease ran out is sent if nobody has taken it") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    const auto page = world.reserve("A");
    world.lapse("42|news");
    CHECK(world.commit(page.won).empty());
    CHECK(world.mark("42|news") == of_eight("done:A"));
  }

  TEST_CASE("renewal keeps one's own, takes again what nobody has, and leaves alone what others have") {
    reservations_world world;
    for (const auto* user : {"1", "2", "3", "4"}) world.subscribe(user, "a", 800);
    auto mine = world.reserve("A").won;
    REQUIRE(mine.size() == 4);
    for (auto& each : mine) each.what.attempt = 3;
    world.server.cli({"PEXPIRE", "demo:exist_push:1|a", "1000"});
    world.lapse("2|a");
    world.server.cli({"SET", "demo:exist_push:3|a", "pending:B"});
    world.server.cli({"SET", "demo:exist_push:4|a", "1"});
    CHECK(world.renew(mine) == std::vector<std::size_t>{2, 3});
    CHECK(world.mark_time("1|a") > 5'000);
    CHECK(world.mark("2|a") == of_eight("pending:A"));
    CHECK(world.mark("3|a") == "pending:B");
    CHECK(world.open("1|a") == fmt::format("{} 3 o", eight.time_since_epoch().count()));
  }

  TEST_CASE("what is given back untouched leaves nothing behind") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    world.release(world.reserve("A").won.at(0), given_back::untouched);
    CHECK(world.mark("42|news").empty());
    CHECK(world.open("42|news").empty());
  }

  TEST_CASE(
      "what is given back after a failure keeps its count; with an end unknown it is a possible repeat") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    world.release(world.reserve("A").won.at(0), given_back::failed);
    auto again = world.reserve("B").won.at(0);
    CHECK(again.what.attempt == 2);
    CHECK_FALSE(again.what.repeat);
    world.release(again, given_back::unknown);
    again = world.reserve("C").won.at(0);
    CHECK(again.what.attempt == 3);
    CHECK(again.what.repeat);
    world.release(again, given_back::untouched);
    again = world.reserve("D").won.at(0);
    CHECK(again.what.attempt == 3);
    CHECK(again.what.repeat);
  }

  TEST_CASE("who gives back what others have meanwhile changes nothing") {
    reservations_world world;
    world.subscribe("42", "news", 800);
    const auto first = world.reserve("A").won.at(0);
    world.lapse("42|news");
    world.reserve("B");
    const auto before = world.open("42|news");
    world.release(first, given_back::untouched);
    CHECK(world.mark("42|news") == of_eight("pending:B"));
    CHECK(world.open("42|news") == before);
  }

  TEST_CASE("the dead get a letter, once, are not marked as sent, and not tried again for that due time") {
    reservations_world world;
    world.subscribe("42", "a|b", 800);
    const auto failed = world.reserve("A").won.at(0);
    world.bury(failed, "404 Not Found");
    world.bury(failed, "404 Not Found");
    CHECK(world.letters() == 1);
    const auto letter = world.server.cli({"XRANGE", world.keys.dead, "-", "+"});
    for (const auto* part : {"42", "a|b", "404 Not Found", "42|a|b|20261121T080000Z"}) {
      CAPTURE(part);
      CHECK(letter.find(part) != std::string::npos);
    }
    CHECK(world.mark("42|a|b").empty());
    CHECK(world.reserve("B").dead == 1);
    CHECK(world.reserve("B").won.empty());
    CHECK(world.reserve("C", eight + 24h).won.size() == 1);
  }

  TEST_CASE("by name the dead can be had again, with the attempts that were made") {
    reservations_world world;
    const push what{"42", "a|b", eight, 5, false, {}};
    const std::vector<wanted_push> wanted{{name_of(what), {"42", "a|b"}, eight, 5}};
    const auto page = world.reserve_named("A", wanted);
    REQUIRE(page.won.size() == 1);
    CHECK(page.won[0].what.attempt == 6);
    CHECK(page.won[0].what.tag == "a|b");
    world.bury(page.won[0], "gone");
    CHECK(world.reserve_named("B", wanted).dead == 1);
    CHECK(world.reserve_named("B", wanted, true).won.at(0).what.attempt == 7);
    CHECK(world.server.cli({"EXISTS", "demo:exist_push:42|a|b"}) == "0");
  }

  TEST_CASE("malformed members and scores are told, and keep nobody else waiting") {
    reservations_world world;
    world.subscribe("1", "a", 800);
    world.server.cli(
        {"ZADD", "demo:subscription", "800", "user:|tag:x", "800", "nonsense", "800.5", "user:9|tag:x"});
    world.server.cli({"ZADD", "demo:subscription", "861", "user:7|tag:x", "-1", "user:8|tag:x", "inf",
                      "user:6|tag:x", "2360", "user:5|tag:x"});
    const auto ranks = world.run(world.all.ranks_of(800));
    CHECK(ranks.count == 4);
    const auto page = world.run(world.all.reserve("A", eight, 800, ranks.first, ranks.count));
    CHECK(page.won.size() == 1);
    CHECK(page.malformed == 3);
    CHECK(page.misfits.size() == 3);
    const auto rest = world.run(world.all.misfits());
    CHECK(rest.malformed == 4);
    CHECK(rest.misfits == std::vector<misfit>{{"user:8|tag:x", "-1"},
                                              {"user:7|tag:x", "861"},
                                              {"user:5|tag:x", "2360"},
                                              {"user:6|tag:x", "inf"}});
  }

  TEST_CASE("a page holds what has its ranks, and nothing of the next minute") {
    reservations_world world;
    world.subscribe_many(30, 759);
    world.subscribe_many(25, 800, "x");
    world.subscribe_many(30, 801, "y");
    const auto ranks = world.run(world.all.ranks_of(800));
    CHECK(ranks.first == 30);
    CHECK(ranks.count == 25);
    CHECK(world.run(world.all.reserve("A", eight, 800, ranks.first, 10)).won.size() == 10);
    const auto rest = world.run(world.all.reserve("B", eight, 800, ranks.first + 10, 20));
    CHECK(rest.won.size() == 15);
    CHECK(rest.malformed == 0);
  }

  TEST_CASE("with a grace of half a day the mark of one day is gone before the next day's push") {
    reservations_world world;
    auto how = push_options_for_tests();
    how.lookahead = 0s;
    how.grace = 11h;
    how.sent_ttl = 11h;
    reservations late{world.client, "test", how};
    world.subscribe("1", "t", 800);
    world.subscribe("2", "t", 1800);
    // One as late as can be, in one batch with one that is just due.
    auto sent = world.run(late.reserve("A", eight, 800, 0, 1)).won;
    for (auto& each : world.run(late.reserve("B", eight + 10h, 1800, 1, 1)).won) sent.push_back(each);
    REQUIRE(sent.size() == 2);
    const std::vector<const reservation*> both{&sent[0], &sent[1]};
    CHECK(world.run(late.commit(both, eight + 10h)).empty());
    CHECK(world.mark_time("1|t") <= milliseconds{13h}.count());
    CHECK(world.mark_time("2|t") > milliseconds{10h}.count());
  }

  TEST_CASE("what is old is swept") {
    reservations_world world;
    world.subscribe_many(900, 800);
    world.reserve("A");
    world.run(world.all.sweep(eight));
    CHECK(world.server.cli({"HLEN", world.keys.open}) == "900");
    world.run(world.all.sweep(eight + 1min));
    CHECK(world.server.cli({"HLEN", world.keys.open}) == "0");
  }

  TEST_CASE("rich subscriptions are read in pages, each once") {
    reservations_world world;
    world.server.cli({"EVAL", "for i = 1, 1500 do redis.call('HSET', KEYS[1], 'u' .. i .. '|t', '{}') end",
                      "1", "demo:subscription:rich"});
    std::size_t count = 0;
    std::string cursor = "0";
    do {
      auto page = world.run(world.all.rich(cursor));
      count += page.fields.size();
      cursor = page.cursor;
    } while (cursor != "0");
    CHECK(count == 1500);
  }
}
