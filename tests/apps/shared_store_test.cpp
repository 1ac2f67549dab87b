#include <doctest/doctest.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "apps/program.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {
namespace {

using testing::temporary_folder;

namespace json = boost::json;
using testing::redis_options;
using testing::redis_server;
using arguments = std::vector<std::string>;

struct answered {
  int code;
  std::string out;
  std::string err;
  json::object object() const { return json::parse(out).as_object(); }
};

answered ask(arguments words) {
  program asked{std::move(words)};
  const auto code = asked.ends();
  return {code, asked.out(), asked.err()};
}

bool holds(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

/// A server that keeps what is written, and a namespace in it.
struct store_world {
  explicit store_world(redis_options how = durable()) : server{std::move(how)} {}

  static redis_options durable() {
    redis_options how;
    how.append_only = true;
    return how;
  }

  std::string url(std::string_view name_space = "billing") const {
    return server.url() + "?namespace=" + std::string{name_space};
  }
  answered on_store(arguments words) const {
    words.insert(words.end(), {"--store", url()});
    return ask(std::move(words));
  }
  std::string keys() const { return server.cli({"KEYS", "*"}); }
  std::string jobs_file(std::string_view schedule = "every 1s") const {
    return folder.write("jobs.toml", "[scheduler]\nstore = \"" + url() +
                                         "\"\nlease = \"2s\"\n[[job]]\nid = \"tick\"\nschedule = \"" +
                                         std::string{schedule} + "\"\ncommand = [\"/bin/true\"]\n");
  }

  redis_server server;
  temporary_folder folder;
};

const arguments add_backup{"jobs",      "add", "--id", "backup", "--schedule", "every day at 02:30 in UTC",
                           "--timeout", "1h"};

}  // namespace

TEST_SUITE("shared store") {
  TEST_CASE("jobs are added, looked at, changed and removed from the command line") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--store", world.url(), "--", "/usr/local/bin/backup", "--full"});
    const auto added = ask(add);
    CAPTURE(added.err);
    REQUIRE(added.code == 0);
    CHECK(holds(added.out, "backup: added (revision "));
    CHECK(ask(add).code == 0);  // The same again: nothing to do.
    CHECK(holds(world.on_store({"jobs", "list"}).out, "every day at 02:30 in UTC"));
    CHECK(holds(world.on_store({"jobs", "show", "backup"}).out, "/usr/local/bin/backup --full"));
    CHECK(world.on_store({"jobs", "modify", "backup", "--max-instances", "3"}).code == 0);
    CHECK(world.on_store({"jobs", "pause", "backup", "--note", "month end"}).out == "backup: paused\n");
    CHECK(world.on_store({"jobs", "show", "backup", "--json"}).object().at("note") == "month end");
    CHECK(world.on_store({"jobs", "resume", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "skip", "backup", "-n", "2"}).code == 0);
    CHECK(world.on_store({"jobs", "run", "backup"}).code == 0);
    const auto job = world.on_store({"jobs", "show", "backup", "--json"}).object();
    CHECK(job.at("skip_next") == 2);
    CHECK(job.at("next_waiting").is_string());
    CHECK(job.at("definition").at("options").at("max_instances") == 3);
    CHECK(world.on_store({"jobs", "remove", "backup"}).code == 0);
    CHECK(world.on_store({"jobs", "list"}).out == "no jobs\n");
    CHECK(world.on_store({"jobs", "show", "backup"}).code == 1);
  }

