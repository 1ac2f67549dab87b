#include <doctest/doctest.h>

#include "redis/backend_world.hpp"
#include "redis/member_backend.hpp"
#include "support/members_world.hpp"

namespace carillon::testing {

namespace {

using kind = members_answer::kind;

/// What an instance uses of a namespace of its own.
struct redis_backends : backend_world {
  redis::member_backend members{connection, name_space};
};

class member_world : public members_world<redis_backends> {
 public:
  std::string cli(const std::string& key_at_1, std::vector<std::string> command) {
    command.at(1) = "carillon:{" + name_space + "}:" + key_at_1;
    return shared_server().cli(command);
  }
  /// As if Redis's clock had been set on by so much since the last heartbeat: all that it wrote lies back.
  void set_clock_on(std::int64_t ms) {
    const auto live = run(members.members()).members;
    const auto beat = cli("beat", {"GET", ""});
    const auto length = beat.find(' ');
    cli("beat", {"SET", "", std::to_string(std::stoll(beat) - ms) + beat.substr(length)});
    for (const auto& member : live) {
      cli("members", {"ZINCRBY", "", std::to_string(-ms), member.id});
    }
  }
  void expire(const std::string& member) { cli("members", {"ZADD", "", "1", member}); }
};

}  // namespace

TEST_SUITE("redis member_backend") {
  TEST_CASE("a member that joins is seen by all, as it says that it is") {
    member_world w;
    const auto before = w.run(w.members.members());
    CHECK(before.members.empty());
    const auto answer = w.join("a/00000001");
    CHECK(answer.what == kind::member);
    REQUIRE(answer.members.size() == 1);
    const auto& seen = answer.members[0];
    const auto expected = w.named("a/00000001");
    CHECK(seen.id == expected.id);
    CHECK(seen.instance == "a");
    CHECK(seen.host == expected.host);
    CHECK(seen.process == expected.process);
    CHECK(seen.version == expected.version);
    CHECK(seen.started == expected.started);
    CHECK(seen.takes_jobs);
    CHECK(seen.work_digest == expected.work_digest);
    CHECK_FALSE(seen.work);
    CHECK_FALSE(seen.clock_offset);
    CHECK(seen.expires == answer.store_time + w.lease);
    w.join("b/00000002");
    CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"a/00000001", "b/00000002"});
  }

  TEST_CASE("a heartbeat renews a lease, and tells what has changed") {
    member_world w;
    w.join("a/1");
    auto me = w.named("a/1");
    me.takes_jobs = false;
    me.clock_offset = milliseconds{-1'500};
    const auto answer = w.run(w.members.heartbeat(me, 2 * w.lease, w.store));
    CHECK(answer.what == kind::member);
    CHECK(answer.members.at(0).expires == answer.store_time + 2 * w.lease);
    CHECK_FALSE(answer.members.at(0).takes_jobs);
    CHECK(answer.members.at(0).clock_offset == milliseconds{-1'500});
  }

  TEST_CASE("a member whose lease has run out is dropped by the next heartbeat, and is not let in again") {
    member_world w;
    w.join("a/1");
    w.join("b/1");
    w.expire("a/1");
    CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"b/1"});
    CHECK(w.ids(w.heartbeat("b/1")) == std::vector<std::string>{"b/1"});
    CHECK(w.cli("member:a/1", {"EXISTS", ""}) == "0");
    const auto refused = w.heartbeat("a/1");
    CHECK(refused.what == kind::gone);
    CHECK(w.ids(refused) == std::vector<std::string>{"b/1"});
    CHECK(w.join("a/2").what == kind::member);
  }

  TEST_CASE("a heartbeat that comes after one's own lease finds oneself gone") {
    member_world w;
    w.join("a/1");
    w.expire("a/1");
    CHECK(w.heartbeat("a/1").what == kind::gone);
  }

  TEST_CASE("when Redis's clock jumps, on or back, nobody is dropped for it") {
    for (const std::int64_t jump : {31'000, 3'600'000, -3'600'000}) {
      CAPTURE(jump);
      member_world w;
      w.join("a/1");
      w.join("b/1");
      w.set_clock_on(jump);
      CHECK(w.run(w.members.members()).members.size() == 2);
      const auto answer = w.heartbeat("a/1");
      CHECK(answer.what == kind::member);
      REQUIRE(answer.members.size() == 2);
      const auto& other = answer.members[0].id == "b/1" ? answer.members[0] : answer.members[1];
      CHECK(other.expires > answer.store_time + w.lease - milliseconds{5'000});
      CHECK(other.expires <= answer.store_time + w.lease);
    }
  }

  TEST_CASE("silence of less than half a lease is no jump of the clock") {
    member_world w;
    w.join("a/1");
    w.join("b/1");
    w.set_clock_on(20'000);
    const auto answer = w.heartbeat("a/1");
    const auto& other = answer.members[0].id == "b/1" ? answer.members[0] : answer.members[1];
    CHECK(other.expires <= answer.store_time + w.lease - milliseconds{20'000});
  }

  TEST_CASE("who leaves is gone at once, and may say so twice") {
    member_world w;
    w.join("a/1");
    w.join("b/1");
    for (int times = 0; times < 2; ++times) w.run(w.members.leave("a/1"));
    CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"b/1"});
    CHECK(w.heartbeat("a/1").what == kind::gone);
  }

  TEST_CASE("a join that is sent again renews, and adds nothing") {
    member_world w;
    w.join("a/1");
    CHECK(w.join("a/1").members.size() == 1);
  }

  TEST_CASE("nobody is a member of another store than the one that was opened") {
    member_world w;
    w.join("a/1");
    auto other = w.store;
    ++other.id;
    CHECK(w.run(w.members.heartbeat(w.named("a/1"), w.lease, other)).what == kind::other_store);
    CHECK(w.run(w.members.join(w.named("b/1"), w.lease, other)).what == kind::other_store);
    CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"a/1"});
    w.cli("meta", {"DEL", ""});
    CHECK(w.run(w.members.members()).what == kind::other_store);
    CHECK(w.heartbeat("a/1").what == kind::other_store);
  }

  TEST_CASE("what a digest stands for is kept while heartbeats name it") {
    member_world w;
    const auto work = w.work();
    auto me = w.named("a/1");
    me.work_digest = work.digest();
    CHECK_FALSE(w.run(w.members.fetch_work(work.digest())));
    w.run(w.members.publish_work(work));
    const auto there = w.run(w.members.fetch_work(work.digest()));
    REQUIRE(there);
    CHECK(*there == work);
    char key[24];
    std::snprintf(key, sizeof key, "work:%016llx", static_cast<unsigned long long>(work.digest()));
    w.cli(key, {"EXPIRE", "", "10"});
    w.run(w.members.join(me, w.lease, w.store));
    CHECK(std::stoi(w.cli(key, {"TTL", ""})) > 3'000);
  }

  TEST_CASE("everything that a member leaves behind has a time to live") {
    member_world w;
    w.join("a/1");
    CHECK(std::stoi(w.cli("member:a/1", {"TTL", ""})) > 60);
  }
}

}  // namespace carillon::testing
