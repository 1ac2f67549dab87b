#include <doctest/doctest.h>

#include "sql/sql_world.hpp"
#include "support/members_world.hpp"

namespace carillon::testing {

namespace {

using what_of_member = members_answer::kind;

class sql_member_world : public members_world<sql_backend_world> {
 public:
  explicit sql_member_world(const test_database& database) : members_world{database} { look_.connect(); }
  ~sql_member_world() { run(backend.close()); }

  void run_sql(std::string_view before, std::string_view table, std::string_view after) {
    look_.run(std::string{before} + look_.speaks().table(table) + std::string{after});
  }
  /// As if the database's clock had been set on by so much since the last heartbeat.
  void set_clock_on(std::int64_t ms) {
    const auto at = look_.now().time_since_epoch().count() - ms;
    run_sql("UPDATE ", "meta",
            " SET content = '" + std::to_string(at) + " " + std::to_string(lease.count()) +
                "' WHERE name = 'beat'");
    run_sql("UPDATE ", "members", " SET expires = expires - " + std::to_string(ms));
  }
  void expire(const std::string& member) {
    run_sql("UPDATE ", "members", " SET expires = 1 WHERE id = '" + member + "'");
  }

 private:
  sql::session look_{tables->where, std::chrono::seconds{20}};
};

/// In SQLite one that holds no lock is dead, so that its members are those of several backends.
const std::vector<test_database>& servers() {
  static const std::vector<test_database> all(test_databases().begin() + 1, test_databases().end());
  return all;
}

}  // namespace

TEST_SUITE("sql member_backend") {
  TEST_CASE("a member that joins is seen by all, as it says that it is") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      CHECK(w.run(w.members.members()).members.empty());
      auto me = w.named("a/00000001");
      me.clock_offset = milliseconds{-1'500};
      me.takes_jobs = false;
      const auto answer = w.run(w.members.join(me, w.lease, w.store));
      CHECK(answer.what == what_of_member::member);
      REQUIRE(answer.members.size() == 1);
      for (const auto& seen : {answer.members[0], w.run(w.members.members()).members.at(0)}) {
        CHECK(seen.id == me.id);
        CHECK(seen.instance == "a");
        CHECK(seen.host == me.host);
        CHECK(seen.process == me.process);
        CHECK(seen.version == me.version);
        CHECK(seen.started == me.started);
        CHECK_FALSE(seen.takes_jobs);
        CHECK(seen.work_digest == me.work_digest);
        CHECK_FALSE(seen.work);
        CHECK(seen.clock_offset == me.clock_offset);
        CHECK(seen.expires == answer.store_time + w.lease);
      }
    }
  }

  TEST_CASE("a member whose lease has run out is dropped by the next heartbeat, and is not let in again") {
    for (const auto& database : servers()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      w.join("a/1");
      w.join("b/1");
      w.expire("a/1");
      CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"b/1"});
      CHECK(w.ids(w.heartbeat("b/1")) == std::vector<std::string>{"b/1"});
      const auto refused = w.heartbeat("a/1");
      CHECK(refused.what == what_of_member::gone);
      CHECK(w.ids(refused) == std::vector<std::string>{"b/1"});
      CHECK(w.join("a/2").what == what_of_member::member);
    }
  }

  TEST_CASE("a heartbeat that comes after one's own lease finds oneself gone") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      w.join("a/1");
      w.expire("a/1");
      CHECK(w.heartbeat("a/1").what == what_of_member::gone);
    }
  }

  TEST_CASE("when the database's clock jumps, on or back, nobody is dropped for it") {
    for (const auto& database : servers()) {
      for (const std::int64_t jump : {31'000, 3'600'000, -3'600'000}) {
        CAPTURE(database.name);
        CAPTURE(jump);
        sql_member_world w{database};
        w.join("a/1");
        w.join("b/1");
        w.set_clock_on(jump);
        CHECK(w.run(w.members.members()).members.size() == 2);
        const auto answer = w.heartbeat("a/1");
        CHECK(answer.what == what_of_member::member);
        REQUIRE(answer.members.size() == 2);
        CHECK(answer.members[1].expires > answer.store_time + w.lease - milliseconds{20'000});
        CHECK(answer.members[1].expires <= answer.store_time + w.lease);
      }
    }
  }

  TEST_CASE("who leaves is gone at once, and may say so twice; others are told") {
    for (const auto& database : servers()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      w.join("a/1");
      w.join("b/1");
      const auto before = w.nobody.changes;
      for (int times = 0; times < 2; ++times) w.run(w.members.leave("a/1"));
      CHECK(w.until([&] { return w.nobody.changes > before; }));
      CHECK(w.ids(w.run(w.members.members())) == std::vector<std::string>{"b/1"});
      CHECK(w.heartbeat("a/1").what == what_of_member::gone);
    }
  }

  TEST_CASE("a join that is sent again renews, and adds nothing") {
    for (const auto& database : test_databases()) {
      sql_member_world w{database};
      w.join("a/1");
      CHECK(w.join("a/1").members.size() == 1);
    }
  }

  TEST_CASE("nobody is a member of another store than the one that was opened") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      w.join("a/1");
      auto other = w.store;
      ++other.id;
      CHECK(w.run(w.members.heartbeat(w.named("a/1"), w.lease, other)).what == what_of_member::other_store);
      CHECK(w.run(w.members.join(w.named("b/1"), w.lease, other)).what == what_of_member::other_store);
      w.run_sql("DELETE FROM ", "meta", "");
      CHECK(w.run(w.members.members()).what == what_of_member::other_store);
      CHECK(w.heartbeat("a/1").what == what_of_member::other_store);
    }
  }

  TEST_CASE("what a digest stands for is kept while heartbeats name it") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_member_world w{database};
      const auto work = w.work();
      auto me = w.named("a/1");
      me.work_digest = work.digest();
      CHECK_FALSE(w.run(w.members.fetch_work(work.digest())));
      w.run(w.members.publish_work(work));
      w.run_sql("UPDATE ", "works", " SET used = 5");
      w.run(w.members.join(me, w.lease, w.store));
      const auto there = w.run(w.members.fetch_work(work.digest()));
      REQUIRE(there);
      CHECK(*there == work);
      w.run_sql("UPDATE ", "works", " SET used = 5");
      w.join("a/1");
      CHECK_FALSE(w.run(w.members.fetch_work(work.digest())));
    }
  }

  TEST_CASE("one that dies with its lock is gone from a file of SQLite at once") {
    temporary_folder folder;
    const auto file = folder.path("jobs.db");
    auto first = std::make_unique<sql::member_locks>(file);
    sql::member_locks second{file};
    CHECK(first->hold("a/1"));
    CHECK(first->hold("a/1"));
    CHECK_FALSE(second.is_dead("a/1"));
    CHECK_FALSE(first->is_dead("a/1"));
    CHECK_FALSE(second.hold("a/1"));
    CHECK(second.is_dead("b/1"));
    CHECK(first->hold("a/2"));
    CHECK(second.is_dead("a/1"));
    CHECK_FALSE(second.is_dead("a/2"));
    first.reset();
    CHECK(second.is_dead("a/2"));
  }
}

}  // namespace carillon::testing
