#include "support/scheduler_world.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// Knows a task "work", which writes down whose runs there were.
struct exchange_world : scheduler_world {
  exchange_world() {
    scheduler.task("work", [this](carillon::run& run) { ran.push_back(run.job_id()); });
    start();
  }
  void put(std::string id, const char* when, job_options options = {}) {
    job_definition job{std::move(id), trigger{when}, {}, {}, intern(options), {}, {}};
    job.task = "work";
    wait_for(scheduler.put(std::move(job)));
  }
  std::string exported(job_query which = {}) {
    return wait_for(scheduler.export_jobs(std::move(which))).document;
  }
  import_report import(const std::string& document, import_options how = {}) {
    return wait_for(scheduler.import_jobs(document, how));
  }
  /// "a added; b changed (…)"
  std::string told(const std::string& document, import_options how = {}) {
    std::string words;
    for (const auto& each : import(document, how).entries) {
      words += (words.empty() ? "" : "; ") + each.job + " " + std::string{name(each.what)};
      if (!each.why.empty()) words += " (" + each.why + ")";
    }
    return words;
  }
  std::string refused(const std::string& document) {
    try {
      import(document);
    } catch (const std::invalid_argument& why) {
      return why.what();
    }
    return "it was not refused";
  }
  job_record record(std::string id) {
    const auto found = wait_for(scheduler.get(std::move(id)));
    REQUIRE(found.has_value());
    return *found;
  }
  std::vector<std::string> ran;
};

import_options with_policy(on_conflict policy) {
  import_options how;
  how.policy = policy;
  return how;
}

/// A document with these jobs.
std::string document_with(const std::string& jobs) {
  return R"({"format": "carillon-jobs", "version": 1, "jobs": [)" + jobs + "]}";
}

}  // namespace

