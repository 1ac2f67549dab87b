#include <doctest/doctest.h>
#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>
#include <chrono>
#include <string>

#include "apps/push_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

using namespace std::chrono_literals;

TEST_SUITE("push subscriptions") {
  TEST_CASE(
      "subscriptions are added, listed, exported, imported and removed, where today's programs find them") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    const auto added = world.push({"add", file, "--user", "42", "--tag", "a|b", "--at", "8:30"});
    CHECK(added.err == "");
    CHECK(added.out == "42 a|b: added, 08:30\n");
    CHECK(world.server.cli({"ZSCORE", "demo:subscription", "user:42|tag:a|b"}) == "830");
    CHECK(world.push({"add", file, "--user", "7", "--tag", "x", "--at", "12:00", "--weekdays", "mon-fri"})
              .code == 0);
    CHECK(holds(world.server.cli({"HGET", "demo:subscription:rich", "7|x"}), "mon-fri"));
    const auto list = world.push({"list", file}).out;
    CHECK(list.starts_with("08:30  42  a|b\n"));
    CHECK(holds(list, "7  x\n"));
    CHECK(world.push({"list", file, "--user", "42"}).out == "08:30  42  a|b\n");

    const auto exported = world.push({"export", file}).out;
    CHECK(exported.starts_with("{\"user\":\"42\",\"tag\":\"a|b\",\"at\":\"08:30\"}\n"));
    CHECK(world.push({"remove", file, "--user", "42", "--tag", "a|b"}).out == "42 a|b: removed\n");
    CHECK(world.push({"remove", file, "--user", "42", "--tag", "a|b"}).code == 1);
    CHECK(world.push({"remove", file, "--user", "7", "--tag", "x"}).code == 0);
    CHECK(world.push({"list", file}).out == "no subscriptions\n");
    CHECK(world.push({"import", file}, exported).out ==
          "2 subscriptions written, 2 of them new; 0 refused\n");
    CHECK(world.push({"export", file}).out == exported);
    // One that becomes a rich one is no member of the set any more.
    CHECK(
        world
            .push({"add", file, "--user", "42", "--tag", "a|b", "--schedule", "every 2h from 08:00 to 20:00"})
            .code == 0);
    CHECK(world.server.cli({"ZSCORE", "demo:subscription", "user:42|tag:a|b"}) == "");

    const auto wrong = world.push({"import", file}, "{\"user\":\"1\",\"tag\":\"t\",\"at\":\"25:00\"}\nx\n");
    CHECK(wrong.code == 1);
    CHECK(holds(wrong.err, "standard input:1: "));
    CHECK(holds(wrong.err, "standard input:2: this is no JSON"));
    CHECK(world.push({"add", file, "--user", "42", "--tag", "t"}).code == 2);
  }

  TEST_CASE("of a user and a tag the last line that is imported counts") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    const std::string plain = R"({"user":"7","tag":"t","at":"10:00"})"
                              "\n";
    const std::string rich = R"({"user":"7","tag":"t","at":"10:00","weekdays":"mon-fri"})"
                             "\n";
    CHECK(world.push({"import", file}, plain + rich).out ==
          "2 subscriptions written, 1 of them new; 0 refused\n");
    CHECK(world.push({"export", file}).out == rich);
    CHECK(world.push({"import", file}, rich + plain).code == 0);
    CHECK(world.push({"export", file}).out == plain);
  }

  TEST_CASE("a rich subscription that is added begins then; help's own example is taken") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    CHECK(world.push({"add", file, "--user", "1", "--tag", "t", "--schedule", "every 1m"}).code == 0);
    const auto value =
        boost::json::parse(world.server.cli({"HGET", "demo:subscription:rich", "1|t"})).as_object();
    const auto added = parse_timestamp(std::string_view{value.at("added").as_string()}).value().in(zone{});
    CHECK(std::chrono::abs(added - system_clock{}.now()) < 1h);
    const auto examples = world.push({"add", file, "--user", "2", "--tag", "t", "--at", "8:30, 12:00"});
    CAPTURE(examples.err);
    CHECK(examples.code == 0);
    CHECK(holds(world.push({"list", file, "--user", "2"}).out, R"("at":"08:30,12:00")"));
  }

  TEST_CASE("an export that leaves anything out says what, and fails") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    world.server.cli({"ZADD", "demo:subscription", "830", "user:a\xff|tag:t", "830", "user:a\xfe|tag:t",
                      "2599", "user:9|tag:t", "830", "user:fine|tag:t"});
    world.server.cli({"HSET", "demo:subscription:rich", "8|t", R"({"at": "08:30", "user": "other"})"});
    const auto all = world.push({"export", file});
    CHECK(all.code == 1);
    CHECK(all.out == "{\"user\":\"fine\",\"tag\":\"t\",\"at\":\"08:30\"}\n");
    CHECK(
        holds(all.err,
              "demo:subscription: warning: 'user:a\\xff|tag:t' is no UTF-8, and cannot be written as JSON"));
    CHECK(holds(all.err, "'user:a\\xfe|tag:t' is no UTF-8"));
    CHECK(holds(all.err, "'user:9|tag:t' is malformed: score 2599 is no time of day"));
    CHECK(holds(all.err, "demo:subscription:rich: warning: '8|t' is malformed: user: no such member"));
    CHECK(world.push({"export", file, "--user", "fine"}).code == 0);
    const auto list = world.push({"list", file});
    CHECK(list.code == 0);
    CHECK(holds(list.err, "'8|t' is malformed"));
  }

  TEST_CASE("an import that cannot be read to its end fails, and says so as it is asked to") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    const auto folder = world.push({"import", file, world.folder.path(".")});
    CHECK(folder.code == 1);
    CHECK(holds(folder.err, "Is a directory"));
    CHECK(folder.out.empty());
    const auto wrong = world.push({"import", file, "--json"}, "x\n");
    CHECK(wrong.code == 1);
    CHECK(boost::json::parse(wrong.err).at("line") == 1);
    CHECK(boost::json::parse(wrong.out).at("refused") == 1);
  }

  TEST_CASE("commands say what they did, and refuse words that they have no use for") {
    push_world world;
    const auto file = world.write_file("stdout = true\n");
    CHECK(world.push({"add", file, "--user", "1", "--tag", "t", "--at", "8:30"}).code == 0);
    CHECK(world.push({"remove", file, "--user", "1", "--tag", "t", "--json"}).out ==
          "{\"user\":\"1\",\"tag\":\"t\",\"what\":\"removed\"}\n");
    const auto extra = world.push({"list", file, "extra"});
    CHECK(extra.code == 2);
    CHECK(holds(extra.err, "push list: 'extra' is one word too many"));
    const auto before = world.push({file, "list"});
    CHECK(before.code == 2);
    CHECK(holds(before.err, "the file comes after the command: carillon push list "));
    CHECK(world.push({"list", file, "-n", "-1"}).code == 2);
  }
}

}  // namespace carillon::app
