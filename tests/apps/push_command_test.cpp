#include <doctest/doctest.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "apps/push_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using namespace std::chrono_literals;
using testing::child;
using testing::holds;
using testing::http_receiver;
using testing::posted;
using testing::reaction;
using testing::redis_server;

TEST_SUITE("push command") {
  TEST_CASE("instances that are killed leave nobody out, and send again only what may not have arrived") {
    push_world world;
    ledger taken;
    std::mutex lock;
    std::map<std::string, int> seen;
    http_receiver receiver{[&](const posted& what) {
      const std::lock_guard guard{lock};
      const auto number = ++seen[what.key];
      const auto user = std::stoi(what.key.substr(1));
      if (number == 1 && user % 10 == 3) return reaction::with(500);
      if (number == 1 && user % 200 == 7) return reaction::hang();
      taken.add(what);
      auto slow = reaction::with(200);
      slow.after = 2ms;
      return slow;
    }};
    world.write_file("webhook = \"" + receiver.url() + "\"\nanswer_timeout = \"3s\"\n",
                     "concurrency = 16\nretry = { attempts = 5, backoff = \"50ms..500ms\" }\n", "3s");
    constexpr int users = 3'000;
    const auto now = push_world::this_minute();
    std::set<std::string> expected;
    for (int user = 0; user < users; ++user)
      expected.insert(world.subscribe("u" + std::to_string(user), now + std::chrono::minutes{user % 3}));

    auto one = world.start("one"), two = world.start("two"), three = world.start("three"),
         four = world.start("four");
    REQUIRE(push_world::within(60s, [&] { return taken.size() > users / 5; }));
    one.kill();
    REQUIRE(push_world::within(60s, [&] { return taken.size() > users / 3; }));
    two.kill();
    const bool all = push_world::within(120s, [&] { return taken.size() == expected.size(); });
    CAPTURE(world.log("three"));
    CAPTURE(world.log("four"));
    CHECK(taken.size() == expected.size());
    REQUIRE(all);
    // Others send again what the two have delivered and not marked.
    CHECK(push_world::within(60s, [&] { return world.server.cli({"HLEN", world.keys.open}) == "0"; }));
    three.terminate();
    four.terminate();
    CHECK(three.status() == 0);

    std::size_t repeats = 0;
    for (const auto& [key, bodies] : taken.by_key) {
      CHECK(expected.contains(key));
      for (std::size_t at = 1; at < bodies.size(); ++at) {
        ++repeats;
        CHECK(holds(bodies[at], R"("repeat":true)"));
      }
    }
    // What the two had under way, and what was delivered and on its way to be marked.
    CHECK(repeats <= 2 * (16 + 64));
    // Who looks with EXISTS finds each marked.
    CHECK(world.server.cli({"EXISTS", "demo:exist_push:u1|news|x", "demo:exist_push:u2999|news|x"}) == "2");
    CHECK(world.server.cli({"HLEN", world.keys.open}) == "0");
  }

  TEST_CASE("what fails for good is a dead letter, and redrive sends it with the same key") {
    push_world world;
    std::atomic<bool> well = false;
    http_receiver receiver{[&](const posted&) { return reaction::with(well ? 200 : 410, "no such user"); }};
    world.write_file("webhook = \"" + receiver.url() + "\"\n",
                     "metrics = \"127.0.0.1:" + std::to_string(testing::free_port()) + "\"\n");
    const auto key = world.subscribe("42", push_world::this_minute());
    auto running = world.start("one");
    const auto letters = [&] { return world.server.cli({"XLEN", world.keys.dead}); };
    CHECK(push_world::within(60s, [&] { return letters() == "1"; }));
    running.terminate();
    CAPTURE(world.log("one"));
    CHECK(running.status() == 0);
    CHECK(holds(world.log("one"), "metrics: http://127.0.0.1:"));
    REQUIRE(receiver.count() == 1);

    const auto listed = world.push({"redrive", world.file, "--dry-run"}).out;
    CHECK(holds(listed, "  42  news|x  410 Gone: no such user (attempt 1)\n1 dead letters\n"));
    CHECK(world.push({"redrive", world.file, "--user", "43", "--dry-run"}).out == "0 dead letters\n");
    const auto again = world.push({"redrive", world.file});
    CHECK(again.out == "1 dead letters: 0 sent, 1 failed for good again, 0 with others\n");
    CHECK(again.code == 1);
    CHECK(letters() == "1");
    well = true;
    const auto sent = world.push({"redrive", world.file});
    CAPTURE(sent.err);
    CHECK(sent.out == "1 dead letters: 1 sent, 0 failed for good again, 0 with others\n");
    CHECK(sent.code == 0);
    CHECK(letters() == "0");
    const auto all = receiver.received();
    REQUIRE(all.size() == 3);
    CHECK(all[2].key == key);
    CHECK(holds(all[2].body, R"("attempt":3)"));
  }

  TEST_CASE("on standard output pushes are lines, and the log goes elsewhere") {
    push_world world;
    world.write_file("stdout = true\n");
    world.subscribe("42", push_world::this_minute());
    program running{{"push", world.file}};
    CHECK(running.says("\"user\":\"42\""));
    running.signal(SIGTERM);
    CHECK(running.ends() == 0);
    CHECK(running.out().starts_with("{\"user\":\"42\",\"tag\":\"news|x\",\"due\":\""));
    CHECK(std::ranges::count(running.out(), '\n') == 1);
    CHECK(holds(running.err(), "push: stopped"));
  }

  TEST_CASE("check tries everything but sending, and says what would be sent within the hour") {
    push_world world;
    http_receiver receiver;
    const auto now = push_world::this_minute();
    const auto file = world.write_file("webhook = \"" + receiver.url() + "\"\n");
    for (int user = 0; user < 20; ++user)
      world.subscribe(std::to_string(user), now + std::chrono::minutes{2 + user % 2});
    world.subscribe("early", now - std::chrono::minutes{3});
    world.subscribe("late", now + std::chrono::hours{3});
    world.server.cli({"ZADD", "demo:subscription", "2599", "user:1|tag:never"});
    // What the minute holds besides; one that was sent by another program, one early, one dead.
    const auto soon = pushes::score_of(std::chrono::duration_cast<std::chrono::minutes>(
        now + 2min - std::chrono::floor<std::chrono::days>(now + 2min)));
    world.server.cli(
        {"ZADD", "demo:subscription", std::to_string(soon), "nonsense", std::to_string(soon), "user:|tag:x"});
    world.subscribe("seen", now - std::chrono::minutes{3});
    world.server.cli({"SET", "demo:exist_push:seen|news|x", "1"});
    world.server.cli({"SET", "demo:exist_push:0|news|x", "1"});
    world.subscribe("dead", now + 2min);
    world.server.cli(
        {"HSET", world.keys.open, "dead|news|x",
         fmt::format("{} 5 d", std::chrono::milliseconds{(now + 2min).time_since_epoch()}.count())});
    world.server.cli(
        {"HSET", "demo:subscription:rich", "r|t", fmt::format(R"({{"at":"{:%H:%M}"}})", now + 5min)});
    const auto checked = world.push({"check", file});
    CAPTURE(checked.out);
    CHECK(checked.code == 0);
    CHECK(holds(checked.out, "webhook " + receiver.url() + ": fine\n"));
    CHECK(holds(checked.out, "27 subscriptions, 1 rich ones; 3 malformed\n"));
    CHECK(holds(checked.out, "  'user:1|tag:never': score 2599: "));
    CHECK(holds(checked.out, "  'nonsense': score "));
    CHECK(holds(checked.out, "  'user:|tag:x': score "));
    CHECK(holds(checked.out, "came due within the grace: 1 to be sent, 1 marked as sent\n"));
    CHECK(holds(checked.out, "(UTC): 20 to be sent, 1 marked as sent, 1 dead\n"));
    CHECK(holds(checked.out, "service '" + world.keys.name + "': fine\n"));
    CHECK(receiver.count() == 0);
    const auto as_json = boost::json::parse(world.push({"check", file, "--json"}).out).as_object();
    CHECK(as_json.at("due").at("sent") == 1);
    CHECK(as_json.at("due_rich").at("to_be_sent") == 1);
    CHECK(as_json.at("malformed_subscriptions").as_array().size() == 3);
    CHECK(as_json.at("minutes").as_array().size() == 2);

    const auto nobody =
        world.write_file("webhook = \"http://127.0.0.1:" + std::to_string(testing::free_port()) + "\"\n");
    const auto refused = world.push({"check", nobody});
    CHECK(refused.code == 1);
    CHECK(holds(refused.out, ": cannot connect: Connection refused\n"));
    world.server.cli({"SET", "demo:subscription:rich", "x"});
    CHECK(holds(world.push({"check", nobody}).out, "the key holds a string and must be a hash"));
  }

  TEST_CASE("check says what the start would refuse, or what would fail when it runs") {
    push_world world;
    http_receiver receiver;
    const auto deliver = "webhook = \"" + receiver.url() + "\"\n";
    const auto file = world.write_file(deliver,
                                       "metrics = \"nowhere:9464\"\nfixed_times = [\"08:00\", \"12:00\"]\n"
                                       "fixed = { command = [\"/no/such/program\"] }\n");
    world.server.cli({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    const auto refused = world.push({"check", file});
    CAPTURE(refused.out);
    CHECK(refused.code == 1);
    CHECK(holds(refused.out, "Redis: "));
    CHECK(holds(refused.out, "maxmemory-policy"));
    CHECK(holds(refused.out, "metrics nowhere:9464: 'nowhere' is no address to listen on"));
    CHECK(holds(refused.out, "at 08:00, 12:00: command '/no/such/program': there is no such program"));
    world.server.cli({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    world.write_file(deliver);
    CHECK(world.push({"check", file}).code == 0);
    world.server.cli({"SET", world.keys.dead, "x"});
    CHECK(holds(world.push({"check", file}).out,
                "dead letters '" + world.keys.dead + "': the key holds a string and must be a stream"));
  }

  TEST_CASE("check says that an instance of this file would stand by, and why") {
    push_world world;
    world.write_file("stdout = true\n");
    program running{{"push", world.file}};
    CHECK(running.says("push: demo:subscription to standard output"));
    CHECK(push_world::within(30s, [&] { return world.server.cli({"ZCARD", world.keys.instances}) == "1"; }));
    CHECK(world.push({"check", world.file}).code == 0);
    world.write_file("stdout = true\n", "grace = \"11m\"\n");
    const auto other = world.push({"check", world.file});
    CHECK(other.code == 1);
    CHECK(holds(other.out, "grace is 10m there and 11m here"));
    running.signal(SIGTERM);
    CHECK(running.ends() == 0);
  }

  TEST_CASE("a post at a fixed time that fails is tried again, with the same key") {
    push_world world;
    std::atomic<int> posts = 0;
    http_receiver receiver{[&](const posted&) { return reaction::with(++posts == 1 ? 500 : 200); }};
    // One that does not come while this runs.
    const auto time = fmt::format("{:%H:%M}", push_world::this_minute() + std::chrono::hours{7});
    world.write_file("stdout = true\n",
                     "retry = { attempts = 3, backoff = \"10ms..20ms\" }\n"
                     "fixed_times = [\"" +
                         time + "\"]\nfixed = { http = \"" + receiver.url() + "\" }\n");
    program running{{"push", world.file}};
    const auto run_now = [&] {
      return world.ask({"jobs", "run", world.keys.job("fixed/" + time), "--store", world.server.url()})
                 .code == 0;
    };
    CHECK(push_world::within(30s, run_now));
    CHECK(push_world::within(30s, [&] { return receiver.count() == 2; }));
    const auto all = receiver.received();
    REQUIRE(all.size() == 2);
    CHECK(all[0].key == all[1].key);
    CHECK(holds(all[0].key, "|push/fixed/" + time + "|"));
    CHECK(holds(all[1].body, R"("attempt":2)"));
    running.signal(SIGTERM);
    CHECK(running.ends() == 0);
  }

  TEST_CASE("a terminal that goes away ends it in order, and two signals at once are one") {
    push_world world;
    world.write_file("stdout = true\n");
    for (const int signal : {SIGHUP, SIGTERM}) {
      program running{{"push", world.file}};
      CHECK(running.says("push: demo:subscription to standard output"));
      running.signal(signal);
      running.signal(signal);
      CHECK(running.ends() == 0);
      CHECK(holds(running.err(), "push: stopped"));
    }
  }

  TEST_CASE("it goes on when who read its standard output goes away") {
    push_world world;
    world.write_file("stdout = true\n", "concurrency = 1\ndrain = \"1s\"\n");
    // More than a pipe holds: else all may be written before the reader has gone.
    world.subscribe("0", push_world::this_minute());
    world.server.cli({"EVAL",
                      "local score = redis.call('ZSCORE', KEYS[1], 'user:0|tag:news|x') "
                      "for i = 1, 2000 do redis.call('ZADD', KEYS[1], score, 'user:' .. i .. '|tag:t') end",
                      "1", "demo:subscription"});
    const auto script = fmt::format(
        "( '{}' push '{}' 2>'{}' & echo $! >'{}'; wait $!; echo $? >'{}' ) | head -n 1 >/dev/null",
        CARILLON_PROGRAM, world.file, world.folder.path("log"), world.folder.path("id"),
        world.folder.path("code"));
    auto shell = child::start({"/bin/sh", "-c", script}, world.folder.path("shell.log"));
    const auto text_of = [&](const char* name) {
      std::ifstream in{world.folder.path(name)};
      return std::string{std::istreambuf_iterator<char>(in), {}};
    };
    CHECK(push_world::within(30s, [&] { return holds(text_of("log"), "roken pipe"); }));
    CHECK(text_of("code").empty());
    ::kill(std::stoi(text_of("id")), SIGTERM);
    CHECK(push_world::within(60s, [&] { return !text_of("code").empty(); }));
    CHECK(text_of("code") == "0\n");
  }

  TEST_CASE("what is wrong with the file is said with its place, and nothing is started") {
    push_world world;
    const auto file = world.write_file("webhook = \"x\"\n");
    const auto refused = world.push({file});
    CHECK(refused.code == 1);
    CHECK(holds(refused.err, "push.toml:8:12: webhook: a URL begins with http:// or https://"));
    CHECK(world.push({world.folder.path("nowhere.toml")}).err ==
          world.folder.path("nowhere.toml") + ": No such file or directory\n");
    CHECK(world.push({world.folder.path(".")}).err == world.folder.path(".") + ": Is a directory\n");
    CHECK(world.push({}).code == 2);
    CHECK(holds(world.push({"chekc", file}).err, "there is no command 'push chekc': did you mean check?"));
  }
}

}  // namespace carillon::app
