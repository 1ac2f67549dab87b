// What an instance does when a fail-over to a replica that lacks the last writes brings back what it has run.

#include "store/shared_steps.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

memory_job& kept(shared_world& world, const std::string& id) {
  return *static_cast<memory_job*>(world.shared.jobs().load(id)->handle.get());
}

take_answer take_for(shared_world& world, shared_world::instance& who, const std::string& id,
                     const std::string& run) {
  const auto job = world.on(who, who.store.load(id));
  take_request request;
  request.id = id;
  request.handle = job->handle;
  request.now = world.now();
  request.run_id = run;
  return world.on(who, who.store.take(request));
}

void fail_and_retry(shared_world& world, shared_world::instance& who, const std::string& id,
                    const std::string& run, std::uint64_t fence) {
  outcome result;
  result.kind = outcome_kind::failed;
  CHECK(finish(world, who, id, run, fence, result, world.now()).what == finish_answer::kind::done);
}

/// Asks for the first fire, whose cursor a fail-over has brought back.
run_answer claim_again(shared_world& world, shared_world::instance& who, const std::string& run) {
  kept(world, "job").cursor = simulation_start;
  kept(world, "job").live = std::make_unique<live_runs>();
  const asked_claim again(*world.on(who, who.store.load("job")), run);
  return world.on(who, who.store.claim(again.request)).runs.at(0);
}

outcome lost_with_its_lease() {
  outcome result;
  result.kind = outcome_kind::cancelled;
  result.reason = cancel_reason::lost_lease;
  return result;
}

/// The newest entry says that a run which has come back was not begun again.
void check_already_ran(shared_world& world) {
  const auto last = ledger(world).front();
  CHECK(last.result.kind == outcome_kind::skipped);
  CHECK(last.result.message == "already ran");
  CHECK(last.final);
  CHECK(world.shared.jobs().load("job")->record.active == 0);
}

}  // namespace

