#include <doctest/doctest.h>

#include <carillon/job/run.hpp>
#include <carillon/trigger/builder.hpp>

#include "apps/command_world.hpp"
#include "carillon/commands/explain_job.hpp"
#include "carillon/commands/history.hpp"
#include "carillon/commands/jobs_change.hpp"
#include "carillon/commands/jobs_edit.hpp"
#include "carillon/commands/jobs_exchange.hpp"
#include "carillon/commands/jobs_list.hpp"
#include "support/temporary_folder.hpp"
#include "support/text.hpp"

namespace carillon::app {
namespace {

using testing::holds;
using testing::temporary_folder;

using namespace std::chrono_literals;
using ids = std::vector<std::string>;

job_flags backup(std::string_view schedule = "every day at 02:30 in UTC") {
  job_flags flags;
  flags.keys.insert("id", "backup");
  flags.keys.insert("schedule", schedule);
  flags.keys.insert("command", toml::array{"/usr/local/bin/backup", "--full"});
  return flags;
}

command_world::said add(command_world& world, job_flags flags, on_conflict policy = on_conflict::refuse,
                        bool json = false) {
  return world.ask([&](command_context& context) { return add_jobs(context, {flags, {}, policy}); }, json);
}
command_world::said list(command_world& world, jobs_list_request request = {}, bool json = false) {
  return world.ask([&](command_context& context) { return list_jobs(context, request); }, json);
}
command_world::said show(command_world& world, std::string id, bool json = false) {
  return world.ask([&](command_context& context) { return show_jobs(context, ids{id}); }, json);
}
command_world::said modify(command_world& world, job_flags flags,
                           std::optional<std::uint64_t> if_revision = std::nullopt) {
  return world.ask(
      [&](command_context& context) { return modify_job(context, {"backup", flags, if_revision}); });
}
std::uint64_t revision(command_world& world) {
  return show(world, "backup", true).object().at("revision").to_number<std::uint64_t>();
}

}  // namespace

TEST_SUITE("job commands") {
  TEST_CASE("a job that was added is listed and shown") {
    command_world world;
    world.start();
    const auto added = add(world, backup());
    CAPTURE(added.err);
    CHECK(added.code == 0);
    CHECK(added.out.starts_with("backup: added (revision "));
    CHECK(holds(list(world).out,
                "backup  active  2024-01-01 02:30:00 (in 2 h 30 min)  every day at 02:30 in UTC"));
    const auto shown = show(world, "backup");
    CHECK(holds(shown.out, "runs         /usr/local/bin/backup --full"));
    CHECK(holds(shown.out, "next         2024-01-03 02:30:00"));
  }

  TEST_CASE("what is said as JSON is the same, in names that do not change") {
    command_world world;
    world.start();
    add(world, backup());
    const auto listed = list(world, {}, true).object();
    CHECK(listed.at("id") == "backup");
    CHECK(listed.at("state") == "active");
    CHECK(listed.at("next") == "2024-01-01T02:30:00+00:00");
    CHECK(listed.at("counters").at("succeeded") == 0);
    const auto shown = show(world, "backup", true).object();
    CHECK(shown.at("next_times").as_array().size() == 3);
    CHECK(shown.at("definition").at("schedule") == "every day at 02:30 in UTC");
  }

  TEST_CASE(
      "the second job of one id is a conflict, and nothing is changed, unless it is to replace or to be "
      "kept") {
    command_world world;
    world.start();
    add(world, backup());
    const auto refused = add(world, backup("every 1h"));
    CHECK(refused.code == 1);
    CHECK(holds(refused.err, "there is a job 'backup' already"));
    CHECK(holds(refused.err, "--replace"));
    CHECK(holds(list(world).out, "every day at 02:30"));
    CHECK(add(world, backup("every 1h"), on_conflict::keep).code == 0);
    CHECK(holds(list(world).out, "every day at 02:30"));
    CHECK(holds(add(world, backup("every 1h"), on_conflict::replace).out, "replaced"));
    CHECK(holds(list(world).out, "every 1h"));
  }

  TEST_CASE("what is wrong with the flags of a job is told at once, and is wrong usage") {
    command_world world;
    world.start();
    auto flags = backup("evry 5m");
    flags.keys.insert("timeout", "soon");
    flags.keys.insert("max_instances", 0);
    const auto refused = add(world, flags);
    CHECK(refused.code == 2);
    for (const auto* words : {"evry", "timeout", "max_instances 0: 1 to 10000"})
      CHECK(holds(refused.err, words));
    CHECK(list(world).out == "no jobs\n");
    const auto nothing = add(world, {});
    CHECK(nothing.code == 2);
    CHECK(holds(nothing.err, "the job has no id: --id NAME\n"));
    CHECK(holds(nothing.err, "the job has no schedule: --schedule \"every 5m\" or --after JOB\n"));
    CHECK(
        holds(nothing.err,
              "the job has nothing to run: -- PROGRAM ARGUMENT…, --shell LINE, --http URL or --task NAME\n"));
  }

  TEST_CASE("a job may be a task of some program") {
    command_world world;
    world.start();
    job_flags flags;
    flags.keys.insert("id", "charge-42");
    flags.keys.insert("schedule", "every 1h");
    flags.task = "charge";
    flags.arguments = "[\"customer-42\", 9.99]";
    CHECK(add(world, flags).code == 0);
    CHECK(holds(show(world, "charge-42").out, "task charge([\"customer-42\", 9.99])"));
    flags.keys.insert_or_assign("id", "charge-43");
    flags.arguments = "{}";
    CHECK(add(world, flags).code == 2);
  }

  TEST_CASE("the jobs of a file are added, and belong to no file") {
    command_world world;
    world.start();
    const temporary_folder folder;
    const auto file = folder.write("jobs.toml",
                                   "[[job]]\nid = \"a\"\nschedule = \"every 1h\"\nshell = \"x\"\n"
                                   "[[job]]\nid = \"b\"\nschedule = \"every 2h\"\nshell = \"y\"\n");
    const auto done = world.ask(
        [&](command_context& context) { return add_jobs(context, {{}, {file}, on_conflict::refuse}); });
    CHECK(done.code == 0);
    CHECK(holds(list(world).out, "2 jobs"));
    CHECK(show(world, "a", true).object().at("origin") == "");
  }

  TEST_CASE("modify changes what is said and leaves the rest") {
    command_world world;
    world.start();
    auto flags = backup();
    flags.keys.insert("timeout", "1h");
    add(world, flags);
    job_flags change;
    change.keys.insert("max_instances", 3);
    const auto changed = modify(world, change);
    CAPTURE(changed.err);
    CHECK(changed.code == 0);
    const auto options = show(world, "backup", true).object().at("definition").at("options").as_object();
    CHECK(options.at("max_instances") == 3);
    CHECK(options.at("timeout") == "1h");
    CHECK(holds(show(world, "backup").out, "/usr/local/bin/backup --full"));
  }

  TEST_CASE("of two who change one job at the same revision, one is told of the conflict") {
    command_world world;
    world.start();
    add(world, backup());
    const auto seen = revision(world);
    job_flags one, two;
    one.keys.insert("max_instances", 2);
    two.keys.insert("max_instances", 3);
    CHECK(modify(world, one, seen).code == 0);
    const auto late = modify(world, two, seen);
    CHECK(late.code == 1);
    CHECK(holds(late.err, "conflict: job 'backup' is at revision "));
    CHECK(holds(late.err, "nothing was changed"));
    CHECK(show(world, "backup", true).object().at("definition").at("options").at("max_instances") == 2);
    CHECK(modify(world, two, revision(world)).code == 0);
  }

  TEST_CASE("a job is paused with a note, and resumed") {
    command_world world;
    world.start();
    add(world, backup());
    const auto pause = [](command_context& context) {
      return pause_jobs(context, ids{"backup"}, "month end");
    };
    CHECK(world.ask(pause).out == "backup: paused\n");
    CHECK(holds(list(world).out, "month end"));
    CHECK(holds(world.ask(pause).out, "is paused already"));
    const auto resume = [](command_context& context) { return resume_jobs(context, ids{"backup"}, false); };
    CHECK(world.ask(resume).out == "backup: resumed\n");
    CHECK(world.ask(resume, true).object().at("done") == false);
  }

  TEST_CASE("fires are left out, and removed jobs are gone") {
    command_world world;
    world.start();
    add(world, backup());
    CHECK(world.ask([](command_context& context) { return skip_fires(context, "backup", 2); }).out ==
          "backup: leaves out its next 2 fires\n");
    CHECK(show(world, "backup", true).object().at("skip_next") == 2);
    CHECK(holds(list(world).out, "leaves out its next 2 fires"));
    CHECK(world.ask([](command_context& context) { return remove_jobs(context, ids{"backup"}); }).code == 0);
    CHECK(list(world).out == "no jobs\n");
  }

  TEST_CASE("the fire at a time is left out, and that is taken back") {
    command_world world;
    world.start();
    add(world, backup());
    const auto skip = [&](std::string at, bool take_back, bool json = false) {
      return world.ask(
          [&](command_context& context) { return skip_fire_at(context, "backup", at, take_back); }, json);
    };
    CHECK(skip("2024-01-02T02:30", false).out == "backup: leaves out its fire at 2024-01-02 02:30:00\n");
    CHECK(skip("2024-01-02T02:30", false, true).object().at("done") == false);
    CHECK(show(world, "backup", true).object().at("skip_at").as_array().size() == 1);
    CHECK(holds(show(world, "backup").out, "leaves out   2024-01-02 02:30:00"));
    CHECK_FALSE(holds(show(world, "backup").out, "next         2024-01-02"));
    CHECK(skip("2024-01-02T02:30", true).out == "backup: fires at 2024-01-02 02:30:00 again\n");
    CHECK(holds(skip("2024-01-01T02:00", false).err,
                "the job does not fire then: the next fire is at 2024-01-01T02:30:00+00:00"));
    CHECK(holds(skip("2023-12-31T02:30", false).err,
                "it is over: the next fire is at 2024-01-01T02:30:00+00:00"));
    const auto wrong = skip("2024-01-02T02:31", false);
    CHECK(wrong.code == 1);
    CHECK(holds(wrong.err, "the nearest fires are at 2024-01-02T02:30:00+00:00"));
    CHECK_THROWS_AS(skip("soon", false), wrong_argument);
  }

  TEST_CASE("what the schedule had in a stretch is made up for, and what waits of it is cancelled") {
    command_world world;
    world.start();
    add(world, backup());
    world.ask([](command_context& context) { return pause_jobs(context, ids{"backup"}, ""); });
    const auto backfill = [&](std::string from, std::size_t limit, bool json = false) {
      return world.ask(
          [&](command_context& context) { return backfill_job(context, {"backup", from, "", limit, false}); },
          json);
    };
    CHECK(backfill("2023-12-29", 10'000, true).object().at("runs") == 3);
    CHECK(backfill("2023-12-29", 10'000).out ==
          "backup: 0 of 3 times are new, no run was put down: --again runs them once more\n");
    const auto more = backfill("2023-12-28", 10'000).out;
    CHECK(holds(more, "backup: 1 run (the other 3 times are not new) put down, the oldest first"));
    CHECK(backfill("23:59", 10'000).code == 1);
    const auto many = backfill("2023-01-01", 100);
    CHECK(many.code == 1);
    CHECK(holds(many.err, "has 365 times from "));
    const auto cancel = [&](jobs_cancel_request request) {
      return world.ask([&](command_context& context) { return cancel_jobs(context, request); });
    };
    CHECK(cancel({ids{"backup"}, "", true}).out == "backup: what waited of it is cancelled\n");
    CHECK(cancel({ids{"backup"}, "", true}).out == "backup: nothing of it waits\n");
    CHECK(cancel({ids{"backup"}, "k3f9-7", false}).out == "backup: no run k3f9-7 of it is active\n");
    CHECK(cancel({ids{"backup"}, "", false}).out == "backup: nothing of it runs\n");
    CHECK(holds(
        world.ask([](command_context& context) { return trigger_job_at(context, "backup", "2h ago"); }).out,
        "backup: will run as if it were 2023-12-31 22:00:00"));
  }

  TEST_CASE("jobs are carried to another store as a document, with a report of what changed") {
    command_world from, to;
    from.start();
    to.start();
    add(from, backup());
    const auto exported = from.ask([](command_context& context) { return export_jobs(context, {}); });
    CHECK(exported.code == 0);
    const temporary_folder folder;
    const auto file = folder.write("jobs.json", exported.out);
    const auto import = [&](import_options how, bool json = false) {
      return to.ask([&](command_context& context) { return import_jobs(context, {file, how}); }, json);
    };
    import_options dry;
    dry.dry_run = true;
    CHECK(import(dry).out ==
          "backup: added\n1 job: 1 added, 0 changed, 0 unchanged, 0 refused (a dry run: nothing was "
          "changed)\n");
    CHECK(import({}).out == "backup: added\n1 job: 1 added, 0 changed, 0 unchanged, 0 refused\n");
    CHECK(holds(import({}, true).out, R"({"done":true,"added":0,"changed":0,"unchanged":1,"refused":0})"));
    job_flags change;
    change.keys.insert("max_instances", 3);
    modify(to, change);
    const auto refused = import({});
    CHECK(refused.code == 1);
    CHECK(holds(refused.out,
                "backup: refused (it is there and differs: options.max_instances: not there, was 3)"));
    CHECK(holds(refused.err, "--replace"));
    const auto missing =
        to.ask([](command_context& context) { return import_jobs(context, {"nowhere.json", {}}); });
    CHECK(missing.err == "carillon: 'nowhere.json' cannot be read\n");
  }

  TEST_CASE("a job may be a request, which is shown without its secrets") {
    command_world world;
    world.start();
    job_flags flags;
    flags.keys.insert("id", "backup");
    flags.keys.insert("schedule", "every 1h");
    flags.keys.insert("http", toml::table{{"url", "http://me:pass@127.0.0.1:9000/ping?token=abc"},
                                          {"headers", toml::table{{"X-Key", "hidden"}}}});
    CHECK(add(world, flags).code == 0);
    const auto shown = show(world, "backup").out;
    CHECK(holds(shown, "runs         POST http://127.0.0.1:9000/ping\n"));
    for (const auto* secret : {"pass", "abc", "hidden"}) CHECK_FALSE(holds(shown, secret));

    job_flags change;
    change.keys.insert("http", toml::table{{"method", "PUT"}, {"body_json", R"({"a": 1})"}});
    CHECK(modify(world, change).code == 0);
    const auto definition = show(world, "backup", true).object().at("definition").as_object();
    CHECK(definition.at("arguments").as_array().at(0) == boost::json::parse(R"({
        "url": "http://me:pass@127.0.0.1:9000/ping?token=abc", "method": "PUT",
        "headers": {"X-Key": "hidden"}, "body": {"a": 1}})"));

    job_flags command;
    command.keys.insert("shell", "true");
    CHECK(modify(world, command).code == 0);
    CHECK(holds(show(world, "backup").out, "runs         true\n"));
    const auto pathless = modify(world, change);
    CHECK(pathless.code == 2);
    CHECK(holds(pathless.err, "no url: --http URL"));
    flags.keys.insert("command", toml::array{"true"});
    CHECK(holds(add(world, flags).err, "command and http are both given"));
    CHECK(holds(modify(world, flags).err, "a request and something else to run are both given"));
  }

  TEST_CASE("a job that is not there is a failure that names the nearest") {
    command_world world;
    world.start();
    add(world, backup());
    const auto missing = show(world, "bakup");
    CHECK(missing.code == 1);
    CHECK(missing.err == "carillon: there is no job 'bakup'\nDid you mean backup?\n");
    const auto run = [](command_context& context) { return run_jobs_now(context, ids{"bakup"}); };
    CHECK(world.ask(run).code == 1);
    CHECK(boost::json::parse(world.ask(run, true).err).at("error").at("hint") == "Did you mean backup?");
    for (const auto& command : std::vector<std::function<loop_awaitable<int>(command_context&)>>{
             [](command_context& context) { return pause_jobs(context, ids{"x"}, ""); },
             [](command_context& context) { return resume_jobs(context, ids{"x"}, true); },
             [](command_context& context) { return remove_jobs(context, ids{"x"}); },
             [](command_context& context) { return skip_fires(context, "x", 1); },
             [](command_context& context) { return cancel_jobs(context, {ids{"x"}, "", false}); },
             [](command_context& context) { return skip_fire_at(context, "x", "now", false); },
             [](command_context& context) { return trigger_job_at(context, "x", "now"); },
             [](command_context& context) { return backfill_job(context, {"x", "2h ago", ""}); },
             [](command_context& context) { return print_history(context, {"x", "", "", {}, 10}); },
             [](command_context& context) { return explain_job(context, {"x", "now", {}}); }})
      CHECK(world.ask(command).code == 1);
  }

  TEST_CASE("list can be told which") {
    command_world world;
    world.start();
    for (const auto* id : {"a-1", "a-2", "b-1"}) {
      auto flags = backup();
      flags.keys.insert_or_assign("id", id);
      flags.keys.insert_or_assign("tags", toml::array{id[0] == 'a' ? "nightly" : "hourly"});
      add(world, flags);
    }
    CHECK(holds(list(world, {"a-", {}, "", "", 0}).out, "2 jobs"));
    CHECK(holds(list(world, {"", {"hourly"}, "", "", 0}).out, "1 job\n"));
    CHECK(list(world, {"", {}, "", "paused", 0}).out == "no jobs\n");
    CHECK(holds(list(world, {"", {}, "", "", 2}).out, "2 jobs"));
    CHECK_THROWS_AS(list(world, {"", {}, "", "pausd", 0}), wrong_argument);
  }
}

TEST_SUITE("history and explain") {
  // A job that fires each minute, and fails each second time.
  struct history_world : command_world {
    history_world() {
      auto& scheduler = start();
      scheduler.add("tick", every(1min), [this](carillon::run&) {
        if (++runs % 2 == 0) throw failure{"odd", "no luck"};
      });
      pass(5min + 30s);
    }
    said history(history_request request, bool json = false) {
      return ask([&](command_context& context) { return print_history(context, request); }, json);
    }
    said explain(std::string at, bool json = false) {
      return ask([&](command_context& context) { return explain_job(context, {"tick", at, {}}); }, json);
    }
    int runs = 0;
  };

  TEST_CASE("history has the latest first, with outcome and reason") {
    history_world world;
    const auto all = world.history({});
    CAPTURE(all.out);
    CHECK(std::count(all.out.begin(), all.out.end(), '\n') == 6);
    CHECK(all.out.find("00:05:00") < all.out.find("00:04:00"));
    CHECK(holds(all.out, "no luck"));
    const auto first = world.history({"tick", "", "", {}, 1}, true).object();
    CHECK(first.at("outcome") == "succeeded");
    CHECK(first.at("instance") == "cellar");
  }

  TEST_CASE("history can be told which") {
    history_world world;
    const auto lines = [&](history_request request) {
      const auto text = world.history(std::move(request), true).out;
      return std::count(text.begin(), text.end(), '\n');
    };
    CHECK(lines({"", "", "", {"failed"}, 100}) == 2);
    CHECK(lines({"", "00:02", "00:03", {}, 100}) == 2);
    CHECK(lines({"", "3m ago", "", {}, 100}) == 3);
    CHECK(lines({"", "", "", {}, 2}) == 2);
    CHECK_THROWS_AS(world.history({"", "", "", {"failde"}, 2}), wrong_argument);
    CHECK_THROWS_AS(world.history({"", "soon", "", {}, 2}), wrong_argument);
    CHECK_THROWS_AS(world.history({"", "00:03", "00:02", {}, 2}), wrong_argument);
  }

  TEST_CASE("explain says why a job ran, or why not") {
    history_world world;
    CHECK(holds(world.explain("00:03").out, "tick at 2024-01-01 00:03:00: ran\n  It succeeded"));
    CHECK(holds(world.explain("00:04").out, "no luck."));
    CHECK(holds(world.explain("00:06").out, "to come"));
    const auto between = world.explain("00:03:30", true).object();
    CHECK(between.at("verdict") == "not_a_fire");
    CHECK(between.at("before") == "2024-01-01T00:03:00+00:00");
    CHECK_THROWS_AS(world.explain("soon"), wrong_argument);
  }

  TEST_CASE("explain finds the run that stood for a fire") {
    history_world world;
    world.ask([](command_context& context) { return pause_jobs(context, ids{"tick"}, "lunch"); });
    world.pass(10min);
    world.ask([](command_context& context) { return resume_jobs(context, ids{"tick"}, false); });
    world.pass(2min);
    CHECK(holds(world.explain("00:10").out, "It was skipped: the job was paused."));
  }
}

}  // namespace carillon::app
