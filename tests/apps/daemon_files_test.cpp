#include "carillon/daemon_files.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <carillon/executor/command_executor.hpp>

#include <fstream>
#include <sstream>

namespace carillon::app {
namespace {

using testing::temporary_folder;

using namespace std::chrono_literals;

constexpr instant started{1'000'000'000'000ms};

daemon_plan read(const file_list& files) { return read_files(files, started, {}); }

std::string text_of(const std::string& file) {
  std::ifstream in{file};
  REQUIRE(in);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

}  // namespace

TEST_SUITE("daemon_files") {
  TEST_CASE("files and crontabs are one set of jobs") {
    const temporary_folder folder;
    const auto toml =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"x\"\n");
    const auto tab = folder.write("crontab", "* * * * * one\n@reboot two\n");
    const auto plan = read({{toml}, {tab}});
    CHECK(plan.found.empty());
    REQUIRE(plan.jobs.size() == 3);
    CHECK(plan.jobs[0].definition.origin == toml);
    CHECK(plan.jobs[2].at_start);
    CHECK(plan.jobs[2].definition.when.text() == trigger{"at 2001-09-09T01:46:40Z"}.text());
  }

  TEST_CASE("jobs of a crontab run as many at once as come, and are made up for as by cron") {
    const temporary_folder folder;
    const auto plan = read({{}, {folder.write("crontab", "*/5 * * * * x\n0 3 * * * y\n")}});
    REQUIRE(plan.jobs.size() == 2);
    CHECK(plan.jobs[0].definition.options->max_instances == 10'000);
    CHECK(plan.jobs[0].definition.options->misfire_grace == 1min);
    CHECK(plan.jobs[1].definition.options->misfire_grace == 3h);
    CHECK(command_of(plan.jobs[0].definition.arguments.str()).shell == "x");
  }

  TEST_CASE("an executor is one that some file has") {
    const temporary_folder folder;
    const auto job = [](const std::string& executor) {
      return "[[job]]\nid = \"" + executor + "\"\nschedule = \"every 5m\"\nshell = \"x\"\nexecutor = \"" +
             executor + "\"\n";
    };
    const auto executors = folder.write("1.toml", "[executors.heavy]\nrunning = 2\n");
    const auto jobs = folder.write("2.toml", job("heavy") + job("command") + job("heavi"));
    const auto plan = read({{jobs, executors}, {}});
    REQUIRE(plan.jobs.size() == 3);
    CHECK(plan.jobs[0].definition.options->executor == "heavy");
    CHECK(runs_command(plan.jobs[0].definition));
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].to_string() ==
          jobs +
              ":11: job 'heavi': there is no executor 'heavi': did you mean heavy?; "
              "[executors.NAME] makes another");
  }

  TEST_CASE("a job chooses among the executors that do what it needs") {
    const temporary_folder folder;
    const auto job = [](const std::string& id, const std::string& runs, const std::string& executor) {
      return "[[job]]\nid = \"" + id + "\"\nschedule = \"every 5m\"\n" + runs + "\nexecutor = \"" + executor +
             "\"\n";
    };
    const std::string request = "http = { url = \"http://127.0.0.1/\" }", command = "shell = \"x\"";
    const auto executors =
        folder.write("1.toml", "[executors.heavy]\n[executors.partners]\nkind = \"http\"\nrunning = 2\n");
    const auto jobs = folder.write("2.toml", job("a", request, "partners") + job("b", request, "http") +
                                                 job("c", command, "heavy") + job("d", request, "heavy") +
                                                 job("e", command, "http") + job("f", request, "partner"));
    const auto plan = read({{executors, jobs}, {}});
    REQUIRE(plan.jobs.size() == 6);
    CHECK(sends_request(plan.jobs[0].definition));
    CHECK(plan.jobs[0].definition.options->executor == "partners");
    REQUIRE(plan.found.size() == 3);
    CHECK(plan.found[0].to_string() ==
          jobs +
              ":16: job 'd' sends a request, but the executor 'heavy' runs commands: executor = \"http\" or "
              "\"partners\"; [executors.NAME] with kind = \"http\" makes another");
    CHECK(
        plan.found[1].to_string() ==
        jobs +
            ":21: job 'e' runs a command, but the executor 'http' sends requests: executor = \"command\" or "
            "\"heavy\"; [executors.NAME] makes another");
    CHECK(plan.found[2].message == "job 'f': there is no executor 'partner'");
    CHECK(plan.found[2].hint.starts_with("did you mean partners?"));
  }

