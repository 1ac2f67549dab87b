#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// A world with a job "tick" every 10 s, which writes down when it ran.
struct ticking_world : scheduler_world {
  ticking_world() {
    scheduler.add("tick", trigger{"every 10s"}, [this] { fired.push_back(at() / 1000); });
    start();
  }
  std::vector<std::int64_t> fired;  // seconds

  job_record record(std::string id = "tick") {
    const auto found = wait_for(scheduler.get(std::move(id)));
    REQUIRE(found.has_value());
    return *found;
  }
};

job_definition definition(std::string id, const char* when, std::string task = {}) {
  job_definition job{std::move(id), trigger{when}, {}, {}, default_options(), {}, {}};
  job.task = task;
  return job;
}
}  // namespace

TEST_SUITE("scheduler operations") {
  TEST_CASE("a job put at run time runs a registered task, and is gone when its trigger has ended") {
    ticking_world world;
    int runs = 0;
    world.scheduler.task("work", [&] { ++runs; });
    CHECK(world.wait_for(world.scheduler.put(definition("once", "at 2024-01-01T00:00:05Z", "work"))) ==
          put_result::added);
    world.pass(4s);
    CHECK(runs == 0);
    world.pass(2s);
    CHECK(runs == 1);
    CHECK(!world.wait_for(world.scheduler.get("once")));
    CHECK(world.count(event_kind::job_ended) == 1);
  }

  TEST_CASE("a taken id is refused, kept or replaced, as one says") {
    ticking_world world;
    world.scheduler.task("work", [] {});
    CHECK(world.wait_for(world.scheduler.put(definition("a", "every 10s", "work"))) == put_result::added);
    const auto other = definition("a", "every 20s", "work");
    CHECK(world.wait_for(world.scheduler.put(other)) == put_result::conflict);
    CHECK(world.wait_for(world.scheduler.put(other, on_conflict::keep)) == put_result::unchanged);
    CHECK(world.record("a").definition->when.text() == "every 10s");
    CHECK(world.wait_for(world.scheduler.put(other, on_conflict::replace)) == put_result::replaced);
    CHECK(world.record("a").definition->when.text() == "every 20s");
  }

  TEST_CASE("a schedule that never fires again is refused") {
    ticking_world world;
    world.scheduler.task("work", [] {});
    CHECK_THROWS_AS(world.wait_for(world.scheduler.put(definition("a", "every 1h until 2023-06-01", "work"))),
                    std::invalid_argument);
  }

  TEST_CASE("so it is for a job that is there, which stays as it is") {
    ticking_world world;
    job_changes changes;
    changes.when = trigger{"every 1h until 2023-06-01"};
    CHECK_THROWS_AS(world.wait_for(world.scheduler.modify("tick", changes)), std::invalid_argument);
    CHECK_THROWS_AS(world.wait_for(world.scheduler.reschedule("tick", *changes.when)), std::invalid_argument);
    CHECK(world.record().state == job_state::active);
    CHECK(world.record().definition->when.text() == "every 10s");
  }

  TEST_CASE("a paused job fires nothing, and what it passed over is in the ledger once") {
    ticking_world world;
    world.pass(10s);
    CHECK(world.wait_for(world.scheduler.pause("tick", "month end")));
    CHECK(!world.wait_for(world.scheduler.pause("tick", "again")));
    CHECK(world.record().state == job_state::paused);
    CHECK(world.record().note == "month end");
    world.pass(35s);
    CHECK(world.fired == list({10}));
    CHECK(world.wait_for(world.scheduler.resume("tick")));
    CHECK(!world.wait_for(world.scheduler.resume("tick")));
    world.pass(10s);
    CHECK(world.fired == list({10, 50}));

    const auto ledger = world.ledger();
    REQUIRE(ledger.size() == 3);
    CHECK(ledger[1].result.kind == outcome_kind::skipped);
    CHECK(ledger[1].result.message == "paused");
    CHECK(ledger[1].count == 3);
    CHECK(world.since_start(ledger[1].first) == 20'000);
    CHECK(world.since_start(ledger[1].last) == 40'000);
  }

  TEST_CASE("a job resumed to catch up treats what it passed over as a misfire") {
    ticking_world world;
    world.wait_for(world.scheduler.pause("tick", ""));
    world.pass(25s);
    world.wait_for(world.scheduler.resume("tick", resume_from::catch_up));
    world.settle();
    CHECK(world.fired == list({25}));
    CHECK(world.count(event_kind::run_coalesced) == 1);
    CHECK(world.last(event_kind::run_succeeded).occurrence == simulation_start + 20s);
  }

  TEST_CASE("the whole can be paused and resumed") {
    ticking_world world;
    world.wait_for(world.scheduler.pause());
    world.pass(35s);
    CHECK(world.fired.empty());
    CHECK(world.wait_for(world.scheduler.health()).paused);
    CHECK(world.wait_for(world.scheduler.health()).healthy);
    world.wait_for(world.scheduler.resume());
    CHECK(!world.wait_for(world.scheduler.health()).paused);
    world.pass(10s);
    CHECK(world.fired == list({40}));
    CHECK(world.last(event_kind::run_skipped).count == 3);
    CHECK(world.count(event_kind::scheduler_paused) == 1);
    CHECK(world.count(event_kind::scheduler_resumed) == 1);
  }

  TEST_CASE("a schedule that names no zone means that of the scheduler") {
    scheduler_options options;
    options.time_zone = zone::find("Asia/Tokyo").value();
    scheduler_world world{std::move(options)};
    world.scheduler.add("noon", trigger{"every day at 12:00"}, [] {});
    world.scheduler.add("noon in Oslo", trigger{"every day at 12:00 in Europe/Oslo"}, [] {});
    world.start();
    CHECK(world.wait_for(world.scheduler.get("noon"))->cursor ==
          instant{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1} + 3h});
    CHECK(world.wait_for(world.scheduler.get("noon in Oslo"))->cursor ==
          instant{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1} + 11h});
  }

  TEST_CASE("run_now runs outside the schedule and does not move the cursor") {
    ticking_world world;
    world.pass(3s);
    CHECK(world.wait_for(world.scheduler.run_now("tick")));
    CHECK(!world.wait_for(world.scheduler.run_now("nobody")));
    world.settle();
    CHECK(world.fired == list({3}));
    CHECK(world.ledger().at(0).extra);
    world.pass(7s);
    CHECK(world.fired == list({3, 10}));
  }

  TEST_CASE("skip_next leaves out that many fires, once") {
    ticking_world world;
    world.wait_for(world.scheduler.skip_next("tick", 2));
    CHECK(world.wait_for(world.scheduler.next_runs(1)).at(0).at == simulation_start + 30s);
    world.pass(40s);
    CHECK(world.fired == list({30, 40}));
    CHECK(world.count(event_kind::run_skipped) == 2);
    CHECK(world.last(event_kind::run_skipped).message == "skip_next");
  }

  TEST_CASE("a job that is given another schedule follows it from then on") {
    ticking_world world;
    world.pass(12s);
    world.wait_for(world.scheduler.reschedule("tick", trigger{"every 3s"}));
    world.pass(7s);
    CHECK(world.fired == list({10, 15, 18}));
    CHECK(world.count(event_kind::job_changed) == 1);
  }

  TEST_CASE("a job can be given an explicit first time") {
    ticking_world world;
    std::vector<std::int64_t> fired;
    world.scheduler.add(
        "later", trigger{"every 10s"}, [&] { fired.push_back(world.at() / 1000); }, {},
        simulation_start + 25s);
    world.pass(45s);
    CHECK(fired == list({25, 30, 40}));
  }

  TEST_CASE("modify keeps the cursor where the new schedule fires there too") {
    ticking_world world;
    world.pass(12s);
    job_changes changes;
    changes.when = trigger{"every 5s"};
    world.wait_for(world.scheduler.modify("tick", changes));
    world.pass(13s);
    CHECK(world.fired == list({10, 20, 25}));
  }

  TEST_CASE("a removed job fires no more, and declaring the same again does nothing") {
    ticking_world world;
    world.pass(10s);
    CHECK(world.wait_for(world.scheduler.remove("tick")));
    CHECK(!world.wait_for(world.scheduler.remove("tick")));
    world.pass(30s);
    CHECK(world.fired == list({10}));
    CHECK(world.record().state == job_state::removed);
    CHECK(world.count(event_kind::job_removed) == 1);
    CHECK_THROWS_AS(world.wait_for(world.scheduler.pause("tick", "")), boost::system::system_error);
  }

  TEST_CASE("clear removes all") {
    ticking_world world;
    world.scheduler.add("other", trigger{"every 1s"}, [] {});
    world.settle();
    CHECK(world.wait_for(world.scheduler.clear()) == 2);
    world.pass(20s);
    CHECK(world.fired.empty());
    CHECK(world.wait_for(world.scheduler.list({})).jobs.empty());
  }

  TEST_CASE("list answers in pages, by the order of ids, with filters") {
    ticking_world world;
    job_options tagged;
    tagged.tags = {"night"};
    for (const auto* id : {"c", "a", "b"}) world.scheduler.add(id, trigger{"every 1h"}, [] {}, tagged);
    world.settle();
    job_query query;
    query.limit = 2;
    auto page = world.wait_for(world.scheduler.list(query));
    REQUIRE(page.jobs.size() == 2);
    CHECK(page.jobs[1].id() == "b");
    query.after = *page.next_after;
    page = world.wait_for(world.scheduler.list(query));
    CHECK(page.jobs.size() == 2);
    CHECK(!page.next_after);
    job_query by_tag;
    by_tag.tags = {"night"};
    CHECK(world.wait_for(world.scheduler.list(by_tag)).jobs.size() == 3);
  }

  TEST_CASE("the timetable names the next runs of all jobs in order") {
    ticking_world world;
    world.scheduler.add("tock", trigger{"every 15s"}, [] {});
    world.settle();
    const auto next = world.wait_for(world.scheduler.next_runs(4));
    const std::vector<upcoming_fire> expected{{simulation_start + 10s, "tick"},
                                              {simulation_start + 15s, "tock"},
                                              {simulation_start + 20s, "tick"},
                                              {simulation_start + 30s, "tick"}};
    CHECK(next == expected);
    CHECK(world.wait_for(world.scheduler.next_runs(2, "tock")).back().at == simulation_start + 30s);
  }

  TEST_CASE("declaring an origin's jobs adds, changes, leaves alone and removes as it takes") {
    ticking_world world;
    world.scheduler.task("work", [] {});
    std::vector<job_definition> jobs{definition("a", "every 10s", "work"),
                                     definition("b", "every 10s", "work")};
    auto did = world.wait_for(world.scheduler.declare("file", jobs));
    CHECK(did == declare_result{2, 0, 0, 0});
    jobs[1].when = trigger{"every 20s"};
    jobs.push_back(definition("c", "every 1h", "work"));
    jobs.erase(jobs.begin());
    did = world.wait_for(world.scheduler.declare("file", jobs));
    CHECK(did == declare_result{1, 1, 0, 1});
    CHECK(world.wait_for(world.scheduler.declare("file", jobs)) == declare_result{0, 0, 2, 0});
    CHECK(!world.wait_for(world.scheduler.get("a")));
    CHECK(world.record("tick").state == job_state::active);
  }

  TEST_CASE("a set of declarations with one fault changes nothing") {
    ticking_world world;
    world.scheduler.task("work", [] {});
    std::vector<job_definition> jobs{definition("a", "every 10s", "work"),
                                     definition("b", "every 10s", "nobody")};
    CHECK_THROWS_AS(world.wait_for(world.scheduler.declare("file", jobs)), std::invalid_argument);
    CHECK(!world.wait_for(world.scheduler.get("a")));
  }

  TEST_CASE("a bad declaration is refused at once") {
    ticking_world world;
    CHECK_THROWS_AS(world.scheduler.add("tick", trigger{"every 1s"}, [] {}), std::invalid_argument);
    CHECK_THROWS_AS(world.scheduler.add("", trigger{"every 1s"}, [] {}), std::invalid_argument);
    job_options wrong;
    wrong.max_instances = 0;
    CHECK_THROWS_AS(world.scheduler.add("x", trigger{"every 1s"}, [] {}, wrong), std::invalid_argument);
    job_options elsewhere;
    elsewhere.executor = "nowhere";
    CHECK_THROWS_AS(world.scheduler.add("x", trigger{"every 1s"}, [] {}, elsewhere), std::invalid_argument);
    job_definition bad_arguments = definition("x", "every 1s", "counted");
    world.scheduler.task("counted", [](int) {});
    bad_arguments.arguments = "[\"three\"]";
    CHECK_THROWS_AS(world.scheduler.add(bad_arguments), std::invalid_argument);
    world.scheduler.task("taken", [] {});
    CHECK_THROWS_AS(world.scheduler.add("taken", trigger{"every 1s"}, [] {}), std::invalid_argument);
    world.scheduler.add(definition("taken", "every 1s"));
    world.scheduler.add("x", trigger{"every 1s"}, [] {});  // The faults have left nothing behind.
  }

  TEST_CASE("a job whose task nobody knows is parked, and goes on when somebody does") {
    ticking_world world;
    world.wait_for(world.scheduler.put(definition("later", "every 10s", "unknown")));
    CHECK(world.record("later").state == job_state::parked);
    CHECK(world.record("later").note.find("unknown") != std::string::npos);
    CHECK(world.count(event_kind::job_parked) == 1);
    world.pass(25s);
    int runs = 0;
    world.scheduler.task("unknown", [&] { ++runs; });
    world.settle();
    CHECK(runs == 1);  // A misfire like any other: the latest stands for the rest.
    CHECK(world.record("later").state == job_state::active);
  }

  TEST_CASE("operations asked for before run() wait until it has begun; after shutdown they are refused") {
    scheduler_world world;
    world.scheduler.task("work", [] {});
    auto early = world.scheduler.put(definition("a", "every 1s", "work"))(boost::asio::use_future);
    world.settle();
    CHECK(early.wait_for(0s) == std::future_status::timeout);
    world.start();
    CHECK(early.get() == put_result::added);
    world.stop();
    CHECK_THROWS_AS(world.wait_for(world.scheduler.get("a")), boost::system::system_error);
  }

  TEST_CASE("a job is known by its handle") {
    ticking_world world;
    int runs = 0;
    const auto job = world.scheduler.add("mine", trigger{"every 10s"}, [&] { ++runs; });
    world.settle();
    world.wait_for(job.pause("why"));
    world.pass(20s);
    CHECK(runs == 0);
    world.wait_for(job.resume());
    world.wait_for(job.run_now());
    world.settle();
    CHECK(runs == 1);
    CHECK(world.wait_for(job.get())->id() == "mine");
    world.wait_for(job.remove());
  }
}
