#include <doctest/doctest.h>
#include <set>

#include "store/group_shares.hpp"

using namespace carillon;

namespace {

struct group_world {
  group_answer ask(const std::string& member, std::uint64_t given, std::uint64_t returned,
                   std::vector<std::uint64_t> ranks = {}, std::uint32_t limit = 2) {
    group_request said;
    said.group = "db";
    said.number = ++numbers[member];
    said.limit = limit;
    said.given = given;
    said.returned = returned;
    said.waiting = ranks.size();
    said.ranks = std::move(ranks);
    last = said;
    return send(member, said);
  }
  group_answer send(const std::string& member, const group_request& said) {
    told.clear();
    return shares.share(member, said, [this](const std::string& id) { return live.contains(id); }, told);
  }
  group_shares shares;
  std::set<std::string> live{"a", "b", "c"};
  std::map<std::string, std::uint64_t> numbers;
  std::vector<std::string> told;
  group_request last;
};

using names = std::vector<std::string>;

}  // namespace

TEST_SUITE("group_shares") {
  TEST_CASE("places are given while there are some") {
    group_world world;
    CHECK(world.ask("a", 0, 0, {10, 20, 30}).given == 2);
    CHECK(world.ask("b", 0, 0, {5}).given == 0);
    CHECK(world.shares.members["a"].waiting == 1);
  }

  TEST_CASE("one that comes back goes to the lowest rank of all members, who is told") {
    group_world world;
    world.ask("a", 0, 0, {10, 20, 30});
    world.ask("b", 0, 0, {25});
    world.ask("c", 0, 0, {15});
    CHECK(world.ask("a", 2, 1, {30}).given == 2);
    CHECK(world.told == names{"c"});
    CHECK(world.ask("c", 0, 0, {15}).given == 1);
    CHECK(world.told.empty());
  }

  TEST_CASE("a question that is sent again changes nothing, and so does one that comes late") {
    group_world world;
    world.ask("a", 0, 0, {10});
    const auto first = world.last;
    CHECK(world.send("a", first).given == 1);
    world.ask("a", 1, 1);
    CHECK(world.send("a", first).given == 1);
    CHECK(world.shares.members["a"].held() == 0);
    CHECK(world.shares.members["a"].ranks.empty());
  }

  TEST_CASE("what was given while a question was under way is not given twice") {
    group_world world;
    world.ask("a", 0, 0, {10, 20});
    world.ask("b", 0, 0, {30, 40});
    world.ask("a", 2, 1);  // b is given one, and does not know yet
    CHECK(world.told == names{"b"});
    CHECK(world.ask("b", 0, 0, {30, 40}).given == 1);
    CHECK(world.shares.members["b"].ranks == std::vector<std::uint64_t>{40});
  }

  TEST_CASE("members that are gone lose their places, and who is none is given nothing") {
    group_world world;
    world.ask("a", 0, 0, {10, 20});
    world.live.erase("a");
    CHECK(world.ask("b", 0, 0, {30, 40}).given == 2);
    CHECK_FALSE(world.ask("a", 2, 0).member);
  }

  TEST_CASE("the smallest limit of those that are live counts") {
    group_world world;
    CHECK(world.ask("a", 0, 0, {10, 20, 30}, 3).given == 3);
    CHECK(world.ask("b", 0, 0, {40}, 1).limit == 1);
    CHECK(world.ask("a", 3, 1, {}, 3).limit == 1);
    CHECK(world.ask("a", 3, 2, {}, 3).given == 3);
    CHECK(world.ask("b", 0, 0, {40}, 1).given == 0);
    world.ask("a", 3, 3, {}, 3);
    CHECK(world.told == names{"b"});
    world.live.erase("b");
    CHECK(world.ask("a", 3, 3, {1, 2, 3}, 3).given == 6);
  }

  TEST_CASE("a store that has forgotten believes what it is told") {
    group_world world;
    CHECK(world.ask("a", 7, 5, {10}).given == 7);
    CHECK(world.ask("b", 0, 0, {10}).given == 0);
    CHECK(world.shares.members["a"].held() == 2);
  }
}
