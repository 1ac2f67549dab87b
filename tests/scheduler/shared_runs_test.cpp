#include "support/sharing_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A run that is active in the store, as a look at it finds it: claimed by this instance, its answer lost.
found_run claim_without_answer(sharing_world& world, const std::string& id) {
  const auto strand = boost::asio::make_strand(world.io);
  const auto job = world.run_on(strand, world.store->inner().load(id));
  REQUIRE(job);
  claim_request request;
  request.id = id;
  request.expected_cursor = *job->record.cursor;
  request.expected_revision = job->record.revision;
  request.next_cursor = *job->record.cursor + 10s;
  request.next_due = *request.next_cursor;
  request.now = world.now();
  request.member = "test";
  request.runs.push_back({*job->record.cursor, *job->record.cursor, "lost-1"});
  const auto answer = world.run_on(strand, world.store->inner().claim(request));
  REQUIRE(answer.what == claim_answer::kind::claimed);
  return {id, "lost-1", job->record.born, answer.runs[0].fence, *job->record.cursor, *job->record.cursor, 1};
}

}  // namespace

TEST_SUITE("runs of a shared store") {
  TEST_CASE("a job that is rescheduled while a claim is under way keeps the cursor of its new schedule") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    CHECK(world.ran.empty());
    world.wait_for(world.scheduler.reschedule("a", trigger{"every 3s"}));
    world.store->release("claim");
    world.pass(7s);
    CHECK(world.ran == words{"a 10", "a 13", "a 16"});
  }

  TEST_CASE("a job that is removed while a claim is under way still runs what was won, and no more") {
    sharing_world world;
    world.add_lasting("a", 2s);
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    world.wait_for(world.scheduler.remove("a"));
    world.store->release("claim");
    world.pass(60s);
    CHECK(world.ran == words{"+a 10", "-a 12"});
    CHECK(world.store->calls["finish"] == 1);
  }

  TEST_CASE("the job that a claim or a take names is kept until it is answered, though it is read anew") {
    for (const std::string asked : {"claim", "take"}) {
      CAPTURE(asked);
      sharing_world world;
      world.add_ticking("a");
      world.start();
      const auto strand = boost::asio::make_strand(world.io);
      const auto change_elsewhere = [&] {
        job_change what;
        what.note = "looked at";
        const auto revision = world.record("a").revision;
        world.run_on(strand, world.store->inner().update("a", revision, std::move(what)));
        world.settle();
      };
      change_elsewhere();
      world.store->held.insert(asked);
      if (asked == "take") world.wait_for(world.scheduler.run_now("a"));
      const auto named_by = world.store->last_read;
      world.pass(10s);
      REQUIRE(world.store->calls[asked] == 1);
      change_elsewhere();
      CHECK_FALSE(named_by.expired());
      world.store->release(asked);
      world.pass(5s);
      CHECK(named_by.expired());
      CHECK(!world.ran.empty());
    }
  }

  TEST_CASE(
      "a job whose task changes to one that is unknown here while a claim is under way fails that run") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    job_changes changes;
    changes.task = "theirs";
    world.wait_for(world.scheduler.modify("a", changes));
    world.store->release("claim");
    world.settle();
    CHECK(world.ran.empty());
    CHECK(world.last(event_kind::run_failed).result.failure == "not served");
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
  }

  TEST_CASE("a run of an instance that died is told of as lost by the one that has ended it") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    lost_run run;
    run.job = "a";
    run.run_id = "r1";
    run.member = "cellar/1/12345678";
    run.fence = 7;
    run.occurrence = run.due = simulation_start;
    run.started = simulation_start + 2s;
    run.attempt = 3;
    run.why = "its instance died";
    boost::asio::post(world.io, [&] { world.store->tell().on_run_lost(run); });
    world.settle();
    const auto told = world.last(event_kind::run_lost);
    CHECK(told.job == "a");
    CHECK(told.run == "r1");
    CHECK(told.occurrence == simulation_start);
    CHECK(told.attempt == 3);
    CHECK(told.lateness == 2s);
    CHECK(told.result.kind == outcome_kind::lost);
    CHECK(told.message == "its instance died: cellar/1");
    CHECK(world.logged("a: run r1 (attempt 3) of cellar/1 is lost: its instance died") == 1);
  }

  TEST_CASE("a run that is found is started") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    const auto found = claim_without_answer(world, "a");
    world.store->tell().on_run_found(found);
    world.settle();
    CHECK(world.ran == words{"a 0"});
    CHECK(world.record("a").counters.succeeded == 1);
    world.store->tell().on_run_found(found);
    world.settle();
    CHECK(world.ran.size() == 1);
    world.pass(20s);
    CHECK(world.ran == words{"a 0", "a 20"});  // Its cursor had passed 10 s.
  }

  TEST_CASE("a run that is found before the answer to its claim comes is started once") {
    sharing_world world;
    world.add_lasting("a", 2s);
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    const auto active = world.store->last_won;
    REQUIRE(active);
    world.store->tell().on_run_found(*active);
    world.settle();
    CHECK(world.ran == words{"+a 10"});
    world.store->release("claim");
    world.pass(5s);
    CHECK(world.ran == words{"+a 10", "-a 12"});
    CHECK(world.store->calls["finish"] == 1);
  }

  TEST_CASE("a run that is found of a job that is another's runs here all the same") {
    sharing_world world;
    world.add_lasting("a", 2s);
    world.store->owner = [](const job_definition&) { return false; };
    world.start();
    world.store->tell().on_run_found(claim_without_answer(world, "a"));
    world.pass(5s);
    CHECK(world.ran == words{"+a 0", "-a 2"});
    CHECK(world.record("a").counters.succeeded == 1);
  }

  TEST_CASE("a run that is found and that nobody here can run fails with the reason") {
    sharing_world world;
    world.store->owner = [](const job_definition&) { return false; };
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s", "theirs")));
    world.store->tell().on_run_found(claim_without_answer(world, "a"));
    world.settle();
    CHECK(world.last(event_kind::run_failed).message.find("theirs") != std::string::npos);
    CHECK(world.record("a").counters.failed == 1);
  }

  TEST_CASE("a run that is found of a job that is gone is ended") {
    sharing_world world;
    world.scheduler.task("work", [] {});
    world.start();
    world.wait_for(world.scheduler.put(world.definition("a", "every 10s")));
    const auto found = claim_without_answer(world, "a");
    world.wait_for(world.scheduler.remove("a"));
    world.store->tell().on_run_found(found);
    world.settle();
    CHECK(world.last(event_kind::run_cancelled).result.reason == cancel_reason::removed);
    CHECK(world.store->calls["finish"] == 1);
  }

  TEST_CASE("an end that was perhaps taken when it was told first is not called lost") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->lost["finish"] = errc::store_unreachable;
    world.pass(10s);
    REQUIRE(world.record("a").counters.succeeded == 1);  // It was taken.
    auto another = claim_without_answer(world, "a");
    run_report report;
    report.id = another.job;
    report.run_id = another.run_id;
    report.fence = another.fence;
    const outcome well;
    report.result = &well;
    const auto strand = boost::asio::make_strand(world.io);
    CHECK(world.run_on(strand, world.store->inner().finish(report)).what == finish_answer::kind::done);
    world.store->lost.clear();
    world.pass(5s);
    REQUIRE(world.count(event_kind::run_unreported) == 1);
    const auto told = world.last(event_kind::run_unreported);
    CHECK(told.message.find("either the end was taken then, or the run was given up") != std::string::npos);
    CHECK(world.logged("has not confirmed") == 1);
  }

  TEST_CASE("a lease that is lost ends all runs with the reason, and nothing is claimed before it is back") {
    sharing_world world;
    for (const auto* id : {"a", "b"}) world.add_lasting(id, 60s);
    world.add_ticking("c");
    world.start();
    world.pass(15s);
    world.store->refused["finish"] = errc::lease_lost;
    world.store->tell().on_lease_lost();
    world.settle();
    CHECK(world.ran == words{"+a 10", "+b 10", "c 10", "!a lost_lease", "!b lost_lease"});
    CHECK(world.last(event_kind::lease_lost).count == 2);
    CHECK(world.count(event_kind::run_unreported) == 2);
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
    CHECK(!world.wait_for(world.scheduler.health()).healthy);
    const auto claims = world.store->calls["claim"];
    world.pass(30s);
    CHECK(world.store->calls["claim"] == claims);
    CHECK(world.logged("lost its place") == 1);
    CHECK(world.logged("2 of its runs are cancelled") == 1);

    world.store->refused.clear();
    world.ran.clear();
    world.store->tell().on_ownership_changed();
    world.pass(10s);
    CHECK(world.ran ==
          words{"c 45", "c 50"});  // The store still holds the runs of a and b: nobody has reaped.
    CHECK(world.wait_for(world.scheduler.health()).healthy);
  }

  TEST_CASE("claims that meet a lost lease wait for ownership, without a word for each") {
    sharing_world world;
    for (int i = 0; i < 100; ++i) world.add_ticking("a" + std::to_string(i));
    world.start();
    world.store->held.insert("claim");
    world.pass(10s);
    world.store->refused["claim"] = errc::lease_lost;
    world.store->owner = [](const job_definition&) { return false; };
    world.store->tell().on_lease_lost();
    world.store->release("claim");
    world.pass(5s);
    CHECK(world.count(event_kind::loop_failed) == 0);
    CHECK(world.log->lines.size() == 2);  // That it has started, that the lease is lost.
    world.store->refused.clear();
    world.store->owner = [](const job_definition&) { return true; };
    world.store->tell().on_ownership_changed();
    world.pass(2s);
    CHECK(world.ran.size() == 100);
  }

  TEST_CASE("a claim that tells of the lost lease after it is back does not stop its job for good") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->held.insert("claim");
    world.pass(10s);
    world.store->tell().on_lease_lost();
    world.store->tell().on_ownership_changed();
    world.settle();
    world.store->refused["claim"] = errc::lease_lost;
    world.store->release("claim");
    world.settle();
    world.store->refused.clear();
    world.pass(5s);
    CHECK(world.ran.size() == 1);
  }

  TEST_CASE("what was won under a lease that is lost meanwhile is not begun") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    world.store->held_answers.insert("claim");
    world.pass(10s);
    world.store->tell().on_lease_lost();
    world.store->release("claim");
    world.pass(5s);
    CHECK(world.ran.empty());
    CHECK(world.wait_for(world.scheduler.health()).runs == 0);
  }

  TEST_CASE("a run is stopped when another instance asks for it, with its reason") {
    sharing_world world;
    world.add_lasting("a", 60s);
    world.start();
    world.pass(15s);
    const auto run = world.last(event_kind::run_started).run;
    world.store->tell().on_stop_asked("a", "another", cancel_reason::user);
    world.settle();
    CHECK(world.ran.size() == 1);
    world.store->tell().on_stop_asked("a", run, cancel_reason::overlap);
    world.settle();
    CHECK(world.ran.back() == "!a overlap");
  }

  TEST_CASE("to cancel the runs of a job cancels those here, and asks for those elsewhere") {
    sharing_world world;
    world.add_lasting("a", 60s);
    world.start();
    world.pass(15s);
    world.store->owner = [](const job_definition&) { return false; };
    world.store->tell().on_ownership_changed();
    world.settle();
    world.store->running_elsewhere = 3;
    CHECK(world.wait_for(world.scheduler.cancel_runs("a")) == 3);
    CHECK(world.store->calls["stop_runs a"] == 1);
    CHECK(world.ran.back() == "!a user");
  }

  TEST_CASE("a waiting run that finds its place taken by another instance is asked for again") {
    sharing_world world;
    world.add_ticking("a");
    world.start();
    const auto theirs = claim_without_answer(world, "a");  // And nobody here knows of it.
    CHECK(world.wait_for(world.scheduler.run_now("a")));
    world.pass(5s);
    CHECK(world.ran.empty());
    outcome done;
    run_report report;
    report.id = "a";
    report.run_id = theirs.run_id;
    report.member = "test";
    report.fence = theirs.fence;
    report.occurrence = theirs.occurrence;
    report.result = &done;
    world.run_on(boost::asio::make_strand(world.io), world.store->inner().finish(report));
    world.pass(3s);
    CHECK(world.ran.size() == 1);
  }
}
