#include <doctest/doctest.h>

#include <algorithm>
#include <carillon/sql/inspection.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "contract/job_store.hpp"
#include "contract/job_store_walk.hpp"
#include "sql/sql_world.hpp"
#include "support/with_job_a.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using sql::table_fault_kind;

/// A store of two partitions with a job "a" in it, and who looks at it.
class looked_at_world : public with_job_a<sql_backend_world> {
 public:
  explicit looked_at_world(const test_database& database) : with_job_a{database} {
    open_with_job();
    touches_.connect();
    facts = run(inspector.store());
    home = partition_of("a", 2);
  }
  ~looked_at_world() {
    try {
      run(store.close());
    } catch (const boost::system::system_error& fault) {
      if (!is_touched_) MESSAGE(fault.what());  // Else it may not be to be closed any more.
    }
    run(backend.close());
  }

  static std::string count_of(instant time) { return std::to_string(time.time_since_epoch().count()); }

  /// "UPDATE %jobs SET …": what follows % is a table of the store.
  void touch(std::string text) {
    for (auto at = text.find('%'); at != std::string::npos; at = text.find('%'))
      text.replace(at, 1, touches_.speaks().table(""));
    touches_.run(text);
    is_touched_ = true;
  }
  sql::store_look look() { return run(inspector.look(facts, 30s)); }
  /// Whether there is just this fault.
  bool finds(table_fault_kind what, std::string_view subject) {
    const auto found = look().faults;
    if (found.size() == 1 && found[0].what == what && found[0].subject == subject) return true;
    for (const auto& fault : found) MESSAGE(name(fault.what), " ", fault.subject, " ", fault.detail);
    return false;
  }

  sql::inspection inspector{url};
  store_facts facts;
  std::uint32_t home = 0;

 private:
  sql::session touches_{tables->where, 20s};
  bool is_touched_ = false;
};

std::string bytes_of(const std::string& file) {
  std::ifstream from{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{from}, {}};
}

}  // namespace

