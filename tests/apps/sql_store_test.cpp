#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "apps/store_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

namespace {

/// A file of SQLite, not yet there.
struct sqlite_world {
  testing::temporary_folder folder;
  std::string url = "sqlite:" + folder.path("jobs.db");

  answered on_store(arguments words) const {
    words.insert(words.end(), {"--store", url});
    return ask(std::move(words));
  }
  std::vector<boost::json::object> history_of(const std::string& job) const {
    std::vector<boost::json::object> entries;
    std::istringstream lines{on_store({"history", job, "--json", "-n", "1000"}).out};
    for (std::string line; std::getline(lines, line);)
      entries.push_back(boost::json::parse(line).as_object());
    return entries;
  }
};

}  // namespace

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

  TEST_CASE("a daemon that was killed goes on where it was, at once, and runs again what it had begun") {
    const sqlite_world world;
    const auto file = world.folder.write(
        "jobs.toml", "[scheduler]\nstore = \"" + world.url +
                         "\"\n[[job]]\nid = \"tick\"\nschedule = \"every 1s\"\ncommand = [\"/bin/true\"]\n"
                         "[[job]]\nid = \"long\"\nschedule = \"every 1s\"\non_lost = \"rerun\"\n"
                         "command = [\"/bin/sleep\", \"60\"]\n");
    {
      program daemon{{"run", file}};
      REQUIRE(daemon.says("tick"));
      REQUIRE(daemon.says("succeeded"));
      daemon.signal(SIGKILL);
      CHECK(daemon.ends() == -SIGKILL);
    }
    CHECK(holds(world.on_store({"jobs", "list"}).out, "2 jobs\n"));
    program again{{"run", file}};
    REQUIRE(again.says("2 jobs"));
    REQUIRE(again.says("succeeded"));
    again.signal(SIGTERM);
    again.signal(SIGTERM);  // The body that sleeps is not waited for.
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

  TEST_CASE("who asks a daemon for a run may wait for its end, and what a job carries is set and shown") {
    const sqlite_world world;
    const auto file = world.folder.write(
        "jobs.toml", "[scheduler]\nstore = \"" + world.url +
                         "\"\n[[job]]\nid = \"tick\"\nschedule = \"every 1h\"\ncommand = [\"/bin/true\"]\n");
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
        CHECK(daemon.says("succeeded"));
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
    const auto doctor = world.on_store({"doctor"});
    CHECK(doctor.code == 2);
    CHECK(holds(doctor.err, "doctor looks at stores in Redis"));
    const auto away = ask({"jobs", "list", "--store", "postgresql://user:secret@127.0.0.1:1/jobs"});
    CHECK(away.code == 1);
    CHECK(holds(away.err, "the store does not answer: postgresql://127.0.0.1:1/jobs"));
    CHECK_FALSE(holds(away.err, "secret"));
  }
}

}  // namespace carillon::app
