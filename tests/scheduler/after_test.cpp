// Jobs that run after others.
#include <carillon/job/job_builder.hpp>
#include <set>
#include <stdexcept>

#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

using lines = std::vector<std::string>;

/// A job "import" each minute, which fails in the minutes that are listed; those that follow write down what
/// they follow.
struct chain_world : scheduler_world {
  using scheduler_world::scheduler_world;

  void add_import(job_options options = {}) {
    scheduler.add(
        "import", trigger{"every 1m"},
        [this](carillon::run&) {
          ++imports;
          if (fails.contains(imports)) throw std::runtime_error("no luck");
        },
        options);
  }
  void add_follower(const std::string& id, trigger when, job_options options = {}) {
    scheduler.add(id, std::move(when), [this, id](carillon::run& run) { note(id, run); }, options);
  }
  void note(const std::string& id, const carillon::run& run) {
    const auto minute = std::to_string((run.scheduled_for() - simulation_start) / 1min);
    const auto* const what = run.follows();
    ran.push_back(id + " " + minute +
                  (what ? " after " + what->job + " " + std::string{name(what->how)} : ""));
  }
  job_record record(std::string id) {
    const auto found = wait_for(scheduler.get(std::move(id)));
    REQUIRE(found.has_value());
    return *found;
  }
  std::ptrdiff_t logged(std::string_view words) const {
    return std::ranges::count_if(
        log->lines, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  }
  std::string refusal_of(job_definition job) {
    try {
      wait_for(scheduler.put(std::move(job), on_conflict::refuse));
    } catch (const std::invalid_argument& why) {
      return why.what();
    }
    return "it was not refused";
  }

  int imports = 0;
  std::set<int> fails;
  std::vector<std::string> ran;
};

/// One that runs a task that all programs have.
job_definition put_after(const std::string& id, trigger when) {
  job_definition job{id, std::move(when), {}, {}, default_options(), {}, {}};
  job.task = std::string_view{"note"};
  return job;
}

}  // namespace