TEST_SUITE("sql inspection") {
  TEST_CASE("where there is no store it says so, names others, and makes nothing") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      const temporary_folder folder;
      loop_world world;
      const auto url = database.new_url(folder);
      sql::inspection inspector{url};
      CHECK(inspector.is_there() == database.is_server);
      const auto none = world.run(inspector.store());
      CHECK_FALSE(none.exists);
      CHECK(none.why_none.empty() == database.is_server);
      if (!database.is_server) {
        CHECK(std::filesystem::is_empty(folder.path("")));
        continue;
      }
      const auto again = world.run(inspector.store());
      CHECK_FALSE(again.exists);
      CHECK(std::ranges::find(again.other_namespaces, inspector.name_space()) ==
            again.other_namespaces.end());
    }
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      looked_at_world world{database};
      const auto other = world.url.substr(0, world.url.find('?')) + "?namespace=nobodys";
      sql::inspection inspector{other};
      const auto none = world.run(inspector.store());
      CHECK_FALSE(none.exists);
      CHECK(std::ranges::find(none.other_namespaces, world.inspector.name_space()) !=
            none.other_namespaces.end());
    }
  }

  TEST_CASE("who looks can write nothing") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      const looked_at_world world{database};
      sql::session looks{world.tables->where, 5s, sql::session_use::looks};
      looks.connect();
      CHECK_THROWS_AS(looks.run("DELETE FROM " + looks.speaks().table("jobs")), sql::database_error);
      looks.disconnect();
      looks.connect();
      CHECK_THROWS_AS(looks.run("CREATE TABLE " + looks.speaks().table("more") + " (id INTEGER)"),
                      sql::database_error);
    }
  }

  TEST_CASE("whatever was done to a store, its tables agree, and a look leaves them as they are") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      for (std::uint64_t seed = 0; seed < 2; ++seed) {
        CAPTURE(seed);
        looked_at_world world{database};
        job_store_walk walk{world, world.store, seed};
        walk.run(200);
        const auto before = world.run(world.backend.history({}));
        const auto seen = world.look();
        for (const auto& fault : seen.faults)
          MESSAGE(name(fault.what), " ", fault.subject, " ", fault.detail);
        CHECK(seen.faults.empty());
        CHECK(seen.contents.ledger >= before.entries.size());
        CHECK(world.look().contents.ledger == seen.contents.ledger);
      }
    }
  }

  TEST_CASE("it says how much lies in a store, what runs and what is overdue") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      looked_at_world world{database};
      CHECK(world.facts.exists);
      CHECK(world.facts.known_format);
      CHECK(world.facts.partitions == 2);
      world.enqueue(world.now() - 2min);
      world.take(world.now());
      world.enqueue(world.now() - 1min);
      const auto seen = world.look();
      CHECK(seen.contents.jobs == 1);
      CHECK(seen.contents.runs == 1);
      CHECK(seen.contents.waiting == 1);
      REQUIRE(seen.contents.active.size() == 1);
      CHECK(seen.contents.active[0].member == "cellar/1");
      CHECK(seen.contents.active[0].job == "a");
      CHECK_MESSAGE(seen.contents.overdue.empty(), "what waits has no place yet: max_instances run");
      CHECK(seen.members.members.empty());
      CHECK(seen.shares.unserved == 1);
      auto late = contract::world::record("b");
      late.cursor = late.due = world.now() - 5min;
      world.run(world.store.add(late, on_conflict::refuse));
      const auto overdue = world.look().contents.overdue;
      REQUIRE(overdue.size() == 1);
      CHECK(overdue[0].job == "b");
      CHECK_FALSE(overdue[0].waiting);
    }
  }

  TEST_CASE("who takes part is told with what it serves, and who has ended without a word") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      looked_at_world world{database};
      served_work work;
      work.body_executors = {""};
      work.tasks = {"a"};
      world.run(world.members.publish_work(work));
      const auto identity = store_identity{world.facts.id, world.facts.partitions};
      member_info me;
      me.id = "cellar/1", me.instance = "cellar", me.work_digest = work.digest();
      world.run(world.members.join(me, 60s, identity));
      auto seen = world.look();
      REQUIRE(seen.members.members.size() == 1);
      REQUIRE(seen.members.members[0].work);
      CHECK(seen.members.members[0].work->tasks == work.tasks);
      CHECK(seen.shares.owned.contains("cellar/1") == (seen.shares.unserved == 0));
      CHECK(seen.expired.empty());
      world.touch("UPDATE %members SET expires = 1");
      seen = world.look();
      CHECK(seen.members.members.empty());
      CHECK(seen.expired == std::vector<std::string>{"cellar/1"});
    }
  }

  TEST_CASE("jobs that run after others are told of when those are not there, and groups as they were said") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      looked_at_world world{database};
      world.run(world.store.add(contract::world::record("f", {}, "after a"), on_conflict::refuse));
      CHECK(world.look().missing.empty());
      world.run(world.store.remove("a", std::nullopt, false));
      const auto missing = world.look().missing;
      REQUIRE(missing.size() == 1);
      CHECK(missing[0].job == "a");
      CHECK(missing[0].follower == "f");
      world.touch(
          R"(INSERT INTO %groups (name, used, content) VALUES ('db', 1, '{"c/1":{"number":1,"limit":3,"given":5,"returned":4,"waiting":2}}'))");
      const auto groups = world.look().groups;
      REQUIRE(groups.size() == 1);
      REQUIRE(groups[0].parts.size() == 1);
      CHECK(groups[0].parts[0].limit == 3);
      CHECK(groups[0].parts[0].held == 1);
      CHECK(groups[0].parts[0].waiting == 2);
    }
  }

  TEST_CASE("rows that cannot be read, and columns that say other than the record, are found") {
    using enum table_fault_kind;
    struct damage {
      const char* done;
      table_fault_kind what;
      std::string subject;
    };
    for (const auto& database : test_databases()) {
      for (const auto& [done, what, subject] :
           {damage{"UPDATE %jobs SET content = '?'", unreadable_job, "a"},
            damage{"UPDATE %jobs SET content = '{\"born\":\"x\"}'", unreadable_job, "a"},
            damage{"UPDATE %jobs SET state = 17", unreadable_job, "a"},
            damage{"UPDATE %definitions SET content = '{}'", unreadable_job, "a"},
            damage{"DELETE FROM %definitions", unreadable_job, "a"},
            damage{"UPDATE %jobs SET state = -1, content = '?'", unreadable_runs, "a"},
            damage{"UPDATE %jobs SET due = NULL", wrong_columns, "a"},
            damage{"UPDATE %jobs SET waiting = 5", wrong_columns, "a"},
            damage{"UPDATE %jobs SET task = 'other'", wrong_columns, "a"},
            damage{"UPDATE %jobs SET part = 1 - part", wrong_partition, "a"},
            damage{"DELETE FROM %jobs", text_without_job, "a"},
            damage{"INSERT INTO %members (id, expires, content) VALUES ('b/1', 1, '[]')", unreadable_member,
                   "b/1"},
            damage{"INSERT INTO %works (digest, used, content) VALUES ('00', 1, '?')", unreadable_work, "00"},
            damage{"INSERT INTO %groups (name, used, content) VALUES ('db', 1, '?')", unreadable_group, "db"},
            damage{"INSERT INTO %untold (part, num, content) VALUES (0, 7, '?')", unreadable_end,
                   "7 of partition 0"},
            damage{"UPDATE %parts SET store = 1 WHERE part = 1", foreign_partition, "1"},
            damage{"DELETE FROM %parts WHERE part = -2", foreign_partition, "-2"},
            damage{"DROP TABLE %tokens", missing_table, ""}}) {
        CAPTURE(database.name);
        CAPTURE(done);
        looked_at_world world{database};
        world.touch(done);
        // Without its row a job leaves its definition, and with state -1 as well.
        if (what == unreadable_runs) world.touch("DELETE FROM %definitions");
        CHECK(world.finds(what, subject));
      }
    }
  }

  TEST_CASE("a server is told with its kind and version, its clock and what is at stake") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      looked_at_world world{database};
      const auto report = world.run(world.inspector.server());
      CHECK(report.product == database.name);
      CHECK_FALSE(report.version.empty());
      CHECK_FALSE(report.settings.empty());
      CHECK(report.clock_offset.has_value() == database.is_server);
      if (report.clock_offset) CHECK(std::chrono::abs(*report.clock_offset) < 5s);
      CHECK(std::ranges::none_of(report.findings, &server_finding::unfit));
    }
    looked_at_world world{test_databases()[1]};
    const auto report = world.run(world.inspector.server());
    const auto says = [&](std::string_view words) {
      return std::ranges::any_of(report.findings, [&](const server_finding& one) {
        return one.message.find(words) != std::string::npos;
      });
    };
    CHECK_MESSAGE(says("fsync is off"), "as this test has started it");
  }

  TEST_CASE("a file that is damaged is found so, and is not changed by a look at it") {
    const temporary_folder folder;
    const auto file = folder.path("jobs.db");
    {
      looked_at_world world{test_databases()[0]};
      for (int k = 0; k < 300; ++k)
        world.run(world.store.add(contract::world::record("job-" + std::to_string(k)), on_conflict::refuse));
      world.touch("PRAGMA wal_checkpoint(TRUNCATE)");
      std::filesystem::copy_file(world.tables->where.file, file);
    }
    loop_world world;
    const auto whole = bytes_of(file);
    {
      sql::inspection inspector{"sqlite:" + file};
      CHECK(std::ranges::none_of(world.run(inspector.server()).findings, &server_finding::unfit));
      const auto facts = world.run(inspector.store());
      CHECK(world.run(inspector.look(facts, 30s)).contents.jobs == 301);
    }
    CHECK(bytes_of(file) == whole);
    {
      std::fstream damages{file, std::ios::binary | std::ios::in | std::ios::out};
      damages.seekp(32'768);
      damages << std::string(16'384, '?');
    }
    sql::inspection inspector{"sqlite:" + file};
    const auto report = world.run(inspector.server());
    REQUIRE_FALSE(report.findings.empty());
    CHECK(report.findings[0].unfit);
    CHECK(report.findings[0].message.starts_with("the file is damaged: "));
  }
}

}  // namespace carillon::testing