TEST_SUITE("jobs as a document") {
  TEST_CASE("what was exported is brought in as it was: state, note, cursor, what is to be left out") {
    exchange_world from;
    job_options options;
    options.priority = 7;
    options.tags = {"night"};
    from.put("a", "every 1h");
    from.put("b", "cron 0 9 * * mon-fri in Europe/London", options);
    from.put("c", "every 10m jitter 5m");
    from.pass(90min);
    from.wait_for(from.scheduler.pause("b", "month end"));
    from.wait_for(from.scheduler.skip_next("a", 2));
    from.wait_for(from.scheduler.skip_at("a", simulation_start + 9h));
    const auto document = from.exported();
    exchange_world to;
    to.pass(91min);
    CHECK(to.told(document) == "a added; b added; c added");
    for (const auto* id : {"a", "b", "c"}) {
      CAPTURE(id);
      const auto was = from.record(id), is = to.record(id);
      CHECK(*is.definition == *was.definition);
      CHECK(is.state == was.state);
      CHECK(is.note == was.note);
      CHECK(is.cursor == was.cursor);
      CHECK(is.due == was.due);
      CHECK(is.anchor == was.anchor);
      CHECK(is.where == was.where);
      CHECK(is.skip_next == was.skip_next);
      CHECK(is.skip_at == was.skip_at);
    }
    CHECK(to.told(document) == "a unchanged; b unchanged; c unchanged");
    to.pass(30min);
    CHECK(std::ranges::count(to.ran, "c") == 3);
  }

  TEST_CASE("what came due since the export is a misfire, unless the jobs are to begin anew") {
    exchange_world from;
    from.put("a", "every 1h");
    const auto document = from.exported();
    exchange_world late, anew;
    for (auto* to : {&late, &anew}) to->pass(150min);
    CHECK(late.told(document) == "a added");
    late.settle();
    CHECK(late.record("a").counters.missed == 2);
    import_options how;
    how.begin_anew = true;
    CHECK(anew.told(document, how) == "a added");
    CHECK(anew.record("a").cursor == simulation_start + 210min);
    CHECK(anew.record("a").counters.missed == 0);
  }

  TEST_CASE(
      "one that is there and differs is refused, kept or replaced, and the report says how it differs") {
    exchange_world world;
    world.put("a", "every 1h");
    world.put("b", "every 1h");
    const auto document = world.exported();
    job_changes changes;
    changes.when = trigger{"every 30m"};
    job_options slower;
    slower.timeout = 5min;
    changes.options = slower;
    world.wait_for(world.scheduler.modify("a", changes));
    world.wait_for(world.scheduler.pause("b", "why"));
    const std::string of_a =
        "schedule: \"every 1h\", was \"every 30m\"; options: not there, was {\"timeout\":\"5m\"}";
    CHECK(world.told(document) == "a refused (it is there and differs: " + of_a +
                                      "); b refused (it is there and differs: active, was paused)");
    CHECK(world.told(document, with_policy(on_conflict::keep)) == "a unchanged; b unchanged");
    CHECK(world.record("a").definition->when.text() == "every 30m");
    auto how = with_policy(on_conflict::replace);
    how.dry_run = true;
    CHECK(world.told(document, how) == "a changed (" + of_a + "); b changed (active, was paused)");
    CHECK(world.record("b").state == job_state::paused);
    how.dry_run = false;
    CHECK(world.told(document, how) == "a changed (" + of_a + "); b changed (active, was paused)");
    CHECK(world.record("a").definition->when.text() == "every 1h");
    CHECK(world.record("b").state == job_state::active);
    CHECK(world.told(document) == "a unchanged; b unchanged");
  }

  TEST_CASE("if one is refused nothing is done, unless a part is wanted; and each fault is told") {
    exchange_world world;
    const auto document =
        document_with(R"({"definition": {"id": "a", "schedule": "every 1h", "task": "work"}},)"
                      R"({"definition": {"id": "b", "schedule": "every blue moon"}},)"
                      R"({"definition": {"id": "c", "schedule": "every 1h", "options": {"priority": 101}}},)"
                      R"({"definition": {"id": "d", "schedule": "every 1h"}, "state": "asleep"},)"
                      R"({"definition": {"id": "e", "schedule": "every 1h until 2023-01-01"}},)"
                      R"({"definition": {"id": "f", "schedule": "every 1h"}, "colour": "red"},)"
                      R"({"state": "active"})");
    const auto report = world.import(document);
    CHECK_FALSE(report.done);
    REQUIRE(report.entries.size() == 7);
    CHECK(report.count(import_report::kind::refused) == 6);
    CHECK(report.entries[1].why.starts_with("schedule: "));
    CHECK(report.entries[2].why == "options.priority: 101 is not allowed; -100 to 100");
    CHECK(report.entries[3].why == "state: 'asleep' is not one of active, paused, ended");
    CHECK(report.entries[4].why == "'every 1h until 2023-01-01' never fires again");
    CHECK(report.entries[5].why == "colour: there is no such member");
    CHECK(report.entries[6].job == "jobs[6]");
    CHECK(report.entries[6].why == "definition: is missing");
    CHECK_FALSE(world.wait_for(world.scheduler.get("a")));
    import_options how;
    how.partial = true;
    CHECK(world.import(document, how).done);
    CHECK(world.record("a").state == job_state::active);
  }

  TEST_CASE("what is no document is refused with the place, and nothing is changed") {
    exchange_world world;
    CHECK(world.refused("{\"format\": \"carillon-jobs\",\n oops") ==
          "this is no document of jobs: syntax error (line 2, character 2)");
    CHECK(world.refused("").starts_with("this is no document of jobs: incomplete JSON"));
    CHECK(world.refused("{} {}").starts_with("this is no document of jobs: "));
    CHECK(world.refused("[]") == "this is no document of jobs: it is not a JSON object");
    CHECK(world.refused("{}") == "this is no document of jobs: its format is missing, not \"carillon-jobs\"");
    CHECK(world.refused(R"({"format": "carillon-jobs", "version": 2, "jobs": []})") ==
          "this is no document of jobs: it has version 2, and this program reads up to 1");
    CHECK(world.refused(R"({"format": "carillon-jobs", "version": 1})") ==
          "this is no document of jobs: it has no list of jobs");
    CHECK(world.refused(document_with(R"({"definition": {"id": "a", "schedule": "every 1h"}},)"
                                      R"({"definition": {"id": "a", "schedule": "every 2h"}})")) ==
          "this is no document of jobs: job 'a' is there twice");
  }

  TEST_CASE("a job that was removed comes back") {
    exchange_world world;
    world.scheduler.add("declared", trigger{"every 1h"}, [] {});
    world.settle();
    const auto document = world.exported();
    world.wait_for(world.scheduler.remove("declared"));
    CHECK(world.told(document) == "declared added");
    CHECK(world.record("declared").state == job_state::active);
  }

  TEST_CASE("an export has those jobs that are asked for, one on a line") {
    exchange_world world;
    job_options tagged;
    tagged.tags = {"night"};
    world.put("a", "every 1h");
    world.put("b", "every 1h", tagged);
    job_query which;
    which.tags = {"night"};
    CHECK(
        world.exported(which) ==
        R"({"format": "carillon-jobs", "version": 1, "exported": "2024-01-01T00:00:00+00:00", "jobs": [)"
        "\n  "
        R"({"definition":{"id":"b","schedule":"every 1h","task":"work","options":{"tags":["night"]}},)"
        R"("state":"active","zone":"UTC","anchor":"2024-01-01T00:00:00+00:00","next":"2024-01-01T01:00:00+00:00"})"
        "\n]}\n");
  }
}
