#include "contract/group_walk.hpp"
#include "redis/script_world.hpp"

using namespace carillon;
using namespace carillon::testing;

namespace {

/// Members of a group, as the script finds them.
struct group_script_world : script_world {
  void join(const std::string& member) { cli({"ZADD", members_key(), "99999999999999", member}); }
  void drop(const std::string& member) { cli({"ZREM", members_key(), member}); }
  group_answer ask(const std::string& member, const group_request& said) {
    return run(backend.share_group(member, said));
  }
  std::string members_key() const { return redis::store_keys{name_space}.shared("members"); }
  std::string group_key() const { return redis::store_keys{name_space}.group("db"); }
  std::string text_of(const std::string& member) const { return cli({"HGET", group_key(), member}); }
};

std::string text_of(const member_share& one) {
  auto text = std::to_string(one.number) + " " + std::to_string(one.limit) + " " + std::to_string(one.given) +
              " " + std::to_string(one.returned) + " " + std::to_string(one.waiting);
  for (const auto rank : one.ranks) text += " " + std::to_string(rank);
  return text;
}

std::string without_end_of_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

TEST_SUITE("group.lua") {
  TEST_CASE("it does at random what group_shares does") {
    group_script_world world;
    group_walk walk{world, [&](const group_shares& kept) {
                      for (const auto& [member, share] : kept.members)
                        REQUIRE(without_end_of_line(world.text_of(member)) == text_of(share));
                    }};
    walk.run(300);
  }

  TEST_CASE("it tells a member that was given a place by another's question, on the channel of groups") {
    group_script_world world;
    world.join("a/1");
    world.join("b/1");
    group_request said;
    said.group = "db";
    said.number = 1;
    said.ranks = {10};
    said.waiting = 1;
    CHECK(world.ask("a/1", said).given == 1);
    CHECK(world.ask("b/1", said).given == 0);
    said.number = 2;
    said.given = said.returned = 1;
    said.ranks.clear();
    world.ask("a/1", said);
    CHECK(world.until([&] { return !world.heard.group_places.empty(); }));
    CHECK(world.heard.group_places == std::vector<std::string>{"b/1 db"});
  }

  TEST_CASE("what something else has written there counts as nothing, and the key does not stay for ever") {
    group_script_world world;
    world.join("a/1");
    world.join("b/1");
    world.cli({"HSET", world.group_key(), "b/1", "rubbish"});
    group_request said;
    said.group = "db";
    said.number = 1;
    said.ranks = {10};
    CHECK(world.ask("a/1", said).given == 1);
    CHECK(without_end_of_line(world.cli({"HLEN", world.group_key()})) == "1");
    CHECK(std::stoll(world.cli({"TTL", world.group_key()})) > 86'000);
  }

  TEST_CASE("of another store it changes nothing") {
    group_script_world world;
    world.join("a/1");
    world.cli({"HSET", redis::store_keys{world.name_space}.meta(), "id", "1"});
    group_request said;
    said.group = "db";
    said.number = 1;
    try {
      world.ask("a/1", said);
      FAIL("it was answered");
    } catch (const boost::system::system_error& fault) {
      CHECK(fault.code() == errc::other_store);
    }
  }
}
