#include "store/ownership.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace carillon;

namespace {

member_info member(std::string id, std::vector<std::string> tasks, bool takes_jobs = true) {
  member_info who;
  who.instance = std::string{instance_of(id)};
  who.id = std::move(id);
  who.takes_jobs = takes_jobs;
  auto work = std::make_shared<served_work>();
  work->tasks = std::move(tasks);
  who.work_digest = work->digest();
  who.work = std::move(work);
  return who;
}

std::string owner_of(const ownership& all, std::uint32_t partition, std::string_view task = "work") {
  const auto* who = all.owner(partition, task, "");
  return who ? who->id : "nobody";
}

}  // namespace

TEST_SUITE("ownership") {
  TEST_CASE("every member computes the same owner, in whatever order it was told of the others") {
    const auto a = member("a/1", {"work"}), b = member("b/1", {"work"}), c = member("c/1", {"work"});
    const ownership one({a, b, c}, "a/1"), other({c, a, b}, "b/1");
    for (std::uint32_t p = 0; p < 64; ++p) {
      CHECK(owner_of(one, p) == owner_of(other, p));
      CHECK(one.is_mine(p, "work", "") == (owner_of(one, p) == "a/1"));
      CHECK(one.is_mine(p, "work", "") == (owner_of(one, p) == "a/1"));  // what was computed is kept
    }
  }

  TEST_CASE("a member that leaves moves its own share, and nothing else") {
    const auto a = member("a/1", {"work"}), b = member("b/1", {"work"}), c = member("c/1", {"work"});
    const ownership before({a, b, c}, "a/1"), after({a, b}, "a/1");
    std::map<std::string, int> shares;
    for (std::uint32_t p = 0; p < 3'000; ++p) {
      ++shares[owner_of(before, p)];
      if (owner_of(before, p) != "c/1") CHECK(owner_of(after, p) == owner_of(before, p));
    }
    for (const auto* who : {"a/1", "b/1", "c/1"}) {
      CHECK(shares[who] > 850);
      CHECK(shares[who] < 1'150);
    }
  }

  TEST_CASE("only who serves a task owns its jobs, and nobody's are those that nobody serves") {
    const ownership all({member("old/1", {"work"}), member("new/1", {"novelty", "work"})}, "old/1");
    for (std::uint32_t p = 0; p < 64; ++p) {
      CHECK(owner_of(all, p, "novelty") == "new/1");
      CHECK(owner_of(all, p, "unheard of") == "nobody");
    }
  }

  TEST_CASE("who is blocked owns nothing, unless nobody else serves the task") {
    const ownership all({member("blocked/1", {"rare", "work"}, false), member("free/1", {"work"})}, "free/1");
    for (std::uint32_t p = 0; p < 64; ++p) {
      CHECK(owner_of(all, p) == "free/1");
      CHECK(owner_of(all, p, "rare") == "blocked/1");
      CHECK(all.is_reaper(p));
    }
  }

  TEST_CASE("in each partition one member ends the runs of the dead") {
    const auto a = member("a/1", {}), b = member("b/1", {"work"});
    const ownership one({a, b}, "a/1"), other({a, b}, "b/1"), nobody{};
    int firsts = 0;
    for (std::uint32_t p = 0; p < 64; ++p) {
      CHECK(one.is_reaper(p) != other.is_reaper(p));
      CHECK_FALSE(nobody.is_reaper(p));
      firsts += one.is_reaper(p) ? 1 : 0;
    }
    CHECK(firsts > 0);
    CHECK(firsts < 64);
  }

  TEST_CASE("another view answers the same only if members, their work and their readiness are the same") {
    const auto a = member("a/1", {"work"}), b = member("b/1", {"work"});
    const ownership before({a, b}, "a/1");
    CHECK(before.same_as(ownership({b, a}, "a/1")));
    CHECK_FALSE(before.same_as(ownership({a}, "a/1")));
    CHECK_FALSE(before.same_as(ownership({a, member("b/2", {"work"})}, "a/1")));
    CHECK_FALSE(before.same_as(ownership({a, member("b/1", {"more", "work"})}, "a/1")));
    CHECK_FALSE(before.same_as(ownership({a, member("b/1", {"work"}, false)}, "a/1")));
    CHECK(before.is_live("b/1"));
    CHECK_FALSE(before.is_live("b/2"));
  }
}