  TEST_CASE("of two who change one job at the same revision, one gets a conflict and changes nothing") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    const auto job = world.on_store({"jobs", "show", "backup", "--json"}).object();
    const auto revision = std::to_string(job.at("revision").to_number<std::uint64_t>());
    const auto change = [&](const char* places) {
      return arguments{"jobs", "modify",  "backup",   "--if-revision", revision, "--max-instances",
                       places, "--store", world.url()};
    };
    program one{change("2")}, two{change("3")};
    const int first = one.ends(), second = two.ends();
    CAPTURE(one.said());
    CAPTURE(two.said());
    CHECK(first + second == 1);
    CHECK(holds(first == 1 ? one.err() : two.err(), "conflict: job 'backup' is at revision"));
    const auto now_there = world.on_store({"jobs", "show", "backup", "--json"}).object();
    CHECK(now_there.at("definition").at("options").at("max_instances") == (first == 0 ? 2 : 3));
  }

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

  TEST_CASE("explain says why a job ran, and why one that nobody runs did not") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    const auto last = world.on_store({"history", "tick", "--json", "-n", "1"}).object();
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
    store_world world;
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
    std::vector<std::string> fires;
    const auto& text = history.out();
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      fires.emplace_back(json::parse(text.substr(at, text.find('\n', at) - at)).at("first").as_string());
    CHECK(std::ranges::is_sorted(fires));
    CHECK(std::ranges::adjacent_find(fires) == fires.end());
    CHECK(table.out().starts_with("TIME"));
    const auto nothing = world.on_store({"history", "tock", "--follow"});
    CHECK(nothing.code == 1);
    CHECK(holds(nothing.err, "there is no job 'tock'"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }

  TEST_CASE("the doctor tells of a job that no live instance can run, and of a run that nobody can read") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    REQUIRE(
        world.on_store({"jobs", "add", "--id", "bill", "--schedule", "every 1h", "--task", "charge"}).code ==
        0);
    world.server.cli({"HSET", "carillon:{billing:0}:runs", "broken", "?"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "no live instance runs task 'charge', so nobody runs job 'bill'"));
    CHECK(holds(found.out, "unreadable run record"));
    CHECK(daemon.says("run 'broken' in namespace 'billing' cannot be read and is passed over"));
    REQUIRE(daemon.says("succeeded"));
    CHECK(holds(world.on_store({"members"}).out, "1 job can be run by none of them"));
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

  TEST_CASE("the doctor finds a healthy store well") {
    const store_world world;
    program daemon{{"run", world.jobs_file()}};
    REQUIRE(daemon.says("succeeded"));
    const auto well = world.on_store({"doctor"});
    CAPTURE(well.out);
    CHECK(well.code == 0);
    CHECK(holds(well.out, "nothing is wrong"));
    CHECK(world.on_store({"doctor", "--json"}).object().at("well") == true);
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
    const auto alone = world.on_store({"doctor"});
    CHECK(alone.code == 1);
    CHECK(holds(alone.out, "no instance is live, and there is 1 job"));
  }

  TEST_CASE("the doctor finds what does not belong, and mends it when asked to") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    REQUIRE(world.on_store(add).code == 0);
    world.server.cli({"ZADD", "carillon:{billing:0}:due", "5", "ghost"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "'ghost' is in the list of what is due, and there is no such job"));
    CHECK(holds(found.out, "carillon doctor --repair"));
    CHECK(holds(world.on_store({"doctor", "--repair"}).out, "mended    'ghost'"));
    CHECK_FALSE(holds(world.on_store({"doctor"}).out, "ghost"));
  }

  TEST_CASE("the doctor names what is wrong with a server, and what to do") {
    store_world world{redis_options{}};
    world.server.cli({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
    const auto found = world.on_store({"doctor"});
    CHECK(found.code == 1);
    CHECK(holds(found.out, "allkeys-lru"));
    CHECK(holds(found.out, "noeviction"));
    CHECK(holds(found.out, "there is no store in namespace 'billing'"));
    CHECK(world.keys().empty());
  }

  TEST_CASE("who only looks at a namespace without a store is told so, and makes none") {
    const store_world world;
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true", "--store", world.url("invoices")});
    REQUIRE(ask(add).code == 0);
    const auto before = world.server.cli({"DBSIZE"});
    for (const auto& words : std::vector<arguments>{{"jobs", "list"},
                                                    {"jobs", "show", "backup"},
                                                    {"jobs", "modify", "backup", "--timeout", "2h"},
                                                    {"jobs", "run", "backup"},
                                                    {"jobs", "remove", "backup"},
                                                    {"history"},
                                                    {"members"},
                                                    {"watch"},
                                                    {"explain", "backup", "--at", "now"}}) {
      CAPTURE(words.back());
      const auto none = world.on_store(words);
      CHECK(none.code == 1);
      CHECK(none.out.empty());
      CHECK(holds(none.err, "carillon: there is no store in namespace 'billing' at " + world.server.url() +
                                "; there is one in 'invoices'\n"));
      CHECK(holds(none.err, "carillon run FILE"));
    }
    const auto examined = world.on_store({"doctor"});
    CHECK(examined.code == 1);
    CHECK(holds(examined.out, "there is no store in namespace 'billing'"));
    CHECK(world.server.cli({"DBSIZE"}) == before);
  }

  TEST_CASE("a server that is not there is told at once, and is a failure") {
    const auto nobody = "redis://127.0.0.1:" + std::to_string(testing::free_port());
    const temporary_folder folder;
    const auto file =
        folder.write("jobs.toml", "[[job]]\nid = \"a\"\nschedule = \"every 1h\"\nshell = \"true\"\n");
    for (auto words :
         std::vector<arguments>{{"jobs", "list"}, {"doctor"}, {"watch"}, {"history"}, {"run", file}}) {
      words.insert(words.end(), {"--store", nobody});
      const auto failed = ask(words);
      CAPTURE(words.front());
      CHECK(failed.code == 1);
      CHECK(holds(failed.err, "the store does not answer: redis://127.0.0.1:"));
      CHECK(holds(failed.err, "do both speak TLS (rediss://) or neither?"));
    }
  }

  TEST_CASE("what is wrong with certificates is told with what to do about it") {
    redis_options by_tls;
    by_tls.tls = true;
    const redis_server server{by_tls};
    const auto url = "rediss://127.0.0.1:" + std::to_string(server.tls_port());
    const auto unknown = ask({"members", "--store", url});
    CHECK(unknown.code == 1);
    CHECK(holds(unknown.err, "certificate verify failed"));
    CHECK(holds(unknown.err,
                "\nThe server's certificate must be signed by certificate_authority=FILE of the URL"));
    CHECK_FALSE(holds(unknown.err, "not sent"));
    server.cli({"CONFIG", "SET", "tls-auth-clients", "yes"});
    const auto authority = (server.certificates() / "authority.pem").string();
    const auto nobody = ask({"members", "--store", url + "?certificate_authority=" + authority});
    CHECK(nobody.code == 1);
    CHECK(
        holds(nobody.err, "\nThe server wants to see a certificate: certificate=FILE&key=FILE in the URL."));
  }

  TEST_CASE("a server that is not fit says why and what to do, and nothing is written") {
    struct unfit {
      const char* what;
      redis_options how;
      const char* says;
    };
    redis_options full, locked;
    full.config = {"maxmemory 1"};
    locked.config = {"requirepass secret"};
    locked.password = "secret";
    for (const auto& one :
         {unfit{"out of memory", full, "memory"}, unfit{"a password is wanted", locked, "password"}}) {
      CAPTURE(one.what);
      const store_world world{one.how};
      const temporary_folder folder;
      const auto refused = ask({"run", world.jobs_file()});
      CAPTURE(refused.err);
      CHECK(refused.code == 1);
      CHECK(holds(refused.err, one.says));
      CHECK(world.keys().empty());
      CHECK(world.on_store({"jobs", "list"}).code == 1);
      CHECK(world.keys().empty());
    }
  }

  TEST_CASE(
      "a wrong password, a replica, another format and another number of partitions are refused in words") {
    redis_options locked;
    locked.config = {"requirepass secret"};
    locked.password = "secret";
    const redis_server with_password{locked};
    const auto wrong =
        ask({"jobs", "list", "--store", "redis://:guess@127.0.0.1:" + std::to_string(with_password.port())});
    CHECK(wrong.code == 1);
    CHECK(holds(wrong.err,
                "\nLook at user and password in the URL"));  // What to do stands on a line of its own.
    CHECK_FALSE(holds(wrong.err, "guess"));

    const redis_server master;
    redis_server replica;
    replica.replicate(master);
    const auto read_only = ask({"jobs", "list", "--store", replica.url()});
    CHECK(read_only.code == 1);
    CHECK(holds(read_only.err, "replica of 127.0.0.1:" + std::to_string(master.port())));

    const store_world world;
    world.server.cli({"HSET", "carillon:{billing}:meta", "format", "99", "partitions", "8", "id", "17"});
    const auto other_format = world.on_store({"jobs", "list"});
    CHECK(other_format.code == 1);
    CHECK(holds(other_format.err, "format 99"));
    world.server.cli({"HSET", "carillon:{billing}:meta", "format", "2"});
    const auto file = world.folder.write(
        "jobs.toml",
        "[scheduler]\npartitions = 16\n[[job]]\nid = \"a\"\nschedule = \"every 1h\"\nshell = \"x\"\n");
    const auto other_count = world.on_store({"run", file});
    CHECK(other_count.code == 1);
    CHECK(holds(other_count.err, "8 partitions"));
    CHECK(world.keys() == "carillon:{billing}:meta");
  }

  TEST_CASE("the store may be named by the environment, and a wrong URL is wrong usage") {
    const store_world world;
    ::setenv("CARILLON_STORE", world.url().c_str(), 1);
    CHECK(ask({"jobs", "list"}).code == 1);
    auto add = add_backup;
    add.insert(add.end(), {"--shell", "true"});
    CHECK(ask(add).code == 0);
    CHECK(holds(ask({"jobs", "list"}).out, "1 job\n"));
    ::unsetenv("CARILLON_STORE");
    for (const auto& words : std::vector<arguments>{{"jobs", "list"},
                                                    {"jobs", "list", "--store", "http://x"},
                                                    {"jobs", "list", "--store", "memory:"},
                                                    {"jobs", "list", "--store", "redis://h?namespace=a/b"},
                                                    {"jobs"},
                                                    {"jobs", "lst"},
                                                    {"jobs", "show"},
                                                    {"jobs", "add", "--store", world.url()},
                                                    {"jobs", "modify", "a", "--store", world.url()},
                                                    {"history", "--store", world.url(), "--outcome", "fine"},
                                                    {"history", "--store", world.url(), "--from", "soon"}}) {
      CAPTURE(words.back());
      const auto wrong = ask(words);
      CHECK(wrong.code == 2);
      CHECK(wrong.out.empty());
      CHECK_FALSE(wrong.err.empty());
    }
  }

  TEST_CASE("a job that left the file goes with --prune, and a daemon that reads again takes its own away") {
    const store_world world;
    const auto head = "[scheduler]\nstore = \"" + world.url() + "\"\nlease = \"2s\"\n";
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
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!holds(listed, " jobs\n") && std::chrono::steady_clock::now() < deadline) {
      listed = world.on_store({"jobs", "list"}).out;
      if (!ends && !holds(listed, "now")) listed.clear();
    }
    CHECK(holds(listed, ends ? "2 jobs\n" : "3 jobs\n"));
    daemon.signal(SIGTERM);
    CHECK(daemon.ends() == 0);
  }
}

}  // namespace carillon::app
