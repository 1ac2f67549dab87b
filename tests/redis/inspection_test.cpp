#include <doctest/doctest.h>

#include <algorithm>
#include <carillon/redis/inspection.hpp>
#include <carillon/redis/link.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "contract/job_store_walk.hpp"
#include "redis/backend_world.hpp"
#include "redis/data_faults.hpp"
#include "support/with_job_a.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using redis::data_fault;
using redis::data_fault_kind;

/// A store of two partitions with a job "a" in it, that has a run which is active and one that waits; and who
/// inspects it.
struct inspected_world : with_job_a<backend_world> {
  inspected_world()
      : link{io,
             redis::link_options{.url = shared_server().url(), .name_space = name_space, .logger = logger}},
        inspector{link} {
    open_with_job();
    run(inspector.open());
    facts = run(inspector.store());
    home = partition_of("a", 2);
  }
  ~inspected_world() {
    run(inspector.close());
    run(store.close());
  }

  std::string key(std::string_view name) const {
    return "carillon:{" + name_space + ":" + std::to_string(home) + "}:" + std::string{name};
  }
  void ask(const std::vector<std::string>& words) const { shared_server().cli(words); }

  /// All faults, as "kind subject".
  std::vector<data_fault> faults() {
    auto found = run(inspector.keys(facts));
    for (std::uint32_t which = 0; which < facts.partitions; ++which) {
      const auto partition = run(inspector.partition(facts, which, 30s));
      found.insert(found.end(), partition.faults.begin(), partition.faults.end());
    }
    return found;
  }
  /// Finds just this fault, mends it, and finds nothing any more.
  void finds_and_mends(data_fault_kind what, std::string_view subject) {
    CAPTURE(name(what));
    const auto found = faults();
    REQUIRE(found.size() == 1);
    CHECK(name(found[0].what) == name(what));
    CHECK(found[0].subject == subject);
    CHECK(run(inspector.repair(facts, found[0])));
    CHECK_FALSE(run(inspector.repair(facts, found[0])));
    CHECK(faults().empty());
  }

  redis::link link;
  redis::inspection inspector;
  store_facts facts;
  std::uint32_t home = 0;
};

}  // namespace

