#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/sqlite_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

TEST_SUITE("sql store") {
  TEST_CASE("jobs in a file are added, looked at, changed and removed from the command line") {
    const sqlite_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--store", world.url, "--", "/usr/local/bin/backup", "--full"});
    const auto added = ask(add);
    CAPTURE(added.err);
    REQUIRE(added.code == 0);
    CHECK(ask(add).code == 0);  // The same again: nothing to do.
    CHECK(holds(world.on_store({"jobs", "list"}).out, "every day at 02:30 in UTC"));
    CHECK(world.on_store({"jobs", "modify", "backup", "--max-instances", "3"}).code == 0);
    CHECK(world.on_store({"jobs", "pause", "backup", "--note", "month end"}).out == "backup: paused\n");
    CHECK(world.on_store({"jobs", "resume", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "skip", "backup", "-n", "2"}).code == 0);
    CHECK(world.on_store({"jobs", "skip", "backup", "--at", "2099-12-31T02:30:00Z"}).code == 0);
    CHECK(world.on_store({"jobs", "trigger-at", "backup", "2h ago"}).code == 0);
    CHECK(holds(world.on_store({"jobs", "cancel", "backup", "--waiting"}).out, "backup: "));
    CHECK(world.on_store({"jobs", "run", "backup"}).code == 0);
    const auto document = world.on_store({"jobs", "export"});
    CHECK(holds(document.out, R"("skip_at":["2099-12-31T02:30:00)"));
    CHECK(world.on_store({"jobs", "import", world.folder.write("jobs.json", document.out)}).out ==
          "backup: unchanged\n1 job: 0 added, 0 changed, 1 unchanged, 0 refused\n");
    const auto job = world.on_store({"jobs", "show", "backup", "--json"}).object();
    CHECK(job.at("skip_next") == 2);
    CHECK(job.at("next_waiting").is_string());
    CHECK(job.at("definition").at("options").at("max_instances") == 3);
    CHECK(holds(world.on_store({"members"}).out, "nobody"));
    CHECK(world.on_store({"jobs", "remove", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "list"}).out == "no jobs\n");
  }

  TEST_CASE("of what is put down twice, and of a run that is not there, the truth is told") {
    const sqlite_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--store", world.url, "--", "/bin/true"});
    REQUIRE(ask(add).code == 0);
    const arguments backfill{"jobs", "backfill", "backup", "--from", "2026-01-01", "--to", "2026-01-05"};
    CHECK(holds(world.on_store(backfill).out, "backup: 4 runs put down"));
    CHECK(holds(world.on_store(backfill).out, "backup: 0 of 4 times are new, no run was put down"));
    const auto cancelled = world.on_store({"jobs", "cancel", "backup", "--run", "nosuch"});
    CHECK(cancelled.code == 1);
    CHECK(cancelled.out == "backup: no run nosuch of it is active\n");
  }

  TEST_CASE("an import is tried, too, where there is no store yet, and that makes none") {
    const sqlite_world world;
    const sqlite_world from;
    auto add = add_backup;
    add.insert(add.end(), {"--store", from.url, "--", "/bin/true"});
    REQUIRE(ask(add).code == 0);
    const auto file = world.folder.write("jobs.json", from.on_store({"jobs", "export"}).out);
    CHECK(world.on_store({"jobs", "import", file, "--dry-run"}).out ==
          "backup: added\n1 job: 1 added, 0 changed, 0 unchanged, 0 refused (a dry run: nothing was "
          "changed)\n");
    CHECK_FALSE(std::filesystem::exists(world.folder.path("jobs.db")));
    CHECK(holds(world.on_store({"jobs", "import", world.folder.path()}).err, "is a folder, not a file"));
  }

  TEST_CASE("a daemon says which store it has, and who waits for a run what that said, in one line") {
    const sqlite_world world;
    const auto file = world.folder.write("jobs.toml",
                                         "[[job]]\nid = \"two\"\nschedule = \"every day at 02:30\"\n"
                                         "shell = \"echo line1; echo line2\"\n");
    program daemon{{"run", file, "--store", world.url}};
    REQUIRE(daemon.says(", store sqlite:"));
    const auto ran = world.on_store({"jobs", "run", "two", "--wait"}).out;
    CHECK(ran.ends_with(": line1: line2\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a daemon that was killed goes on where it was, at once, and runs again what it had begun") {
    const sqlite_world world;
    const auto file =
        world.file_of_tick("every 1s",
                           "[[job]]\nid = \"long\"\nschedule = \"every 1s\"\non_lost = \"rerun\"\n"
                           "command = [\"/bin/sleep\", \"60\"]\n");
    {
      program daemon{{"run", file}};
      REQUIRE(daemon.says("tick"));
      REQUIRE(daemon.says("succeeded"));
      REQUIRE((holds(daemon.said(), "long[") || daemon.says("long[")));
      daemon.signal(SIGKILL);
      CHECK(daemon.ends() == -SIGKILL);
    }
    CHECK(holds(world.on_store({"jobs", "list"}).out, "2 jobs\n"));
    program again{{"run", file}};
    REQUIRE(again.says("2 jobs"));
    REQUIRE(again.says("succeeded"));
    again.signal(SIGTERM);
    CHECK(again.says("SIGTERM"));  // Else two are one.
    again.signal(SIGTERM);         // The body that sleeps is not waited for.
    again.ends();
    bool was_lost = false;
    for (const auto& entry : world.history_of("long"))
      was_lost = was_lost || (entry.at("outcome") == "lost" && entry.at("final") == false);
    CHECK(was_lost);
    std::vector<std::string> fires;
    for (const auto& entry : world.history_of("tick")) {
      if (entry.at("outcome") == "succeeded") fires.emplace_back(entry.at("first").as_string());
    }
    CHECK(fires.size() >= 2);
    std::ranges::sort(fires);
    CHECK_MESSAGE(std::ranges::adjacent_find(fires) == fires.end(), "no fire twice");
  }

  TEST_CASE(
      "daemons on one file share the places of a group, and those of one that is killed are the other's") {
    const sqlite_world world;
    const auto lock = world.folder.path("inside"), twice = world.folder.path("twice");
    std::string jobs =
        "[scheduler]\npartitions = 64\nstore = \"" + world.url + "\"\n[groups.db]\nrunning = 1\n";
    for (char id = 'a'; id <= 'p'; ++id) {
      jobs += std::string{"[[job]]\nid = \""} + id + "\"\nschedule = \"every 1s\"\ngroup = \"db\"\n" +
              "on_lost = \"rerun\"\nshell = \"mkdir " + lock + " || touch " + twice +
              "; echo inside; sleep 0.3; rmdir " + lock + "\"\n";
    }
    const auto file = world.folder.write("jobs.toml", jobs);
    program one{{"run", file, "--instance", "one"}}, other{{"run", file, "--instance", "other"}};
    REQUIRE(one.says("16 jobs"));
    REQUIRE(other.says("16 jobs"));
    for (int times = 0; times < 3; ++times) {
      REQUIRE(one.says("inside"));
      REQUIRE(other.says("inside"));
    }
    CHECK_FALSE(std::filesystem::exists(twice));
    REQUIRE(one.says("inside"));
    one.signal(SIGKILL);
    CHECK(one.ends() == -SIGKILL);
    for (int times = 0; times < 5; ++times) REQUIRE(other.says("inside"));
    other.signal(SIGTERM);
    CHECK(other.ends() == 0);
  }

  TEST_CASE("a table that was dropped is told of, and made by who runs there next, which can be stopped") {
    const sqlite_world world;
    const auto file = world.file_of_tick("every 1s");
    program daemon{{"run", file, "--instance", "a"}};
    REQUIRE(daemon.says("tick["));
    world.does("DROP TABLE carillon_jobs");
    REQUIRE(daemon.says("is not whole: there is no carillon_jobs"));
    REQUIRE(daemon.says("tick["));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    world.does("DROP TABLE carillon_ledger");
    const auto history = world.on_store({"history"});
    CHECK(history.code == 1);
    CHECK(holds(history.err, "is not whole: there is no carillon_ledger"));
    CHECK(holds(history.err, "carillon run FILE --store URL makes one"));
  }

  TEST_CASE("rows that cannot be read are named, replaced by what a file declares, and removed") {
    const sqlite_world world;
    std::string jobs = "[scheduler]\nstore = \"" + world.url + "\"\n";
    for (const std::string id : {"record", "definition", "fine"})
      jobs += "[[job]]\nid = \"" + id + "\"\nschedule = \"every 1s\"\ncommand = [\"/bin/true\"]\n";
    const auto file = world.folder.write("jobs.toml", jobs);
    const auto run = [&](const std::string& until) {
      program daemon{{"run", file, "--instance", "a"}};
      CHECK(daemon.says(until));
      CHECK(daemon.says("record["));
      CHECK(daemon.says("definition["));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
    };
    const auto breaks = [&] {
      world.does("UPDATE carillon_jobs SET content = '{broken' WHERE id = 'record'");
      world.does("UPDATE carillon_definitions SET content = '{broken' WHERE id = 'definition'");
    };
    run("3 jobs");
    breaks();
    const auto list = world.on_store({"jobs", "list"}).out;
    CHECK(holds(list, "the record of job 'record' in carillon_jobs cannot be read"));
    CHECK(holds(list, "the definition of job 'definition' in carillon_definitions cannot be read"));
    CHECK(holds(world.on_store({"jobs", "show", "record"}).out, "cannot be read"));
    const auto exported = world.on_store({"jobs", "export"});
    CHECK(exported.code == 1);
    CHECK(holds(exported.out, "\"fine\""));
    CHECK(holds(exported.err, "not exported: 'record': the record of job"));
    CHECK(holds(exported.err, "not exported: 'definition': the definition of job"));
    CHECK(holds(world.on_store({"jobs", "run", "record"}).err, "carillon jobs remove"));
    run("the record of job 'record' in carillon_jobs could not be read and was replaced");
    CHECK(!holds(world.on_store({"jobs", "list"}).out, "cannot be read"));
    breaks();
    CHECK(world.on_store({"jobs", "remove", "record", "definition"}).code == 0);
    CHECK(holds(world.on_store({"jobs", "list"}).out, "1 job\n"));
  }

  TEST_CASE("who asks a daemon for a run may wait for its end, and what a job carries is set and shown") {
    const sqlite_world world;
    const auto file = world.file_of_tick("every 1h");
    program daemon{{"run", file, "--instance", "a"}};
    REQUIRE(daemon.says("1 job"));
    const auto ended = world.on_store({"jobs", "run", "tick", "--wait", "--within", "1m", "--json"});
    CAPTURE(ended.err);
    REQUIRE(ended.code == 0);
    CHECK(ended.object().at("outcome") == "succeeded");
    CHECK(ended.object().at("instance") == "a");
    REQUIRE(world
                .on_store({"jobs", "add", "--id", "reader", "--schedule", "every 1h", "--task", "read",
                           "--carries"})
                .code == 0);
    CHECK(world.on_store({"jobs", "carry", "reader", R"({"page": 7})"}).code == 0);
    CHECK(world.on_store({"jobs", "show", "reader", "--json"}).object().at("carried").at("page") == 7);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE(
      "some jobs of a file may be kept in SQLite, others in memory: after a kill those go on, these begin") {
    const sqlite_world world;
    const auto job = [](const std::string& id, const std::string& store) {
      return "[[job]]\nid = \"" + id +
             "\"\nschedule = \"every 1h immediately\"\ncommand = [\"/bin/true\"]\nstore = \"" + store +
             "\"\n";
    };
    const auto file = world.folder.write("jobs.toml", "[stores.kept]\nurl = \"" + world.url + "\"\n" +
                                                          job("lasting", "kept") + job("passing", "default"));
    for (const bool again : {false, true}) {
      program daemon{{"run", file, "--instance", "one"}};
      CHECK(daemon.says("passing["));
      REQUIRE(daemon.says("2 jobs"));
      if (!again) {
        REQUIRE(daemon.says("lasting["));
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
        while (world.history_of("lasting").empty()) REQUIRE(std::chrono::steady_clock::now() < deadline);
        daemon.signal(SIGKILL);
        CHECK(daemon.ends() == -SIGKILL);
        continue;
      }
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
    }
    const auto list = world.on_store({"jobs", "list"}).out;
    CHECK(holds(list, "lasting"));
    CHECK(!holds(list, "passing"));
    CHECK(world.history_of("lasting").size() == 1);
    CHECK(world.history_of("passing").empty());
  }

  TEST_CASE("what such a store cannot do, and one that is not there, are refused in words that help") {
    const sqlite_world world;
    const auto none = world.on_store({"jobs", "list"});
    CHECK(none.code == 1);
    CHECK(holds(none.err, "there is no file "));
    CHECK(holds(none.err, "carillon run FILE --store URL makes one"));
    const auto file = world.folder.write("jobs.toml", "[scheduler]\nstore = \"sqlite:\"\n");
    CHECK(
        holds(ask({"run", file, "--check"}).err, "jobs.toml:2:17: store: no file is named: sqlite:jobs.db"));
    const auto followed = world.on_store({"watch"});
    CHECK(followed.code == 2);
    CHECK(holds(followed.err, "cannot be followed"));
    const auto mended = world.on_store({"doctor", "--repair"});
    CHECK(mended.code == 2);
    CHECK(holds(mended.err, "there is nothing in an SQL database that --repair mends"));
    const auto away = ask({"jobs", "list", "--store", "postgresql://user:secret@127.0.0.1:1/jobs"});
    CHECK(away.code == 1);
    CHECK(holds(away.err, "the store does not answer: postgresql://127.0.0.1:1/jobs"));
    CHECK_FALSE(holds(away.err, "secret"));
  }
}

}  // namespace carillon::app
