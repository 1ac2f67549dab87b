#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "apps/store_world.hpp"
#include "support/text.hpp"

namespace carillon::app {

using testing::holds;

namespace json = boost::json;

TEST_SUITE("daemons on a shared store") {
  TEST_CASE("two daemons on one file are one set of jobs, and tell of themselves") {
    const store_world world;
    const auto file = world.jobs_file();
    program a{{"run", file, "--instance", "a"}}, b{{"run", file, "--instance", "b"}};
    REQUIRE(a.says(": 1 job"));
    REQUIRE(b.says(": 1 job"));
    program watch{{"watch", "--store", world.url()}};
    CHECK(watch.says("2 instances: a, b"));
    CHECK(watch.says("tick["));
    CHECK(watch.says("started on "));
    CHECK(watch.says("succeeded in "));
    const auto members = world.on_store({"members"});
    CHECK(holds(members.out, "a "));
    CHECK(holds(members.out, "yes"));
    const auto as_json = world.on_store({"members", "--json"}).out;
    REQUIRE(std::ranges::count(as_json, '\n') == 2);
    const auto first = json::parse(as_json.substr(0, as_json.find('\n'))).as_object();
    const auto second = json::parse(as_json.substr(as_json.find('\n') + 1)).as_object();
    CHECK_MESSAGE(first.at("jobs").to_number<int>() + second.at("jobs").to_number<int>() == 1, "one job");
    CHECK(first.contains("clock_offset_ms"));
    CHECK(holds(world.on_store({"jobs", "list"}).out, "1 job\n"));
    a.signal(SIGTERM);
    CHECK(a.ends() == 0);
    CHECK(watch.says("a: has left"));
    CHECK(watch.says("started on b"));
    const auto history = world.on_store({"history", "tick", "--json", "-n", "1000"}).out;
    std::vector<std::string> fires;
    for (std::size_t at = 0; at < history.size(); at = history.find('\n', at) + 1) {
      const auto line = history.substr(at, history.find('\n', at) - at);
      fires.emplace_back(json::parse(line).at("first").as_string());
    }
    CHECK(fires.size() >= 2);
    std::ranges::sort(fires);
    CHECK_MESSAGE(std::ranges::adjacent_find(fires) == fires.end(), "no fire twice");
    watch.signal(SIGINT);
    CHECK(watch.ends() == 0);
    b.signal(SIGTERM);
    CHECK(b.ends() == 0);
    CHECK(holds(world.on_store({"members"}).out, "nobody"));
  }

  TEST_CASE("a file may keep some jobs in memory and others in a Redis") {
    const store_world world;
    const auto file = world.folder.write(
        "jobs.toml",
        "[stores.team]\nurl = \"" + world.url() +
            "\"\nlease = \"10s\"\n[[job]]\nid = \"own\"\nschedule = \"every 1h immediately\"\n"
            "command = [\"true\"]\n[[job]]\nid = \"common\"\nschedule = \"every 1h immediately\"\n"
            "command = [\"true\"]\nstore = \"team\"\n");
    program daemon{{"run", file, "--instance", "a"}};
    CHECK(daemon.says("own["));
    REQUIRE(daemon.says(": 2 jobs"));
    CHECK(world.on_store({"jobs", "run", "common", "--wait", "--within", "1m"}).code == 0);
    const auto list = world.on_store({"jobs", "list"}).out;
    CHECK(holds(list, "common"));
    CHECK(!holds(list, "own"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(holds(world.on_store({"members"}).out, "nobody"));
  }

  TEST_CASE(
      "a Redis that is not there keeps the jobs of other stores neither from beginning nor from changing") {
    store_world world;
    const auto job_in = [](const std::string& id, const std::string& store) {
      return "[[job]]\nid = \"" + id +
             "\"\nschedule = \"every 1h immediately\"\ncommand = [\"true\"]\nstore = \"" + store + "\"\n";
    };
    const std::string stores =
        "[stores.team]\nurl = \"" + world.url() + "\"\nrequired = false\n[stores.kept]\nurl = \"memory:\"\n";
    const auto file = world.folder.write(
        "jobs.toml", stores + job_in("own", "default") + job_in("kept", "kept") + job_in("common", "team"));
    world.server.stop();
    program daemon{{"run", file, "--instance", "a"}};
    CHECK(daemon.says("own["));
    CHECK(daemon.says("kept["));
    CHECK(daemon.says("store 'team' cannot be asked: jobs that the files have for it wait until it can"));
    REQUIRE(daemon.says(": 3 jobs"));
    world.folder.write(
        "jobs.toml", stores + job_in("own", "default") + job_in("fresh", "kept") + job_in("common", "team"));
    daemon.signal(SIGHUP);
    CHECK(daemon.says("fresh["));
    world.server.start();
    CHECK(daemon.says("store 'team' can be asked: 1 added, 0 changed, 0 removed, 0 as before"));
    CHECK(daemon.says("common["));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    const auto list = world.on_store({"jobs", "list"}).out;
    CHECK(holds(list, "common"));
    CHECK(!holds(list, "own"));
  }

  TEST_CASE("jobs add takes no file whose jobs are for several stores") {
    const store_world world;
    const auto file = world.folder.write(
        "jobs.toml",
        "[stores.team]\nurl = \"memory:\"\n[[job]]\nid = \"a\"\nschedule = \"every 1h\"\n"
        "command = [\"true\"]\n[[job]]\nid = \"b\"\nstore = \"team\"\nschedule = \"every 1h\"\n"
        "command = [\"true\"]\n");
    const auto answer = world.on_store({"jobs", "add", "--file", file});
    CHECK(answer.code == 1);
    CHECK(holds(answer.err, "job 'b' is for the store 'team' of its file, and nothing was added"));
    CHECK(world.on_store({"jobs", "list"}).out == "no jobs\n");
  }

  TEST_CASE("of two runs in another process, the one that is named is cancelled") {
    const store_world world;
    const auto file = world.folder.write(
        "jobs.toml",
        "[scheduler]\nstore = \"" + world.url() +
            "\"\nlease = \"10s\"\ndrain = \"1s\"\n[[job]]\nid = \"slow\"\nschedule = \"every 1d\"\n"
            "max_instances = 2\ncommand = [\"sleep\", \"600\"]\n");
    program daemon{{"run", file}};
    REQUIRE(daemon.says(": 1 job"));
    const auto begun = [&] {
      REQUIRE(world.on_store({"jobs", "run", "slow"}).code == 0);
      REQUIRE(daemon.says("slow["));
      const auto from = daemon.said().rfind("slow[") + 5;
      return daemon.said().substr(from, daemon.said().find(']', from) - from);
    };
    const auto first = begun();
    const auto second = begun();
    REQUIRE(first != second);
    CHECK(holds(world.on_store({"jobs", "cancel", "slow", "--run", "nobody"}).out,
                "no run nobody of it is active"));
    CHECK(world.on_store({"jobs", "cancel", "slow", "--run", first}).code == 0);
    CHECK(daemon.says("slow[" + first + "]: cancelled"));
    const auto ended = world.on_store({"history", "slow", "--json", "-n", "10"});
    CHECK(holds(ended.out, first));
    CHECK_FALSE(holds(ended.out, second));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("who asks a daemon for a run may wait for its end") {
    const store_world world;
    program daemon{{"run", world.jobs_file(), "--instance", "a"}};
    REQUIRE(daemon.says(": 1 job"));
    const auto ended = world.on_store({"jobs", "run", "tick", "--wait", "--within", "1m", "--json"});
    CAPTURE(ended.err);
    REQUIRE(ended.code == 0);
    CHECK(ended.object().at("outcome") == "succeeded");
    CHECK(ended.object().at("instance") == "a");
    CHECK(holds(world.on_store({"jobs", "run", "tick", "--wait"}).out, "tick: succeeded after "));
    CHECK(world.on_store({"jobs", "pause", "tick"}).code == 0);
    const auto waited = world.on_store({"jobs", "run", "tick", "--wait", "--within", "10ms"});
    CHECK(waited.code == 1);
    CHECK(holds(waited.out, "tick: has not ended within 10ms; it goes on"));
    CHECK(world.on_store({"jobs", "run", "tick", "--wait", "--within", "soon"}).code == 2);
    CHECK(world.on_store({"jobs", "run", "tock", "--wait"}).code == 1);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("explain says why a job ran, and why one that nobody runs did not") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    const auto last =
        world.on_store({"history", "tick", "--outcome", "succeeded", "--json", "-n", "1"}).object();
    const std::string at{last.at("first").as_string()};
    const auto said = world.on_store({"explain", "tick", "--at", at});
    CAPTURE(said.err);
    CHECK(said.code == 0);
    CHECK(holds(said.out, "It succeeded in "));
    CHECK(world.on_store({"explain", "tick", "--at", at, "--json"}).object().at("verdict") == "ran");
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    CHECK(world.on_store({"explain", "tick", "--at", "in 1h"}).code == 0);
    CHECK(world.on_store({"explain", "tock", "--at", "now"}).code == 1);
    CHECK(world.on_store({"explain", "tick", "--at", "soon"}).code == 2);
  }

  TEST_CASE("a daemon says which of its own jobs comes first, and reads no others for that") {
    const store_world world;
    std::string others = "[scheduler]\npartitions = 1\nstore = \"" + world.url() + "\"\n";
    for (int number = 0; number < 50; ++number)
      others += "[[job]]\nid = \"other-" + std::to_string(number) +
                "\"\nschedule = \"every 1h\"\ncommand = [\"true\"]\n";
    program first{{"run", world.folder.write("others.toml", others)}};
    REQUIRE(first.says("first to come: other-"));
    program second{{"run", world.jobs_file("every 2h")}};
    CHECK(second.says("first to come: tick, at "));
    program third{{"run", world.folder.write("none.toml", "[scheduler]\nstore = \"" + world.url() + "\"\n")}};
    CHECK(third.says("the files name no jobs: only what others put into the store will run here"));
    for (auto* one : {&first, &second, &third}) one->signal(SIGTERM);
    for (auto* one : {&first, &second, &third}) CHECK(one->ends() == 0);
    CHECK_FALSE(holds(third.said(), "first to come"));
  }

  TEST_CASE("explain takes the calendars of a schedule from a file, and says which it lacks") {
    const store_world world;
    const auto file = world.folder.write(
        "jobs.toml",
        "[scheduler]\nstore = \"" + world.url() +
            "\"\n[calendars]\nholidays = [\"2026-12-25\"]\n[[job]]\nid = \"report\"\n"
            "schedule = \"(every day at 09:00 in UTC) except calendar holidays\"\nshell = \"true\"\n");
    program daemon{{"run", file}};
    REQUIRE(daemon.says(": 1 job"));
    const auto lacking = world.on_store({"explain", "report", "--at", "2026-12-25T09:00Z"});
    CHECK(lacking.code == 1);
    CHECK(holds(lacking.err, "leaves out the dates of calendar 'holidays', which the store does not have"));
    CHECK(holds(lacking.err, "carillon explain report --at TIME --file " + file));
    const auto known = world.on_store({"explain", "report", "--at", "2026-12-25T09:00Z", "--file", file});
    CAPTURE(known.err);
    CHECK(known.code == 0);
    CHECK(holds(known.out, "not a fire"));
    // What follows a fire that is left out cannot be said without the dates: that keeps nobody from the rest.
    REQUIRE(world.on_store({"jobs", "skip", "report"}).code == 0);
    CHECK(world.on_store({"jobs", "list"}).code == 0);
    CHECK(world.on_store({"jobs", "run", "report"}).code == 0);
    const auto refused = world.on_store({"jobs", "modify", "report", "--timeout", "5m"});
    CHECK(refused.code == 1);
    CHECK(holds(refused.err, "--calendars FILE"));
    CHECK(world.on_store({"jobs", "modify", "report", "--timeout", "5m", "--calendars", file}).code == 0);
    REQUIRE(world.on_store({"jobs", "remove", "report"}).code == 0);
    CHECK(holds(world.on_store({"jobs", "add", "--file", file, "--replace"}).out, "report: "));
    const auto bare = world.folder.write(
        "bare.toml",
        "[[job]]\nid = \"early\"\nschedule = \"(every day at 08:00 in UTC) except calendar holidays\"\n"
        "shell = \"true\"\n");
    const auto unknown = world.on_store({"jobs", "add", "--file", bare});
    CHECK(unknown.code == 1);
    CHECK(holds(unknown.err, "there is no calendar 'holidays'"));
    CHECK(holds(world.on_store({"jobs", "--calendars", file, "add", "--file", bare}).out, "early: added"));
    REQUIRE(world.on_store({"jobs", "remove", "early"}).code == 0);
    const auto other = world.folder.write(
        "other.toml", "[scheduler]\nstore = \"" + world.url() +
                          "\"\n[[job]]\nid = \"other\"\nschedule = \"every 1h\"\nshell = \"true\"\n");
    program neighbour{{"run", other, "--instance", "neighbour"}};
    CHECK(neighbour.says("first to come: other"));
    neighbour.signal(SIGTERM);
    CHECK(neighbour.ends() == 0);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("history can be followed, also over an outage, and each entry comes once") {
    store_world world{store_world::durable_when_killed()};
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    program history{{"history", "tick", "--follow", "--json", "--store", world.url()}};
    program table{{"history", "-f", "--store", world.url()}};
    REQUIRE(history.says("\"outcome\":\"succeeded\""));
    REQUIRE(table.says("succeeded"));
    world.server.kill();
    CHECK(history.says("the store does not answer"));
    world.server.start();
    CHECK(history.says("the store answers again"));
    for (int times = 0; times < 3; ++times) CHECK(history.says("\"outcome\":\"succeeded\""));
    for (auto* each : {&history, &table}) {
      each->signal(SIGINT);
      CHECK(each->ends() == 0);
    }
    // In the order of the ledger: fires that the outage made up for may stand before the end of an earlier
    // one.
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> fires;
    const auto& text = history.out();
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      const auto entry = json::parse(text.substr(at, text.find('\n', at) - at));
      numbers.push_back(entry.at("number").to_number<std::uint64_t>());
      fires.emplace_back(entry.at("first").as_string());
    }
    CHECK(std::ranges::is_sorted(numbers));
    CHECK(std::ranges::adjacent_find(numbers) == numbers.end());
    std::ranges::sort(fires);
    CHECK(std::ranges::adjacent_find(fires) == fires.end());
    CHECK(table.out().starts_with("TIME"));
    const auto nothing = world.on_store({"history", "tock", "--follow"});
    CHECK(nothing.code == 1);
    CHECK(holds(nothing.err, "there is no job 'tock'"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("watch goes on when Redis has been away, and says so") {
    store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    program watch{{"watch", "--store", world.url(), "--json"}};
    REQUIRE(watch.says("\"event\":\"run_succeeded\""));
    world.server.kill();
    CHECK(watch.says("\"event\":\"store_lost\""));
    world.server.start();
    CHECK(watch.says("\"event\":\"store_back\""));
    CHECK(watch.says("\"event\":\"run_succeeded\""));
    watch.signal(SIGTERM);
    CHECK(watch.ends() == 0);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("a job that left the file goes with --prune, and a daemon that reads again takes its own away") {
    const store_world world;
    const auto head = "[scheduler]\nstore = \"" + world.url() + "\"\nlease = \"10s\"\n";
    const std::string one = "[[job]]\nid = \"one\"\nschedule = \"every 1h\"\nshell = \"true\"\n";
    const std::string two = "[[job]]\nid = \"two\"\nschedule = \"every 1h\"\nshell = \"true\"\n";
    const auto file = world.folder.write("jobs.toml", head + one + two);
    {
      program daemon{{"run", file}};
      REQUIRE(daemon.says(": 2 jobs"));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
    }
    world.folder.write("jobs.toml", head + one);
    {
      program daemon{{"run", file}};
      REQUIRE(daemon.says(": 1 job"));
      CHECK(holds(world.on_store({"jobs", "list"}).out, "2 jobs"));
      daemon.signal(SIGTERM);
      CHECK(daemon.ends() == 0);
    }
    program daemon{{"run", file, "--prune"}};
    REQUIRE(daemon.says(": 1 job"));
    CHECK(holds(world.on_store({"jobs", "list"}).out, "1 job\n"));
    world.folder.write("jobs.toml", head + two);
    daemon.signal(SIGHUP);
    REQUIRE(daemon.says("1 added, 0 changed, 1 removed"));
    const auto listed = world.on_store({"jobs", "list"}).out;
    CHECK(holds(listed, "two"));
    CHECK_FALSE(holds(listed, "one"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE(
      "a daemon that was killed keeps no job from --prune for longer than its lease, nor its successor from "
      "SIGTERM") {
    const store_world world;
    std::string lease;
    SUBCASE("the lease ends") { lease = "2s"; }
    SUBCASE("it does not while one looks") { lease = "10m"; }
    const auto head =
        "[scheduler]\ninstance = \"it\"\nstore = \"" + world.url() + "\"\nlease = \"" + lease + "\"\n";
    const std::string one = "[[job]]\nid = \"one\"\nschedule = \"every 1h\"\nshell = \"true\"\n";
    const std::string two = "[[job]]\nid = \"two\"\nschedule = \"every 1h\"\nshell = \"true\"\n";
    const auto file = world.folder.write("jobs.toml", head + one + two);
    {
      program daemon{{"run", file}};
      REQUIRE(daemon.says(": 2 jobs"));
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
      while (!holds(world.on_store({"members", "--json"}).out, "\"jobs\":2"))
        REQUIRE(std::chrono::steady_clock::now() < deadline);  // What it declares is told a moment later.
      daemon.signal(SIGKILL);
      CHECK(daemon.ends() == -SIGKILL);
    }
    const std::string now = "[[job]]\nid = \"now\"\nschedule = \"every 1s\"\nshell = \"true\"\n";
    world.folder.write("jobs.toml", head + one + now);
    program daemon{{"run", file, "--prune"}};
    REQUIRE(daemon.says("--prune"));
    const bool ends = lease == "2s";
    if (ends) REQUIRE(daemon.says(": 2 jobs"));
    std::string listed;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
    while (!holds(listed, " jobs\n") && std::chrono::steady_clock::now() < deadline) {
      listed = world.on_store({"jobs", "list"}).out;
      if (!ends && !holds(listed, "now")) listed.clear();
    }
    CHECK_MESSAGE(holds(listed, ends ? "2 jobs\n" : "3 jobs\n"), listed);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE(
      "@reboot in a shared store is a job of the host, run by this host's executor of the name it gives") {
    const store_world world;
    const auto file = world.folder.write(
        "jobs.toml",
        "[scheduler]\nstore = \"" + world.url() + "\"\nstate = \"" + world.folder.path("state") +
            "\"\n[executors.heavy]\nrunning = 1\n[[job]]\nid = \"warm\"\nschedule = \"@reboot\"\n"
            "executor = \"heavy\"\nshell = \"echo it is warm\"\n");
    char host[256] = "";
    REQUIRE(::gethostname(host, sizeof host - 1) == 0);
    program daemon{{"run", file}};
    CHECK(daemon.says("warm@" + std::string{host} + "["));
    CHECK(daemon.says("]: it is warm"));
    CHECK(daemon.says("succeeded in "));
    const auto job = world.on_store({"jobs", "show", "warm@" + std::string{host}});
    CHECK_MESSAGE(holds(job.out, "heavy@" + std::string{host}), job.out, job.err);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }
}

}  // namespace carillon::app