  TEST_CASE("an executor has one kind in all files") {
    const temporary_folder folder;
    const auto first = folder.write("1.toml", "[executors.heavy]\nkind = \"http\"\n");
    const auto second = folder.write("2.toml", "[executors.heavy]\nrunning = 3\n");
    const auto plan = read({{first, second}, {}});
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].message ==
          "[executors.heavy] is of kind \"command\", and in a file before it of kind \"http\"");
  }

  TEST_CASE("a group is one that some file has") {
    const temporary_folder folder;
    const auto job = [](const std::string& group) {
      return "[[job]]\nid = \"" + group + "\"\nschedule = \"every 5m\"\nshell = \"x\"\ngroup = \"" + group +
             "\"\n";
    };
    const auto jobs = folder.write("jobs.toml", job("db") + job("bd"));
    const auto alone = read({{jobs}, {}});
    REQUIRE(alone.found.size() == 2);
    CHECK(alone.found[0].to_string() ==
          jobs + ":1: job 'db': there is no group 'db': [groups.NAME] with running = 3 makes one");
    const auto groups = folder.write("1.toml", "[groups.db]\nrunning = 2\n");
    const auto plan = read({{jobs, groups}, {}});
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].to_string() == jobs +
                                           ":6: job 'bd': there is no group 'bd': did you mean db?; "
                                           "[groups.NAME] with running = 3 makes one");
    const auto other = folder.write("2.toml", "[groups.db]\nrunning = 3\n");
    const auto both = read({{groups, other}, {}});
    REQUIRE(both.found.size() == 1);
    CHECK(both.found[0].message == "[groups.db] running is another one than in a file before it");
  }

  TEST_CASE("an executor that stands in two files differently is a fault of the second") {
    const temporary_folder folder;
    const auto first = folder.write("1.toml", "[executors.heavy]\nrunning = 2\n");
    const auto second = folder.write("2.toml", "[executors.heavy]\nrunning = 3\n");
    const auto plan = read({{first, second}, {}});
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].message == "[executors.heavy] running is another one than in a file before it");
  }

  TEST_CASE("an id that stands in two files is a fault of the second") {
    const temporary_folder folder;
    const std::string job = "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"x\"\n";
    const auto first = folder.write("1.toml", job), second = folder.write("2.toml", "\n" + job);
    const auto plan = read({{first, second}, {}});
    REQUIRE(plan.found.size() == 1);
    CHECK(plan.found[0].to_string() ==
          second + ":2: a second job with the id 'a': the first one is at " + first + ":1");
  }

  TEST_CASE("the same command in two crontabs makes two jobs") {
    const temporary_folder folder;
    const auto plan = read({{}, {folder.write("1", "* * * * * x\n"), folder.write("2", "* * * * * x\n")}});
    CHECK(plan.found.empty());
    REQUIRE(plan.jobs.size() == 2);
    CHECK(plan.jobs[1].definition.id == plan.jobs[0].definition.id + "-2");
  }

  TEST_CASE("settings may stand in several files if they agree") {
    const temporary_folder folder;
    const auto one = folder.write("1.toml", "[scheduler]\ntimezone = \"UTC\"\n");
    const auto two = folder.write("2.toml", "[scheduler]\ntimezone = \"UTC\"\ndrain = \"1s\"\n");
    const auto other = folder.write("3.toml", "[scheduler]\ntimezone = \"Europe/Oslo\"\n");
    CHECK(read({{one, two}, {}}).found.empty());
    CHECK(read({{one, two}, {}}).settings.drain == 1s);
    REQUIRE(read({{one, other}, {}}).found.size() == 1);
    CHECK(read({{one, other}, {}}).found[0].message ==
          "[scheduler] timezone is another one than in a file before it");
  }

  TEST_CASE("a schedule that will never fire is told") {
    const temporary_folder folder;
    const auto job = [](std::string_view schedule) {
      return "[[job]]\nid = \"a\"\nschedule = \"" + std::string{schedule} + "\"\nshell = \"x\"\n";
    };
    const auto over = read({{folder.write("1.toml", job("every 5m until 1999-01-01"))}, {}});
    REQUIRE(over.found.size() == 1);
    CHECK(over.found[0].warning);
    CHECK(over.found[0].message == "the schedule of 'a': has no time to come");
    const auto apart =
        "(every 2h starting 2000-01-01T00:00:00Z) and (every 2h starting 2000-01-01T01:00:00Z)";
    const auto never = read({{folder.write("2.toml", job(apart))}, {}});
    REQUIRE(never.found.size() == 1);
    CHECK_FALSE(never.found[0].warning);
  }

  TEST_CASE("schedules may name calendars that are known already; those of the files are stronger") {
    const temporary_folder folder;
    const std::string job =
        "[[job]]\nid = \"a\"\nschedule = \"(at 2001-09-10T12:00:00Z) except calendar closed\"\n"
        "shell = \"x\"\n";
    const auto bare = folder.write("bare.toml", job);
    const auto own = folder.write("own.toml", job + "[calendars]\nclosed = [\"2001-09-10\"]\n");
    date_calendars known;
    known.define("closed", {});
    CHECK(read({{bare}, {}}).found.size() == 1);
    CHECK(read({{bare}, {}}).found.at(0).message == "schedule: there is no calendar 'closed'");
    const auto plan = read_files({{bare}, {}}, started, {}, known);
    CHECK(plan.found.empty());
    CHECK(plan.calendars == date_calendars{});
    CHECK(read_files({{own}, {}}, started, {}, known).found.at(0).message ==
          "the schedule of 'a': has no time to come");
  }

  TEST_CASE("a file that is not there, or is a folder, is told") {
    const temporary_folder folder;
    const auto plan = read({{folder.path("missing.toml"), folder.path("")}, {folder.path("missing")}});
    REQUIRE(plan.found.size() == 3);
    CHECK(plan.found[0].to_string() ==
          folder.path("missing.toml") + ": cannot be read: No such file or directory");
    CHECK(plan.found[1].message == "cannot be read: Is a directory");
  }

  TEST_CASE("the demonstration can be run") {
    const auto plan = read({{std::string{CARILLON_TEST_DATA} + "/../apps/carillon/demo.toml"}, {}});
    for (const auto& problem : plan.found) FAIL_CHECK(problem.to_string());
    CHECK(plan.jobs.size() >= 9);
  }

  TEST_CASE("the examples of docs/configuration.md can be run") {
    const auto page = text_of(std::string{CARILLON_TEST_DATA} + "/../docs/configuration.md");
    int examples = 0;
    constexpr std::string_view fence = "```toml\n";
    for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
      const auto begin = at + fence.size();
      const auto example = page.substr(begin, page.find("```", begin) - begin);
      CAPTURE(example);
      for (const auto& problem : read_config(example, "example").found) {
        const bool of_this_build = problem.message.find("was built without") != std::string::npos;
        if (!of_this_build) FAIL_CHECK(problem.to_string());
      }
      ++examples;
    }
    CHECK(examples >= 6);
  }
}

}  // namespace carillon::app
