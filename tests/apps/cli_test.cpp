#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include "apps/program.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using testing::temporary_folder;

namespace json = boost::json;

}  // namespace

TEST_SUITE("cli") {
  TEST_CASE("next prints the times of a schedule in its zone") {
    const auto answer =
        ask({"next", "cron 0 9 * * mon-fri in Europe/London", "-n", "2", "--after", "2026-03-27T10:00:00Z"});
    CHECK(answer.code == 0);
    CHECK(answer.out.starts_with("2026-03-30T09:00:00+01:00  Mon  "));
    CHECK(answer.out.find("\n2026-03-31T09:00:00+01:00  Tue  ") != std::string::npos);
    CHECK(answer.err.empty());
  }

  TEST_CASE("next says when a schedule ends") {
    CHECK(ask({"next", "at 2020-01-01T00:00:00Z"}).out == "never\n");
    CHECK(
        ask({"next", "at 2026-01-01T00:00:00Z", "--after", "2025-01-01"}).out.ends_with("and never again\n"));
  }

  TEST_CASE("next and explain tell the times of a job whose id decides what is random") {
    const auto of = [](const char* id) {
      return ask({"next", "cron ~ 3 * * *", "-n", "1", "--id", id, "--after", "2026-01-01", "--zone", "UTC"})
          .out;
    };
    CHECK(of("backup") == of("backup"));
    CHECK((of("backup") != of("report") || of("backup") != of("tidy")));
    const auto minute = of("backup").substr(11, 5);
    CHECK(
        ask({"explain", "cron ~ 3 * * *", "--id", "backup"}).out.starts_with("At " + minute + " every day"));
  }

  TEST_CASE("next answers as JSON") {
    const auto answer = ask(
        {"next", "--json", "every 1h", "--zone", "Asia/Tokyo", "--after", "2026-01-01T00:00:00Z", "-n", "1"});
    const auto object = json::parse(answer.out).as_object();
    CHECK(object.at("trigger") == "every 1h");
    CHECK(object.at("zone") == "Asia/Tokyo");
    CHECK(object.at("fires").as_array().front() == "2026-01-01T10:00:00+09:00");
  }

  TEST_CASE("a schedule that does not parse is marked where it is wrong") {
    const auto answer = ask({"next", "cron 0 75 * * *"});
    CHECK(answer.code == 2);
    CHECK(answer.out.empty());
    CHECK(answer.err.starts_with("  cron 0 75 * * *\n         ^\nhour 75: 0 to 23"));
    const auto fault = json::parse(ask({"next", "--json", "cron 0 75 * * *"}).err).at("error");
    CHECK(fault.at("position") == 7);
  }

  TEST_CASE("next --batch answers line by line") {
    const auto answer =
        ask({"next", "--batch"},
            "{\"id\": 1, \"trigger\": \"every 1h\", \"after\": \"2026-01-01T00:00:00Z\", \"count\": 1}\nx\n");
    CHECK(answer.code == 0);
    CHECK(answer.out.starts_with("{\"id\":1,\"fires\":[\"2026-01-01T01:00:00"));
    CHECK(answer.out.find("{\"id\":null,\"error\"") != std::string::npos);
  }

  TEST_CASE("explain says a schedule in words") {
    const auto answer = ask({"explain", "cron 0 9 * * mon-fri in Europe/London"});
    CHECK(answer.code == 0);
    CHECK(answer.out.find("09:00") != std::string::npos);
    const auto object =
        json::parse(ask({"explain", "--json", "cron 0 9 * * mon-fri in Europe/London"}).out).as_object();
    CHECK(object.at("fires").as_array().size() == 5);
    CHECK(object.contains("warnings"));
    CHECK(ask({"explain", "evry 5m"}).code == 2);
  }

  TEST_CASE("version says the version") {
    CHECK(ask({"version"}).out.starts_with("carillon "));
    CHECK(ask({"--version"}).code == 0);
    CHECK(json::parse(ask({"version", "--json"}).out).as_object().contains("zone_data"));
  }

  TEST_CASE("help says what there is, and is no failure") {
    const auto answer = ask({"--help"});
    CHECK(answer.code == 0);
    for (const auto* word : {"run", "next", "explain", "version", "Exit status"})
      CHECK(answer.out.find(word) != std::string::npos);
    CHECK(ask({"run", "--help"}).out.find("--crontab") != std::string::npos);
  }

  TEST_CASE("wrong usage ends with 2 and says what would be right") {
    const std::vector<std::vector<std::string>> wrong{{},
                                                      {"nxt"},
                                                      {"run"},
                                                      {"next"},
                                                      {"next", "every 1h", "-n", "0"},
                                                      {"next", "every 1h", "--zone", "Mars"},
                                                      {"next", "every 1h", "--after", "soon"},
                                                      {"next", "every 1h", "--batch"},
                                                      {"run", "x.toml", "--log-level", "loud"},
                                                      {"explain"}};
    for (const auto& arguments : wrong) {
      const auto answer = ask(arguments);
      CAPTURE(answer.err);
      CHECK(answer.code == 2);
      CHECK(answer.out.empty());
      CHECK_FALSE(answer.err.empty());
    }
  }

  TEST_CASE("every fault of all files is told, and nothing is started") {
    const temporary_folder folder;
    const auto toml =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 5x\"\nshel = \"touch " +
                                      folder.path("ran") + "\"\n");
    const auto tab = folder.write("crontab", "75 * * * * x\n@reboot touch " + folder.path("ran") + "\n");
    const auto answer = ask({"run", toml, "--crontab", tab});
    CHECK(answer.code == 1);
    CHECK(answer.err.find(toml + ":3:") != std::string::npos);
    CHECK(answer.err.find(toml + ":4:1: unknown key 'shel'") != std::string::npos);
    CHECK(answer.err.find(tab + ":1:1: minute 75: 0 to 59") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path("ran")));
  }

  TEST_CASE("run --check lists the jobs and starts nothing") {
    const temporary_folder folder;
    const auto toml = folder.write(
        "jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every day at 10:30 in UTC\"\nshell = \"x\"\n");
    const auto answer = ask({"run", "--check", toml});
    CHECK(answer.code == 0);
    CHECK(answer.out.find("a  ") != std::string::npos);
    CHECK(answer.out.find("every day at 10:30 in UTC") != std::string::npos);
    const auto object = json::parse(ask({"run", "--check", "--json", toml}).out).as_object();
    CHECK(object.at("id") == "a");
    CHECK(object.at("next").is_string());
    const auto more = folder.write("more.toml", "[[job]]\nid = \"b\"\nafter = \"a\"\nshell = \"x\"\n");
    CHECK(ask({"run", "--check", toml, more}).out.find("b  after a                    after others\n") !=
          std::string::npos);
    CHECK(object.at("store") == "default");
  }

  TEST_CASE("run --check says how long after the start of the machine a job runs") {
    const temporary_folder folder;
    const auto toml =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"@reboot after 5m\"\nshell = \"x\"\n");
    CHECK(ask({"run", "--check", toml}).out == "a  @reboot after 5m  after the start\n");
    CHECK(json::parse(ask({"run", "--check", "--json", toml}).out).as_object().at("schedule") ==
          "@reboot after 5m");
  }

  TEST_CASE("where a store cannot be understood all that it may be is named") {
    const temporary_folder folder;
    const auto toml = folder.write("jobs.toml", "");
    const auto of_run = [&](const char* store) { return ask({"run", toml, "--store", store}); };
    CHECK(of_run("sqlite3:x").code == 2);
    CHECK(of_run("sqlite3:x").err.find("'sqlite3:' is no kind of store") != std::string::npos);
    for (const auto* store : {"sqlite3:x", "nonsense"})
      CHECK(of_run(store).err.find("memory:, sqlite:FILE, postgresql://") != std::string::npos);
    for (const auto& wrong : {ask({"jobs", "list", "--store", "sqlite3:x"}), ask({"jobs", "list"})}) {
      CHECK(wrong.code == 2);
      for (const auto* form : {"sqlite:FILE", "postgresql://", "mysql://", "redis://"})
        CHECK_MESSAGE(wrong.err.find(form) != std::string::npos, wrong.err);
    }
    const auto unnamed = ask({"run", toml, "--instance", ""});
    CHECK(unnamed.code == 2);
    CHECK(unnamed.err.find("the name of an instance must not be empty") != std::string::npos);
  }

  TEST_CASE("run --check says in which store a job is kept, if it is not the daemon's own") {
    const temporary_folder folder;
    const auto toml = folder.write("jobs.toml",
                                   "[stores.team]\nurl = \"memory:\"\n[[job]]\nid = \"a\"\nstore = \"team\"\n"
                                   "schedule = \"every day at 10:30 in UTC\"\nshell = \"x\"\n");
    CHECK(ask({"run", "--check", toml}).out.find("  in team\n") != std::string::npos);
    CHECK(json::parse(ask({"run", "--check", "--json", toml}).out).as_object().at("store") == "team");
  }
}

}  // namespace carillon::app
