#include <doctest/doctest.h>
#include <sys/stat.h>
#include <boost/json/parse.hpp>

#include <sstream>

#include "apps/program.hpp"
#include "support/http_receiver.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using testing::temporary_folder;

std::string job(std::string_view id, std::string_view rest) {
  return "[[job]]\nid = \"" + std::string{id} + "\"\n" + std::string{rest} + "\n";
}

// Runs once, as soon as it is declared.
constexpr std::string_view hourly_from_now = "schedule = \"every 1h immediately\"\n";

std::vector<std::string> run_with(const std::string& file) { return {"run", file}; }

}  // namespace

TEST_SUITE("daemon") {
  TEST_CASE("what a command prints and how it ended stands in the log") {
    const temporary_folder folder;
    program daemon{run_with(folder.write(
        "jobs.toml",
        job("greet", std::string{hourly_from_now} + "shell = \"echo hello from $CARILLON_JOB\"")))};
    CHECK(daemon.says("hello from greet\n"));
    CHECK(daemon.says("succeeded in "));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(daemon.err().empty());
    CHECK(daemon.said().find('\033') == std::string::npos);
  }

  TEST_CASE("with --log-format json every line is an object") {
    const temporary_folder folder;
    const auto file =
        folder.write("jobs.toml", job("fail", std::string{hourly_from_now} + "shell = \"echo no; exit 75\""));
    program daemon{{"run", file, "--log-format", "json"}};
    CHECK(daemon.says("\"event\":\"run_failed\""));
    daemon.signal(SIGINT);
    CHECK(daemon.ends() == 0);
    std::istringstream lines{daemon.out()};
    bool failed = false;
    for (std::string line; std::getline(lines, line);) {
      const auto object = boost::json::parse(line).as_object();
      CHECK(object.contains("time"));
      CHECK(object.contains("level"));
      CHECK(object.contains("message"));
      const auto* failure = object.if_contains("failure");
      failed = failed || (failure != nullptr && *failure == "exit:75");
    }
    CHECK(failed);
  }

  TEST_CASE("a run that fails is tried again, and told") {
    const temporary_folder folder;
    program daemon{run_with(folder.write(
        "jobs.toml",
        job("flaky",
            std::string{hourly_from_now} +
                "shell = \"exit $((2 - CARILLON_ATTEMPT))\"\nretry = { attempts = 2, backoff = \"1ms\" }")))};
    CHECK(daemon.says("failed after "));
    CHECK(daemon.says("exit code 1"));
    CHECK(daemon.says("attempt 2"));
    CHECK(daemon.says("succeeded in "));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a job that is a request is sent, tried again when it fails, and its answer told") {
    testing::http_receiver receiver{[](const testing::posted& what) {
      return what.number == 1 ? testing::reaction::with(503, "not yet")
                              : testing::reaction::with(200, "pong");
    }};
    const temporary_folder folder;
    const auto url = receiver.url("/ping?token=abc");
    program daemon{run_with(folder.write(
        "jobs.toml", job("ping", std::string{hourly_from_now} + "http = { url = \"" + url +
                                     "\", expect = 200 }\nretry = { attempts = 2, backoff = \"1ms\" }")))};
    CHECK(daemon.says("503 Service Unavailable"));
    CHECK(daemon.says("not yet"));
    CHECK(daemon.says("succeeded in "));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(daemon.said().find("abc") == std::string::npos);
    const auto all = receiver.received();
    REQUIRE(all.size() == 2);
    CHECK(all[0].key == all[1].key);
    const auto first = boost::json::parse(all[0].body).as_object();
    CHECK(first.at("job") == "ping");
    CHECK(boost::json::parse(all[1].body).at("attempt") == 2);
  }

  TEST_CASE("a command that takes too long is ended with its group") {
    const temporary_folder folder;
    program daemon{run_with(folder.write(
        "jobs.toml",
        job("slow", std::string{hourly_from_now} + "shell = \"sleep 1000\"\ntimeout = \"50ms\"")))};
    CHECK(daemon.says("timed out after "));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a named executor has limits of its own, and SIGHUP brings new ones") {
    const temporary_folder folder;
    const auto job_on = [](const char* id, const std::string& executor) {
      return job(id,
                 std::string{hourly_from_now} + "shell = \"sleep 1000\"\nexecutor = \"" + executor + "\"");
    };
    const std::string heavy = "[executors.heavy]\nrunning = 1\nqueued = 0\n";
    program daemon{run_with(folder.write("jobs.toml", heavy + job_on("a", "heavy") + job_on("b", "heavy")))};
    CHECK(daemon.says("executor 'heavy' is full: 1 run and 0 wait"));
    folder.write("jobs.toml", heavy + "[executors.light]\n" + job_on("c", "light"));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("the files are read"));
    CHECK(daemon.says("c["));
    daemon.signal(SIGTERM);
    CHECK(daemon.says("wait"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() != 0);
  }

  TEST_CASE("a named executor of requests has limits of its own, and keeps its kind until the next start") {
    testing::http_receiver receiver{[](const testing::posted&) { return testing::reaction::hang(); }};
    const temporary_folder folder;
    const auto request = [&](const char* id) {
      return job(id, std::string{hourly_from_now} + "http = { url = \"" + receiver.url() +
                         "\" }\nexecutor = \"partners\"");
    };
    const std::string partners = "[executors.partners]\nkind = \"http\"\nrunning = 1\nqueued = 0\n";
    program daemon{run_with(folder.write("jobs.toml", partners + request("a") + request("b")))};
    CHECK(daemon.says("executor 'partners' is full: 1 run and 0 wait"));
    folder.write("jobs.toml",
                 "[executors.partners]\nrunning = 1\n" +
                     job("c", std::string{hourly_from_now} + "shell = \"true\"\nexecutor = \"partners\""));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("[executors.partners] kind was \"http\" at the start"));
    CHECK(daemon.says("nothing was changed"));
    daemon.signal(SIGTERM);
    CHECK(daemon.says("wait"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() != 0);
  }

  TEST_CASE("jobs of two stores run; SIGHUP moves one to the other, and brings new stores") {
    const temporary_folder folder;
    const auto job_in = [](const char* id, const std::string& store) {
      return job(id, std::string{hourly_from_now} + "shell = \"echo here\"\nstore = \"" + store + "\"");
    };
    const std::string scratch = "[stores.scratch]\nurl = \"memory:\"\n";
    const auto file = folder.write("jobs.toml", scratch + job_in("a", "default") + job_in("b", "scratch"));
    program daemon{{"run", file, "--log-format", "json"}};
    const auto has_run = [&](std::string_view where) {
      return daemon.out().find("\"event\":\"run_succeeded\"," + std::string{where}) != std::string::npos;
    };
    REQUIRE(daemon.says(": 2 jobs"));
    folder.write("jobs.toml", scratch + "[stores.more]\nurl = \"memory:\"\n" + job_in("a", "scratch") +
                                  job_in("c", "more"));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("the files are read: 2 added, 0 changed, 2 removed"));
    folder.write("jobs.toml", scratch + job_in("a", "scrach"));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("job 'a': there is no store 'scrach'"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(has_run("\"job\":\"a\""));
    CHECK(has_run("\"store\":\"scratch\",\"job\":\"b\""));
    CHECK(has_run("\"store\":\"scratch\",\"job\":\"a\""));
    CHECK(has_run("\"store\":\"more\",\"job\":\"c\""));
  }

  TEST_CASE("SIGTERM lets a running command end") {
    const temporary_folder folder;
    const auto fifo = folder.path("fifo");
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    program daemon{run_with(folder.write(
        "jobs.toml", job("reader", std::string{hourly_from_now} + "shell = \"echo ready; read line < " +
                                       fifo + "; echo finished\"")))};
    CHECK(daemon.says("ready\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.says("wait"));  // for the run
    const int end = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);
    CHECK(::write(end, "data\n", 5) == 5);
    CHECK(daemon.says("finished\n"));
    ::close(end);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a second signal ends the daemon at once, and its commands with it") {
    const temporary_folder folder;
    program daemon{run_with(folder.write(
        "jobs.toml",
        job("endless", std::string{hourly_from_now} + "shell = \"echo ready; exec sleep 1000\"")))};
    CHECK(daemon.says("ready\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.says("wait"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() != 0);
  }

  TEST_CASE("SIGHUP adds, changes and removes jobs and leaves the others alone") {
    const temporary_folder folder;
    const auto stays = job("stays", std::string{hourly_from_now} + "shell = \"echo stays\"");
    const auto file =
        folder.write("jobs.toml", stays + job("goes", "schedule = \"every 1h\"\nshell = \"true\"") +
                                      job("changes", "schedule = \"every 1h\"\nshell = \"true\""));
    program daemon{run_with(file)};
    CHECK(daemon.says("]: stays\n"));
    folder.write("jobs.toml", stays +
                                  job("changes", std::string{hourly_from_now} + "shell = \"echo changed\"") +
                                  job("comes", std::string{hourly_from_now} + "shell = \"echo came\""));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("1 added, 1 changed, 1 removed, 1 as before"));
    CHECK(daemon.says("came\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    const auto first = daemon.said().find("]: stays\n");
    CHECK(daemon.said().find("]: stays\n", first + 1) == std::string::npos);
  }

  TEST_CASE("a job whose calendar has another date after SIGHUP counts as changed") {
    const temporary_folder folder;
    const auto jobs =
        job("works", "schedule = \"(every day at 09:00) except calendar closed\"\nshell = \"true\"") +
        job("other", "schedule = \"every 1h\"\nshell = \"true\"");
    const auto file = folder.write("jobs.toml", jobs + "[calendars]\nclosed = [\"2026-12-25\"]\n");
    program daemon{run_with(file)};
    CHECK(daemon.says("2 jobs"));
    folder.write("jobs.toml", jobs + "[calendars]\nclosed = [\"2026-12-26\"]\n");
    daemon.signal(SIGHUP);
    CHECK(daemon.says("0 added, 1 changed, 0 removed, 1 as before"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a broken file changes nothing at SIGHUP, and says what is wrong") {
    const temporary_folder folder;
    const auto good = job("a", "schedule = \"every 1h\"\nshell = \"true\"");
    const auto file = folder.write("jobs.toml", good);
    program daemon{run_with(file)};
    CHECK(daemon.says("1 job"));
    folder.write("jobs.toml", good + "nonsense = 1\n");
    daemon.signal(SIGHUP);
    CHECK(daemon.says(file + ":5:1: unknown key 'nonsense'"));
    CHECK(daemon.says("nothing was changed"));
    folder.write("jobs.toml", good);
    daemon.signal(SIGHUP);
    CHECK(daemon.says("0 added, 0 changed, 0 removed, 1 as before"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a crontab runs, @reboot once at the start and not when the file is read again") {
    const temporary_folder folder;
    const auto tab = folder.write("crontab", "GREETING=hello\n@reboot echo $GREETING; cat%from percent\n");
    program daemon{{"run", "--crontab", tab}};
    CHECK(daemon.says("]: hello\n"));
    CHECK(daemon.says("]: from percent\n"));
    folder.write("crontab", "@reboot echo another\n0 0 1 1 * echo new year\n");
    daemon.signal(SIGHUP);
    CHECK(daemon.says("at the next start"));
    CHECK(daemon.says("1 added"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(daemon.said().find("]: another\n") == std::string::npos);
  }

  TEST_CASE("a daemon without jobs says so") {
    const temporary_folder folder;
    program daemon{run_with(folder.write("jobs.toml", "# nothing yet\n"))};
    CHECK(daemon.says("no jobs"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }
}

}  // namespace carillon::app