TEST_SUITE("inspection") {
  TEST_CASE("whatever was done to a store, its indexes agree") {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      CAPTURE(seed);
      inspected_world world;
      job_store_walk walk{world, world.store, seed};
      walk.run(300);
      const auto found = world.faults();
      CAPTURE(found.size());
      for (const auto& fault : found) MESSAGE(name(fault.what), " ", fault.subject, " ", fault.detail);
      CHECK(found.empty());
    }
  }

  TEST_CASE("a partition says how much lies in it, what runs and what is overdue") {
    inspected_world world;
    world.enqueue(world.now() - 2min);
    world.take(world.now());
    world.enqueue(world.now() - 1min);
    auto seen = world.run(world.inspector.partition(world.facts, world.home, 30s));
    CHECK(seen.jobs == 1);
    CHECK(seen.runs == 1);
    CHECK(seen.waiting == 1);
    REQUIRE(seen.active.size() == 1);
    CHECK(seen.active[0].member == "cellar/1");
    CHECK(seen.active[0].job == "a");
    CHECK_MESSAGE(seen.overdue.empty(), "what waits has no place yet: max_instances run");
    world.ask(
        {"ZADD", world.key("due"), std::to_string((world.now() - 1min).time_since_epoch().count()), "a"});
    seen = world.run(world.inspector.partition(world.facts, world.home, 30s));
    REQUIRE(seen.overdue.size() == 1);
    CHECK(seen.overdue[0].job == "a");
  }

  TEST_CASE("what belongs to no job is found and taken away") {
    inspected_world world;
    world.ask({"ZADD", world.key("due"), "5", "ghost"});
    world.finds_and_mends(data_fault_kind::due_without_job, "ghost");
    world.ask({"ZADD", world.key("ids"), "0", "ghost"});
    world.finds_and_mends(data_fault_kind::id_without_job, "ghost");
    world.ask({"HSET", world.key("definitions"), "ghost", "{}"});
    world.finds_and_mends(data_fault_kind::text_without_job, "ghost");
    for (const auto* index : {"notes", "skips", "carried"}) {
      world.ask({"HSET", world.key(index), "ghost", "why"});
      world.finds_and_mends(data_fault_kind::text_without_job, "ghost");
    }
  }

  TEST_CASE("an index that disagrees with the record is put right") {
    inspected_world world;
    world.ask({"ZREM", world.key("due"), "a"});
    world.finds_and_mends(data_fault_kind::wrong_due, "a");
    world.ask({"ZADD", world.key("due"), "5", "a"});
    world.finds_and_mends(data_fault_kind::wrong_due, "a");
    world.ask({"ZREM", world.key("ids"), "a"});
    world.finds_and_mends(data_fault_kind::job_without_id, "a");
  }

  TEST_CASE("active runs and their records are put in step") {
    inspected_world world;
    world.enqueue(world.now() - 1min);
    world.take(world.now());
    world.ask({"DEL", world.key("active")});
    world.finds_and_mends(data_fault_kind::run_without_active, "run-1");
    world.ask({"HDEL", world.key("runs"), "run-1"});
    const auto found = world.faults();
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == data_fault_kind::active_without_run);
    CHECK(found[0].detail == "a");
    CHECK(world.run(world.inspector.repair(world.facts, found[0])));
    CHECK(world.faults().empty());
  }

  TEST_CASE("waiting runs are looked for again, and those of nobody end in the ledger") {
    inspected_world world;
    world.enqueue(world.now() + 1h);
    world.ask({"ZADD", world.key("waiting"), "5", "a"});
    world.finds_and_mends(data_fault_kind::wrong_waiting, "a");
    world.ask({"ZREM", world.key("waiting"), "a"});
    world.finds_and_mends(data_fault_kind::wrong_waiting, "a");
    for (const auto* index : {"jobs", "definitions"}) world.ask({"HDEL", world.key(index), "a"});
    for (const auto* index : {"ids", "due"}) world.ask({"ZREM", world.key(index), "a"});
    world.finds_and_mends(data_fault_kind::waiting_without_job, "a");
    ledger_query query;
    query.job = "a";
    const auto page = world.run(world.store.history(query));
    REQUIRE(page.entries.size() == 1);
    CHECK(page.entries[0].result.message == "removed");
  }

  TEST_CASE("a key that would vanish is kept, and one that should is given its time") {
    inspected_world world;
    world.ask({"EXPIRE", world.key("jobs"), "1000"});
    world.finds_and_mends(data_fault_kind::vanishing_key, world.key("jobs"));
    world.ask({"SET", world.key("ended:17"), "0"});
    world.finds_and_mends(data_fault_kind::lasting_key, world.key("ended:17"));
  }

  TEST_CASE("what cannot be mended without a risk is found and left alone") {
    inspected_world world;
    world.ask({"HDEL", world.key("definitions"), "a"});
    world.ask({"HSET", world.key("runs"), "broken", "?"});
    world.ask({"SET", world.key("mine"), "?"});
    const auto found = world.faults();
    CHECK(found.size() == 3);
    for (const auto& fault : found) {
      CAPTURE(name(fault.what));
      CHECK_FALSE(redis::can_repair(fault.what));
      CHECK_FALSE(world.run(world.inspector.repair(world.facts, fault)));
    }
    CHECK(world.faults().size() == 3);
    world.ask({"HDEL", world.key("runs"), "broken"});
  }

  TEST_CASE("records that are not what they should be are told, and hide no others") {
    inspected_world world;
    world.enqueue(world.now() - 1min);
    world.take(world.now());
    for (const auto* text : {"?", "\x90", "\x93\x01\x02\x03"}) {
      world.ask({"HSET", world.key("runs"), "broken", text});
      const auto found = world.faults();
      REQUIRE(found.size() == 1);
      CHECK(found[0].what == data_fault_kind::unreadable_run);
      CHECK(found[0].subject == "broken");
      const auto news = world.run(world.inspector.news(world.facts, world.home, {}));
      REQUIRE(news.runs.size() == 1);
      CHECK(news.runs[0].run_id == "run-1");
    }
    world.ask({"HDEL", world.key("runs"), "broken"});
    world.ask({"HSET", world.key("jobs"), "b", "?"});
    for (const auto* command : {"ids", "due", "waiting"}) world.ask({"ZADD", world.key(command), "1", "b"});
    world.ask({"HSET", world.key("definitions"), "b", "{}"});
    bool told = false;
    for (const auto& fault : world.faults())
      told = told || (fault.what == data_fault_kind::unreadable && fault.subject == "b");
    CHECK(told);
    CHECK(world.run(world.inspector.shares(world.facts, {})).unserved == 1);
  }

  TEST_CASE("records of another layout are found") {
    inspected_world world;
    world.enqueue(world.now() - 1min);
    world.take(world.now());
    const auto change = [&](const char* index, const char* which, const char* how) {
      const auto script = std::string{"local job = cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1])) "} +
                          how + " return redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(job))";
      world.ask({"EVAL", script, "1", world.key(index), which});
    };
    for (const auto* how :
         {"job[13] = nil", "job[13] = 5", "job[13] = 'x'", "job[14] = 0", "job[1] = 'x'", "job[8] = {}",
          "local rest = cmsgpack.unpack(job[13]) rest[17] = nil job[13] = cmsgpack.pack(rest)",
          "local rest = cmsgpack.unpack(job[13]) rest[18] = 0 job[13] = cmsgpack.pack(rest)",
          "local rest = cmsgpack.unpack(job[13]) rest[8] = 0 job[13] = cmsgpack.pack(rest)"}) {
      CAPTURE(how);
      world.ask({"EVAL", "return redis.call('SET', KEYS[2], redis.call('HGET', KEYS[1], 'a'))", "2",
                 world.key("jobs"), "{" + world.name_space + "}kept"});
      change("jobs", "a", how);
      const auto found = world.faults();
      REQUIRE(found.size() == 1);
      CHECK(found[0].what == data_fault_kind::unreadable);
      world.ask({"EVAL", "return redis.call('HSET', KEYS[1], 'a', redis.call('GET', KEYS[2]))", "2",
                 world.key("jobs"), "{" + world.name_space + "}kept"});
    }
    CHECK(world.faults().empty());
    change("runs", "run-1", "job[13] = nil");  // As before runs carried a revision.
    const auto found = world.faults();
    REQUIRE(found.size() == 1);
    CHECK(found[0].what == data_fault_kind::unreadable_run);
    change("runs", "run-1", "job[13] = 5");
    CHECK(world.faults().empty());
  }

  TEST_CASE("a waiting run that cannot be read is taken away, and the ledger says so") {
    inspected_world world;
    const auto due = world.now() - 1min;
    world.enqueue(world.now() + 1h);
    const auto score = std::to_string(due.time_since_epoch().count());
    world.ask({"ZADD", world.key("wait:a"), score, "0000000000000001?"});
    world.ask({"ZADD", world.key("waiting"), score, "a"});
    world.finds_and_mends(data_fault_kind::unreadable_waiting, "a");
    ledger_query query;
    query.job = "a";
    const auto page = world.run(world.store.history(query));
    REQUIRE(page.entries.size() == 1);
    CHECK(page.entries[0].first == due);
    CHECK(page.entries[0].result.message == "its record could not be read");
  }

  TEST_CASE("jobs are counted by who owns them, and those that nobody can run are named") {
    inspected_world world;
    member_info cellar, attic;
    cellar.id = "cellar/1", attic.id = "attic/1";
    served_work work;
    work.tasks = {"other"};
    cellar.work = std::make_shared<const served_work>(work);
    auto shares = world.run(world.inspector.shares(world.facts, {cellar}));
    CHECK(shares.owned.empty());
    CHECK(shares.unserved == 1);
    REQUIRE(shares.unserved_jobs.size() == 1);
    CHECK(shares.unserved_jobs[0].id == "a");
    work.tasks = {"a", shares.unserved_jobs[0].task};
    std::ranges::sort(work.tasks);
    attic.work = std::make_shared<const served_work>(work);
    shares = world.run(world.inspector.shares(world.facts, {cellar, attic}));
    CHECK(shares.unserved == 0);
    CHECK(shares.owned == std::map<std::string, std::uint64_t>{{"attic/1", 1}});
  }

  TEST_CASE("the ledger and a job can be read without opening the store") {
    inspected_world world;
    CHECK(world.run(world.inspector.job(world.facts, "a")).value().id() == "a");
    CHECK_FALSE(world.run(world.inspector.job(world.facts, "b")));
    ledger_query query;
    CHECK(world.run(world.inspector.history(world.facts, query)).entries.empty());
  }

  TEST_CASE("a partition of another store is told, and not looked into") {
    inspected_world world;
    world.ask({"SET", world.key("store"), "17"});
    const auto seen = world.run(world.inspector.partition(world.facts, world.home, 30s));
    REQUIRE(seen.faults.size() == 1);
    CHECK(seen.faults[0].what == data_fault_kind::foreign_partition);
    CHECK(seen.jobs == 0);
    world.ask({"SET", world.key("store"), std::to_string(world.facts.id)});
  }

  TEST_CASE("a namespace in which there is no store names those that there are, and none is made") {
    inspected_world world;
    redis::link elsewhere{world.io,
                          redis::link_options{.url = shared_server().url(), .name_space = "nowhere"}};
    redis::inspection inspector{elsewhere};
    world.run(inspector.open());
    const auto facts = world.run(inspector.store());
    world.run(inspector.close());
    CHECK_FALSE(facts.exists);
    CHECK(std::ranges::find(facts.other_namespaces, world.name_space) != facts.other_namespaces.end());
    CHECK(shared_server().cli({"KEYS", "carillon:{nowhere*"}).find("carillon") == std::string::npos);
  }

  TEST_CASE("news are what has happened since they were last asked for, and each once") {
    inspected_world world;
    world.enqueue(world.now() - 1min);
    auto news = world.run(world.inspector.news(world.facts, world.home, {}));
    CHECK(news.entries.empty());
    news = world.run(world.inspector.news(world.facts, world.home, news));
    CHECK_FALSE(news.changed);
    world.take(world.now());
    news = world.run(world.inspector.news(world.facts, world.home, news));
    REQUIRE(news.runs.size() == 1);
    CHECK(news.runs[0].run_id == "run-1");
    CHECK(news.entries.empty());
    const outcome fine;
    auto report = contract::world::report("a", "run-1", news.runs[0].fence, fine, world.now());
    report.member = "cellar/1";
    REQUIRE(world.run(world.store.finish(report)).what == finish_answer::kind::done);
    news = world.run(world.inspector.news(world.facts, world.home, news));
    CHECK(news.runs.empty());
    REQUIRE(news.entries.size() == 1);
    CHECK(news.entries[0].run == "run-1");
    CHECK(world.run(world.inspector.news(world.facts, world.home, news)).entries.empty());
    world.ask({"XADD", world.key("ledger"), "*", "x", "y"});
    world.enqueue(world.now() + 1h);
    news = world.run(world.inspector.news(world.facts, world.home, news));
    CHECK(news.changed);
    CHECK(news.entries.empty());  // That one cannot be read.
  }

  TEST_CASE("it says who has what of a group") {
    inspected_world w;
    CHECK(w.run(w.inspector.groups()).empty());
    const auto prefix = "carillon:{" + w.name_space + "}:";
    shared_server().cli({"ZADD", prefix + "members", "99999999999999", "a/1"});
    group_request said;
    said.group = "db";
    said.number = 1;
    said.limit = 2;
    said.waiting = 3;
    said.ranks = {1, 2, 3};
    CHECK(w.run(w.backend.share_group("a/1", said)).given == 2);
    const auto groups = w.run(w.inspector.groups());
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].name == "db");
    REQUIRE(groups[0].parts.size() == 1);
    CHECK(groups[0].parts[0].member == "a/1");
    CHECK(groups[0].parts[0].limit == 2);
    CHECK(groups[0].parts[0].held == 2);
    CHECK(groups[0].parts[0].waiting == 1);
  }

  TEST_CASE("the server says what it is, and is measured") {
    inspected_world world;
    const auto server = world.run(world.inspector.server());
    CHECK(server.role == "master");
    CHECK_FALSE(server.version.empty());
    CHECK(server.latency > 0us);
    CHECK(server.clock_offset < 1s);
    CHECK(server.clock_offset > -1s);
  }
}

}  // namespace carillon::testing
