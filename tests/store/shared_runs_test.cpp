// What an instance does so that a run is begun once and ended once, whatever its link loses and whoever dies.

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>

#include "store/shared_steps.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

errc code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const boost::system::system_error& failure) {
    return static_cast<errc>(failure.code().value());
  }
  return {};
}

link_faults a_millisecond() {
  link_faults faults;
  faults.least = faults.most = 1ms;
  return faults;
}

}  // namespace

TEST_SUITE("shared_store") {
  TEST_CASE("a claim whose answers are lost is sent again until one arrives, and has won once") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    const auto job = world.on(a, a.store.load("job"));
    a.link.faults().lost_answers = 100;
    world.network.at(world.now() + 3'500ms, [&] { a.link.faults().lost_answers = 0; });
    const asked_claim asked(*job, "r1");
    const auto answer = world.on(a, a.store.claim(asked.request));
    REQUIRE(answer.what == claim_answer::kind::claimed);
    CHECK(answer.runs.at(0).what == run_answer::kind::won);
    CHECK(world.shared.jobs().load("job")->record.active == 1);
    CHECK(finish(world, a, "job", "r1", answer.runs[0].fence).what == finish_answer::kind::done);
  }

  TEST_CASE("a claim that is not answered before the lease is over is given up as lost") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    const auto job = world.on(a, a.store.load("job"));
    a.link.cut();
    const asked_claim asked(*job, "r1");
    CHECK(code_of([&] { world.on(a, a.store.claim(asked.request)); }) == errc::lease_lost);
    CHECK(world.now() - simulation_start < 11s);
    CHECK(code_of([&] { world.on(a, a.store.claim(asked.request)); }) == errc::lease_lost);
  }

  TEST_CASE("what is asked for in one turn of the event loop goes together") {
    shared_world world;
    world.partitions = 1;
    auto& a = world.add("a");
    for (int i = 0; i < 250; ++i) put_job(world, "job-" + std::to_string(i));
    std::vector<std::unique_ptr<asked_claim>> asked;
    for (int i = 0; i < 250; ++i) {
      const auto job = world.on(a, a.store.load("job-" + std::to_string(i)));
      asked.push_back(std::make_unique<asked_claim>(*job, "r" + std::to_string(i)));
    }
    const auto before = world.shared.calls;
    int won = 0;
    for (const auto& each : asked) {
      boost::asio::co_spawn(a.strand, a.store.claim(each->request),
                            [&](std::exception_ptr, const claim_answer& answer) {
                              won += answer.what == claim_answer::kind::claimed ? 1 : 0;
                            });
    }
    world.settle();
    CHECK(won == 250);
    CHECK(world.shared.calls - before == 3);
  }

  TEST_CASE("a run that was won unheard is found by the next look, and begun once") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    const auto fence = win_unheard(world, a, "job", "unheard");
    world.pass(4s);
    REQUIRE(a.told.found.size() == 1);
    CHECK(a.told.found[0].run_id == "unheard");
    CHECK(a.told.found[0].fence == fence);
    CHECK(a.told.found[0].occurrence == simulation_start);
    world.pass(30s);
    CHECK(a.told.found.size() == 1);
  }

  TEST_CASE("a run that somebody wants to end is named to whoever holds it, at once or at the next look") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b", {});
    put_job(world, "job");
    win(world, a, "job", "r1");
    CHECK(world.on(b, b.store.stop_runs("job", "", cancel_reason::user)) == 1);
    world.settle();
    CHECK(a.told.stops == std::vector<std::string>{"job r1 user"});
    CHECK(b.told.stops.empty());
    a.told.stops.clear();
    world.pass(4s);
    CHECK(a.told.stops == std::vector<std::string>{"job r1 user"});
  }

  TEST_CASE("one of several runs is named to whoever holds it, and the others go on") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b", {});
    job_options many;
    many.max_instances = 3;
    put_job(world, "job", many);
    win(world, a, "job", "r1");
    win(world, a, "job", "r2");
    CHECK(world.on(b, b.store.stop_runs("job", "r2", cancel_reason::user)) == 1);
    CHECK(world.on(b, b.store.stop_runs("job", "r3", cancel_reason::user)) == 0);
    CHECK(world.on(b, b.store.stop_runs("other", "r1", cancel_reason::user)) == 0);
    world.pass(4s);
    for (const auto& told : a.told.stops) CHECK(told == "job r2 user");
    CHECK_FALSE(a.told.stops.empty());
  }

  TEST_CASE("the runs of an instance that died are ended by another, by what their jobs say of lost runs") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b");
    put_job(world, "again", rerun_if_lost());
    put_job(world, "once");
    const auto died = world.now();
    win(world, a, "again", "r1");
    const auto fence = win(world, a, "once", "r2");
    a.link.cut();
    world.pass(9s);
    CHECK(ledger(world).empty());
    world.pass(4'400ms);  // The rest of its lease, and a heartbeat: no more, though the clock stands still.
    const auto entries = ledger(world);
    REQUIRE(entries.size() == 2);
    for (const auto& entry : entries) {
      CHECK(entry.result.kind == outcome_kind::lost);
      CHECK(instance_of(entry.instance) == "a");
      CHECK(entry.final == (entry.job == "once"));
    }
    CHECK(world.now() - died < 13'500ms);
    std::ranges::sort(b.told.lost);
    CHECK(b.told.lost ==
          std::vector<std::string>{"again r1 1: its instance died", "once r2 1: its instance died"});
    CHECK(a.told.lost.empty());
    CHECK(world.shared.jobs().load("again")->record.next_waiting);
    a.link.mend();
    CHECK(finish(world, a, "once", "r2", fence).what == finish_answer::kind::stale);
  }

  TEST_CASE("the runs of an instance that died with nobody else there are ended as soon as somebody is") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "again", rerun_if_lost());
    win(world, a, "again", "r1");
    a.link.cut();
    world.pass(1min);
    CHECK(ledger(world).empty());
    world.add("b");
    world.pass(200ms);
    REQUIRE(ledger(world).size() == 1);
    CHECK(ledger(world)[0].result.kind == outcome_kind::lost);
    CHECK(world.shared.jobs().load("again")->record.next_waiting);
  }

  TEST_CASE("runs of instances that are live are left alone, however long they take") {
    shared_world world;
    auto& a = world.add("a");
    world.add("b");
    put_job(world, "job");
    const auto fence = win(world, a, "job", "r1");
    world.pass(10min);
    CHECK(ledger(world).empty());
    CHECK(finish(world, a, "job", "r1", fence).what == finish_answer::kind::done);
  }

  TEST_CASE("an instance that leaves ends what it still holds as lost, and others are told at once") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b");
    put_job(world, "job", rerun_if_lost());
    win(world, a, "job", "r1");
    world.close(a);
    CHECK(world.shared.jobs().load("job")->record.next_waiting);
    const auto job = world.on(b, b.store.load("job"));
    CHECK(b.store.owns(job->record));
  }

  TEST_CASE("a run that was cancelled because its instance had to let go of it ends as lost") {
    shared_world world;
    auto& a = world.add("a");
    for (const auto reason : {cancel_reason::lost_lease, cancel_reason::shutdown}) {
      const std::string id{name(reason)};
      put_job(world, id, rerun_if_lost());
      outcome result;
      result.kind = outcome_kind::cancelled;
      result.reason = reason;
      const auto run = "run of " + id;
      CHECK(finish(world, a, id, run, win(world, a, id, run), result).what == finish_answer::kind::done);
      CHECK(world.shared.jobs().load(id)->record.next_waiting);
      CHECK(ledger(world).front().result.kind == outcome_kind::lost);
      CHECK(finish(world, a, id, run, 1, result).what == finish_answer::kind::stale);
    }
  }

  TEST_CASE(
      "a finish that the store knows nothing of says whether it may have been taken when it was sent first") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    const auto fence = win(world, a, "job", "r1");
    const auto never_heard_of = finish(world, a, "job", "r0", fence + 1);
    CHECK(never_heard_of.what == finish_answer::kind::stale);
    CHECK_FALSE(never_heard_of.was_sent_before);

    a.link.faults().lost_answers = 100;
    world.network.at(world.now() + 1'500ms, [&] {
      a.link.faults().lost_answers = 0;
      const auto job = world.shared.jobs().load("job");
      asked_claim asked(*job, "r2");
      asked.request.member = "another";
      run_report report;
      report.id = "job";
      report.run_id = "r2";
      report.fence = world.shared.jobs().claim(asked.request).runs.at(0).fence;
      const outcome well;
      report.result = &well;
      CHECK(world.shared.jobs().finish(report).what == finish_answer::kind::done);
    });
    const auto answer = finish(world, a, "job", "r1", fence);
    CHECK(answer.what == finish_answer::kind::stale);  // Another run has ended since.
    CHECK(answer.was_sent_before);
    CHECK(world.shared.jobs().load("job")->record.counters.succeeded == 2);
  }

  TEST_CASE("a job that is due and that nobody was told of is told of to its owner") {
    shared_world world;
    auto& a = world.add("a");
    a.link.faults().lost_notices = 100;
    put_job(world, "unnoticed");
    world.pass(1ms);
    CHECK(a.told.changed.empty());
    world.pass(10s);
    CHECK(std::ranges::count(a.told.changed, "unnoticed") >= 1);
    CHECK(std::ranges::count(a.told.changed, "unnoticed") <= 3);
  }

  TEST_CASE("every owner loads its own jobs, and all together load each once") {
    shared_world world;
    auto& a = world.add("a");
    auto& b = world.add("b");
    for (int i = 0; i < 500; ++i) put_job(world, "job-" + std::to_string(i));
    std::multiset<std::string> loaded;
    for (auto* who : {&a, &b}) {
      std::optional<std::string> from{std::string{}};
      while (from) {
        const auto nothing = [](std::string_view id, std::uint64_t) { return id == "job-7"; };
        auto page = world.on(*who, who->store.load_own(*from, nothing));
        for (const auto& job : page.jobs) {
          CHECK(who->store.owns(job.record));
          loaded.insert(job.record.id());
        }
        from = page.next;
      }
    }
    CHECK(loaded.size() == 499);
    CHECK(std::set(loaded.begin(), loaded.end()).size() == 499);
    CHECK_FALSE(loaded.contains("job-7"));
  }

  TEST_CASE("who only looks is no member, owns nothing and claims nothing") {
    shared_world world;
    auto& a = world.add("a");
    put_job(world, "job");
    simulated_link link{world.network, 5, {}};
    shared_store reader(
        world.shared.jobs_through(link),
        [&](const loop_executor&) { return world.shared.members_through(link); },
        boost::asio::make_strand(world.io), world.clock(), world.defaults());
    noting_listener told;
    reader.stay_out();
    world.run_on(a.strand, reader.open("reader", told));
    const auto job = world.run_on(a.strand, reader.load("job"));
    REQUIRE(job);
    CHECK_FALSE(reader.owns(job->record));
    CHECK(reader.member().empty());
    CHECK(world.run_on(a.strand, reader.members()).size() == 1);
    CHECK(reader.health().healthy);
    const asked_claim asked(*job, "r1");
    CHECK(code_of([&] { world.run_on(a.strand, reader.claim(asked.request)); }) == errc::lease_lost);
    world.run_on(a.strand, reader.close());
    CHECK(code_of([&] { world.run_on(a.strand, reader.load("job")); }) == errc::stopped);
  }

  TEST_CASE("a change whose answer was lost is done, and what was done to the job meanwhile stays") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    const auto job = world.on(a, a.store.load("job"));
    a.link.faults().lost_answers = 100;
    world.network.at(world.now() + 1'500ms, [&] {
      a.link.faults().lost_answers = 0;
      job_change theirs;
      theirs.note = "seen by somebody else";
      const auto revision = world.shared.jobs().load("job")->record.revision;
      CHECK(world.shared.jobs().update("job", revision, std::move(theirs)) == change_answer::done);
    });
    job_change what;
    what.state = job_state::paused;
    CHECK(world.on(a, a.store.update("job", job->record.revision, what)) == change_answer::done);
    CHECK(world.shared.jobs().load("job")->record.state == job_state::paused);
    CHECK(world.shared.jobs().load("job")->record.note == "seen by somebody else");

    a.link.faults().lost_answers = 100;
    world.network.at(world.now() + 1'500ms, [&] { a.link.faults().lost_answers = 0; });
    CHECK(world.on(a, a.store.remove("job", std::nullopt, false)) == change_answer::done);
  }

  TEST_CASE("a change that is lost on its way is a conflict if somebody else was faster") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    const auto job = world.on(a, a.store.load("job"));
    a.link.faults().lost_requests = 100;
    world.network.at(world.now() + 1'500ms, [&] {
      a.link.faults().lost_requests = 0;
      job_change theirs;
      theirs.note = "faster";
      CHECK(world.shared.jobs().update("job", job->record.revision, std::move(theirs)) ==
            change_answer::done);
    });
    job_change what;
    what.note = "slower";
    CHECK(world.on(a, a.store.update("job", job->record.revision, what)) == change_answer::conflict);
    CHECK(world.shared.jobs().load("job")->record.note == "faster");
  }

  TEST_CASE("an extra run is put down once, however often its request is sent") {
    shared_world world;
    auto& a = world.add("a", {"work"}, a_millisecond());
    put_job(world, "job");
    a.link.faults().lost_answers = 100;
    world.network.at(world.now() + 2'500ms, [&] { a.link.faults().lost_answers = 0; });
    extra_run run;
    run.id = "job";
    run.occurrence = run.at = world.now();
    CHECK(world.on(a, a.store.enqueue(run)));
    const auto* there = static_cast<memory_job*>(world.shared.jobs().load("job")->handle.get());
    CHECK(there->live->waiting.size() == 1);
  }
}
