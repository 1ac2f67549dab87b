#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// Owns just the jobs whose ids begin so.
std::function<bool(const job_definition&)> only(std::string prefix) {
  return [prefix = std::move(prefix)](const job_definition& job) { return job.id.starts_with(prefix); };
}

/// Of jobs "a" and "b" the first is its own. It has run once.
struct two_jobs_world : sharing_world {
  two_jobs_world() {
    store->owner = only("a");
    add_ticking("a");
    add_ticking("b");
    start();
    pass(15s);
  }
};

}  // namespace

TEST_SUITE("which jobs an instance runs") {
  TEST_CASE("just those that it owns") {
    two_jobs_world world;
    CHECK(world.ran == words{"a 10"});
    CHECK(world.wait_for(world.scheduler.get("b")));
    CHECK(world.wait_for(world.scheduler.health()).jobs == 1);
  }

  TEST_CASE("when that changes it takes up what has come, and gives up what has gone") {
    two_jobs_world world;
    world.store->owner = only("b");
    world.store->tell().on_ownership_changed();
    world.pass(10s);
    CHECK(world.ran == words{"a 10", "b 15", "b 20"});
    CHECK(world.count(event_kind::ownership_changed) == 0);  // As many as before.
    world.store->owner = only("");
    world.store->tell().on_ownership_changed();
    world.pass(1s);
    CHECK(world.last(event_kind::ownership_changed).count == 2);
  }

  TEST_CASE("how many jobs it runs is told when what comes with the change has come, too") {
    two_jobs_world world;
    world.store->owner = only("");
    world.store->tell().on_ownership_changed();
    world.settle();
    CHECK(world.logged("jobs now") == 0);
    world.add_ticking("c");
    world.pass(1s);
    CHECK(world.logged("runs 3 jobs now, 1 before") == 1);
    CHECK(world.last(event_kind::ownership_changed).count == 3);
    world.pass(10s);
    CHECK(world.logged("jobs now") == 1);
  }

  TEST_CASE("a run of a job that has gone to another ends here, and is reported") {
    sharing_world world;
    world.add_lasting("a", 25s);
    world.start();
    world.pass(12s);
    world.store->owner = only("b");
    world.store->tell().on_ownership_changed();
    world.pass(60s);
    CHECK(world.ran == words{"+a 10", "-a 35"});
    CHECK(world.store->calls["finish"] == 1);
    CHECK(world.record("a").counters.succeeded == 1);
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
  }

  TEST_CASE("one that comes back while its run goes on is not run twice at a time") {
    sharing_world world;
    world.add_lasting("a", 25s);
    world.start();
    world.pass(12s);
    world.store->owner = only("b");
    world.store->tell().on_ownership_changed();
    world.settle();
    world.store->owner = only("a");
    world.store->tell().on_ownership_changed();
    world.pass(30s);
    CHECK(world.ran == words{"+a 10", "-a 35", "+a 40"});
  }

  TEST_CASE("jobs that stay its own are not loaded again") {
    sharing_world world;
    for (int i = 0; i < 50; ++i) world.add_ticking("a" + std::to_string(i));
    world.start();
    const auto loads = world.store->calls["load"];
    world.store->tell().on_ownership_changed();
    world.settle();
    CHECK(world.store->loaded == 0);
    CHECK(world.store->calls["load"] == loads);
  }

  TEST_CASE("what changes while it loads is looked at once more, however often it does") {
    sharing_world world;
    world.start();
    const auto before = world.store->calls["load_own"];
    world.store->held.insert("load_own");
    for (int i = 0; i < 20; ++i) {
      world.store->tell().on_ownership_changed();
      world.settle();
    }
    world.store->release("load_own");
    world.settle();
    CHECK(world.store->calls["load_own"] == before + 2);
  }

  TEST_CASE("the store is told what is served, before it is opened and when that changes, once for all") {
    sharing_world world;
    world.add_ticking("a");
    world.scheduler.task("later", [] {});
    world.start();
    REQUIRE(world.store->served.size() == 1);
    CHECK(world.store->served[0].tasks == words{"a", "later"});
    world.scheduler.task("one", [] {});
    world.scheduler.task("two", [] {});
    world.add_ticking("b");
    world.settle();
    REQUIRE(world.store->served.size() == 2);
    CHECK(world.store->served[1].tasks == words{"a", "b", "later", "one", "two"});
    std::vector<job_definition> jobs{world.definition("f", "every 10s", "one")};
    world.wait_for(world.scheduler.declare("file", jobs));
    CHECK(world.store->served.back().declared == std::vector{seed_of("f")});
  }

  TEST_CASE("an instance that is to end serves nothing more, while its runs go on") {
    sharing_world world;
    world.add_lasting("a", 25s);
    world.start();
    world.pass(12s);
    world.scheduler.shutdown()([](std::exception_ptr) {});
    world.settle();
    CHECK(world.store->served.back().tasks.empty());
    CHECK(world.is_running());
    world.pass(30s);
    CHECK(world.ran == words{"+a 10", "-a 35"});
  }

  TEST_CASE("a job whose task nobody here has is another's, and not worth a word") {
    sharing_world world;
    world.store->owner = [](const job_definition& job) { return job.task_name() != "theirs"; };
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s", "theirs")));
    world.pass(30s);
    CHECK(world.count(event_kind::job_parked) == 0);
    CHECK(world.record("a").state == job_state::active);
    CHECK(world.logged("parked") == 0);
  }

  TEST_CASE("a change by others is followed, one of its own is not asked for again") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    for (int i = 0; i < 100; ++i) world.scheduler.add(world.definition("a" + std::to_string(i), "every 1h"));
    world.settle();
    CHECK(world.store->calls["add"] == 100);
    CHECK(world.store->calls["load"] == 0);
    world.store->tell().on_job_changed("a7", UINT64_MAX);
    world.settle();
    CHECK(world.store->calls["load"] == 1);
  }

  TEST_CASE("a notice that comes before the answer it belongs to does not have the job loaded either") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.store->held_answers.insert("add");
    world.scheduler.add(world.definition("a", "every 1h"));
    world.settle();
    CHECK(world.store->calls["add"] == 1);
    world.store->release("add");
    world.settle();
    CHECK(world.store->calls["load"] == 0);
  }

  TEST_CASE("declarations go to the store many at a time, so that each of many partitions gets a batch") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    for (int i = 0; i < 10'000; ++i)
      world.scheduler.add(world.definition("a" + std::to_string(i), "every 1h"));
    world.store->held.insert("add");
    world.start();
    CHECK(world.store->calls["add"] >= 64 * 50);
    CHECK(world.store->calls["add"] <= 64 * 100);
    world.store->release("add");
    world.settle();
    CHECK(world.wait_for(world.scheduler.health()).jobs == 10'000);
  }

  TEST_CASE("a fixed delay goes on when its run was lost with another instance") {
    sharing_world world;
    world.scheduler.add("a", trigger{"every 10s fixed_delay"}, [&] { world.ran.push_back(world.second()); });
    // As another instance left it: its cursor passed, its run lost.
    world.start();
    const auto job = world.run_on(boost::asio::make_strand(world.io), world.store->inner().load("a"));
    job_change passed;
    job_change::cursor_move nowhere;
    nowhere.from = job->record.cursor;
    passed.cursor = nowhere;
    const auto did = world.run_on(boost::asio::make_strand(world.io),
                                  world.store->inner().update("a", job->record.revision, std::move(passed)));
    CHECK(did == change_answer::done);
    world.pass(11s);
    CHECK(world.ran == words{"10"});
  }
}