TEST_SUITE("shared_store after a fail-over") {
  TEST_CASE(
      "an occurrence that was begun here is not begun again when a fail-over has brought its cursor back") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    finish(world, a, "job", "r1", win(world, a, "job", "r1"));
    kept(world, "job").cursor = simulation_start;
    const auto job = world.on(a, a.store.load("job"));
    const asked_claim asked(*job, "r2");
    const auto answer = world.on(a, a.store.claim(asked.request));
    CHECK(answer.runs.at(0).what == run_answer::kind::already_ran);
    world.settle();
    check_already_ran(world);
  }

  TEST_CASE("an attempt that waited and was begun here is not begun again when it has come back to wait") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    fail_and_retry(world, a, "job", "r1", win(world, a, "job", "r1"));
    const auto waited = kept(world, "job").live->waiting.at(0);
    const auto second = take_for(world, a, "job", "r2");
    REQUIRE(second.what == take_answer::kind::won);
    CHECK(second.attempt == 2);
    finish(world, a, "job", "r2", second.fence);

    kept(world, "job").live = std::make_unique<live_runs>();
    kept(world, "job").live->put(waited);
    CHECK(take_for(world, a, "job", "r3").what == take_answer::kind::already_ran);
    world.settle();
    check_already_ran(world);
  }

  TEST_CASE("a run that is found is not begun if it was begun here before") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    finish(world, a, "job", "r1", win(world, a, "job", "r1"));
    kept(world, "job").cursor = simulation_start;
    win_unheard(world, a, "job", "unheard");
    world.pass(4s);
    CHECK(a.told.found.empty());
    check_already_ran(world);
  }

  TEST_CASE("a run that was found is not begun again") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    const auto fence = win_unheard(world, a, "job", "unheard");
    world.pass(4s);
    REQUIRE(a.told.found.size() == 1);
    finish(world, a, "job", "unheard", fence);
    kept(world, "job").cursor = simulation_start;
    const asked_claim again(*world.on(a, a.store.load("job")), "r2");
    CHECK(world.on(a, a.store.claim(again.request)).runs.at(0).what == run_answer::kind::already_ran);
    world.settle();
    check_already_ran(world);
  }

  TEST_CASE("what is meant is run again: a job whose cursor was set back, with its retries") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    for (const std::string times : {"first ", "second "}) {
      CAPTURE(times);
      fail_and_retry(world, a, "job", times + "1", win(world, a, "job", times + "1"));
      const auto second = take_for(world, a, "job", times + "2");
      REQUIRE(second.what == take_answer::kind::won);
      CHECK(second.occurrence == simulation_start);
      CHECK(second.attempt == 2);
      finish(world, a, "job", times + "2", second.fence);
      const auto seen = world.shared.jobs().load("job")->record;
      job_change back;
      back.cursor = job_change::cursor_move{simulation_start, simulation_start, seen.cursor};
      CHECK(world.on(a, a.store.update("job", seen.revision, back)) == change_answer::done);
    }
  }

  TEST_CASE("a run that somebody asked for does not stand for the same time of the schedule") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    extra_run run;
    run.id = "job";
    run.occurrence = run.at = simulation_start;
    for (const std::string id : {"r1", "r2"}) {
      CHECK(world.on(a, a.store.enqueue(run)));
      const auto taken = take_for(world, a, "job", id);
      REQUIRE(taken.what == take_answer::kind::won);
      CHECK(taken.occurrence == simulation_start);
      finish(world, a, "job", id, taken.fence);
    }
    finish(world, a, "job", "r3", win(world, a, "job", "r3"));
  }

  TEST_CASE("a body that still runs when its run comes back goes on, and what it does ends the new run") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    const auto fence = win(world, a, "job", "r1");
    CHECK(claim_again(world, a, "r2").what == run_answer::kind::still_runs);
    CHECK(claim_again(world, a, "r3").what == run_answer::kind::still_runs);  // once more
    world.pass(12s);                                                          // looks find it, and know it
    CHECK(a.told.found.empty());
    CHECK(world.on(a, a.store.stop_runs("job", "", cancel_reason::user)) == 1);
    world.settle();
    CHECK(a.told.stops.back() == "job r1 user");  // the body's own name
    CHECK(finish(world, a, "job", "r1", fence).what == finish_answer::kind::done);
    const auto last = ledger(world).front();
    CHECK(last.run == "r3");
    CHECK(last.result.kind == outcome_kind::succeeded);
    CHECK(world.shared.jobs().load("job")->record.active == 0);
    CHECK(claim_again(world, a, "r4").what == run_answer::kind::already_ran);
  }

  TEST_CASE("what was cancelled with its lease is begun again only where the job asks for that") {
    for (const auto& [options, expected] : {std::pair{rerun_if_lost(), run_answer::kind::won},
                                            std::pair{job_options(), run_answer::kind::already_ran}}) {
      for (const bool has_ended : {false, true}) {
        CAPTURE(has_ended);
        shared_world world;
        auto& a = world.add("a");
        put_job(world, "job", options);
        const auto fence = win(world, a, "job", "r1");
        a.link.cut();
        world.pass(11s);
        REQUIRE(a.told.leases_lost == 1);
        a.link.mend();
        world.pass(11s);
        if (has_ended) finish(world, a, "job", "r1", fence, lost_with_its_lease());
        CHECK(claim_again(world, a, "r2").what == expected);
      }
    }
  }

  TEST_CASE("an attempt that failed and comes back is tried again only where the job asks for that") {
    for (const bool reruns : {false, true}) {
      CAPTURE(reruns);
      shared_world world;
      auto& a = world.add("a");
      put_job(world, "job", reruns ? rerun_if_lost() : job_options());
      fail_and_retry(world, a, "job", "r1", win(world, a, "job", "r1"));
      CHECK(claim_again(world, a, "r2").what == run_answer::kind::already_ran);
      world.settle();
      CHECK(ledger(world).front().result.message == "already ran");
      CHECK(ledger(world).front().final == !reruns);
      const auto second = take_for(world, a, "job", "r3");
      CHECK(second.what == (reruns ? take_answer::kind::won : take_answer::kind::none_due));
      if (reruns) CHECK(second.attempt == 2);
    }
  }
}