TEST_SUITE("jobs that run after others") {
  TEST_CASE("run when a run of the other job has ended, by how it ended, for its occurrence") {
    chain_world world;
    world.fails = {2};
    world.add_import();
    world.add_follower("report", after("import"));
    world.add_follower("alarm", after("import", on_end::failure));
    world.add_follower("clean", after("import", on_end::either));
    world.start();
    CHECK(world.record("report").state == job_state::active);
    world.pass(1min);
    CHECK(world.ran == lines{"clean 1 after import succeeded", "report 1 after import succeeded"});
    world.ran.clear();
    world.pass(1min);
    CHECK(world.ran == lines{"alarm 2 after import failed", "clean 2 after import failed"});
    const auto entries = world.ledger("alarm");
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].extra);
    REQUIRE(entries[0].follows);
    CHECK(entries[0].follows->run == world.ledger("import").at(1).run);
    CHECK(world.record("alarm").state == job_state::active);
  }

  TEST_CASE("wait for the last attempt, and follow runs outside the schedule as well") {
    chain_world world;
    job_options options;
    options.retry.attempts = 2;
    options.retry.backoff_min = options.retry.backoff_max = 5s;
    world.fails = {1};
    world.add_import(options);
    world.add_follower("report", after("import", on_end::either));
    world.start();
    world.pass(1min);
    CHECK(world.ran.empty());
    world.pass(10s);
    CHECK(world.ran == lines{"report 1 after import succeeded"});
    world.wait_for(world.scheduler.run_now("import"));
    world.settle();
    CHECK(world.ran.size() == 2);
  }

  TEST_CASE("form chains, with times of their own beside, in any order of adding") {
    chain_world world;
    world.add_follower("last", job("last").after("middle").build().when);
    world.add_follower("middle", job("middle").every(90s).after("import").build().when);
    world.add_import();
    world.start();
    world.pass(1min);
    CHECK(world.ran == lines{"middle 1 after import succeeded", "last 1 after middle succeeded"});
    world.ran.clear();
    world.pass(30s);
    CHECK(world.ran == lines{"middle 1", "last 1 after middle succeeded"});
    CHECK(world.logged("no such job") == 0);
  }

  TEST_CASE("are left out while they are paused, and recorded") {
    chain_world world;
    world.add_import();
    world.add_follower("report", after("import"));
    world.start();
    world.wait_for(world.scheduler.pause("report", "for a while"));
    world.pass(2min);
    world.wait_for(world.scheduler.resume("report"));
    world.pass(1min);
    CHECK(world.ran == lines{"report 3 after import succeeded"});
    const auto entries = world.ledger("report");
    REQUIRE(entries.size() == 3);
    CHECK(entries[1].result.message == "paused");
    CHECK(entries[1].first == simulation_start + 2min);
    REQUIRE(entries[1].follows);
    world.wait_for(world.scheduler.skip_next("report", 1));
    world.pass(2min);
    CHECK(world.ran.back() == "report 5 after import succeeded");
    CHECK(world.ledger("report").at(3).result.message == "skip_next");
  }

  TEST_CASE("may cancel the run whose place they need") {
    chain_world world;
    world.add_import();
    job_options options;
    options.on_overlap = overlap_action::cancel_running;
    world.scheduler.add(
        "long", after("import"),
        [&world](carillon::run& run) -> boost::asio::awaitable<void> {
          world.note("begin", run);
          co_await world.sleep(90s);
          world.note("end", run);
        },
        options);
    world.start();
    world.pass(2min);
    CHECK(world.ran == lines{"begin 1 after import succeeded", "begin 2 after import succeeded"});
    CHECK(world.ledger("long").at(0).result.kind == outcome_kind::cancelled);
  }

  TEST_CASE("must not run after themselves") {
    chain_world world;
    CHECK_THROWS_WITH_AS(world.add_follower("self", after("self")),
                         "job 'self' would run after itself: self after self", std::invalid_argument);
    world.add_follower("a", after("c"));
    world.add_follower("b", after("a"));
    CHECK_THROWS_WITH_AS(world.add_follower("c", trigger{"(after x) or (after b)"}),
                         "job 'c' would run after itself: c after b after a after c", std::invalid_argument);
    world.scheduler.task("note", [&world](carillon::run& run) { world.note("put", run); });
    world.start();
    CHECK(world.refusal_of(put_after("c", after("b"))) ==
          "job 'c' would run after itself: c after b after a after c");
    CHECK(world.logged("a: runs after 'c', and there is no such job") == 1);
    world.wait_for(world.scheduler.put(put_after("c", trigger{"every 1m"}), on_conflict::refuse));
    CHECK_THROWS_AS(world.wait_for(world.scheduler.reschedule("c", schedule{after("a")})),
                    std::invalid_argument);
    world.pass(1min);
    CHECK(world.ran == lines{"put 1", "a 1 after c succeeded", "b 1 after a succeeded"});
  }

  TEST_CASE("are paused with a note when nobody could refuse that they run after themselves") {
    chain_world world;
    world.scheduler.task("note", [](carillon::run&) {});
    world.start();
    world.wait_for(world.scheduler.put(put_after("a", after("b")), on_conflict::refuse));
    // As another instance does at the same time.
    std::string document = R"({"format": "carillon-jobs", "version": 1, "jobs": [
      {"definition": {"id": "x", "schedule": "after y", "task": "note"}},
      {"definition": {"id": "y", "schedule": "after x", "task": "note"}}]})";
    world.wait_for(world.scheduler.import_jobs(document));
    world.settle();
    const auto x = world.record("x"), y = world.record("y");
    CHECK((x.state == job_state::paused || y.state == job_state::paused));
    CHECK((x.note + y.note).find("would run after itself: ") != std::string::npos);
    CHECK(world.record("a").state == job_state::active);
  }

  TEST_CASE("keep what they wait for over a change, an export and an import") {
    chain_world world;
    world.add_import();
    world.scheduler.task("note", [&world](carillon::run& run) { world.note("put", run); });
    world.start();
    world.wait_for(world.scheduler.put(put_after("report", trigger{"every 1h"}), on_conflict::refuse));
    world.wait_for(world.scheduler.reschedule("report", schedule{after("import")}));
    CHECK_FALSE(world.record("report").cursor);
    const auto document = world.wait_for(world.scheduler.export_jobs()).document;
    world.wait_for(world.scheduler.remove("report"));
    world.pass(1min);
    CHECK(world.ran.empty());
    import_options how;
    how.policy = on_conflict::keep;
    CHECK(world.wait_for(world.scheduler.import_jobs(document, how)).done);
    world.pass(1min);
    CHECK(world.ran == lines{"put 2 after import succeeded"});
  }
}
