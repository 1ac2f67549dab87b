#include "carillon/config.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

config read(std::string_view text) { return read_config(text, "jobs.toml"); }

config read_clean(std::string_view text) {
  auto all = read(text);
  for (const auto& problem : all.found) FAIL_CHECK(problem.to_string());
  return all;
}

// A job that is fine, but for the line that is given.
std::string job_with(std::string_view line) {
  return "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\ncommand = [\"true\"]\n" + std::string{line} + "\n";
}

// A job with these keys of http, and nothing else to run.
std::string request_with(std::string_view keys) {
  return "[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nhttp = { " + std::string{keys} + " }\n";
}

http_call call_with(std::string_view keys) {
  const auto all = read_clean(request_with(keys));
  REQUIRE(all.jobs.size() == 1);
  CHECK(all.jobs.front().definition.options->executor == http_executor_name);
  return http_call_of(all.jobs.front().definition.arguments.str());
}

job_options options_with(std::string_view line) {
  const auto all = read_clean(job_with(line));
  REQUIRE(all.jobs.size() == 1);
  return *all.jobs.front().definition.options;
}

command_line command_with(std::string_view line) {
  const auto all = read_clean(job_with(line));
  REQUIRE(all.jobs.size() == 1);
  return command_of(all.jobs.front().definition.arguments.str());
}

}  // namespace

TEST_SUITE("config") {
  TEST_CASE("a job takes its settings from itself, then from the defaults, then from the library") {
    const auto all = read_clean(R"(
[defaults]
max_instances = 3
timeout = "1h"
env = { A = "1", B = "1" }
[[job]]
id = "backup"
schedule = "every day at 02:30"
command = ["/usr/local/bin/backup", "--full"]
timeout = "none"
env = { B = "2" }
)");
    REQUIRE(all.jobs.size() == 1);
    const auto& job = all.jobs.front();
    CHECK(job.line == 6);
    CHECK(job.definition.id == "backup");
    CHECK(job.definition.when.text() == "every day at 02:30");
    CHECK(job.definition.origin == "jobs.toml");
    CHECK(job.definition.options->executor == command_executor_name);
    CHECK(job.definition.options->max_instances == 3);
    CHECK_FALSE(job.definition.options->timeout);
    CHECK(job.definition.options->misfire_grace == 30s);
    const auto command = command_of(job.definition.arguments.str());
    CHECK(command.argv == std::vector<std::string>{"/usr/local/bin/backup", "--full"});
    CHECK(command.env == std::map<std::string, std::string>{{"A", "1"}, {"B", "2"}});
  }

  TEST_CASE("every option of a job can be written") {
    CHECK(options_with("max_instances = 10000").max_instances == 10'000);
    CHECK(options_with("on_overlap = \"queue 5\"").queue_limit == 5);
    CHECK(options_with("on_overlap = \"cancel_running\"").on_overlap == overlap_action::cancel_running);
    CHECK(options_with("coalesce = \"earliest\"").coalesce == coalesce_policy::earliest);
    CHECK(options_with("catch_up = 7").catch_up == 7);
    CHECK_FALSE(options_with("misfire_grace = \"none\"").misfire_grace);
    CHECK(options_with("timeout = \"90s\"").timeout == 90s);
    CHECK(options_with("pause_after = 2").pause_after == 2);
    CHECK(options_with("on_lost = \"rerun\"").on_lost == lost_action::rerun);
    CHECK(options_with("tags = [\"a\", \"b\"]").tags.size() == 2);
    CHECK(options_with("metadata = { owner = \"me\" }").metadata.at("owner") == "me");
    CHECK(options_with("description = \"what\"").description == "what");
    CHECK(options_with("group = \"db\"").group == "db");
    const auto retry =
        options_with(
            "retry = { attempts = 3, backoff = \"10s..5m\", only = [\"exit:75\"], never = [\"start\"] }")
            .retry;
    CHECK(retry.attempts == 3);
    CHECK(retry.backoff_min == 10s);
    CHECK(retry.backoff_max == 5min);
    CHECK(retry.only == std::vector<std::string>{"exit:75"});
    CHECK(options_with("retry = { attempts = 2, backoff = \"7s\" }").retry.backoff_max == 7s);
  }

  TEST_CASE("everything around a command can be written") {
    CHECK(command_with("cwd = \"/tmp\"").cwd == "/tmp");
    CHECK_FALSE(command_with("inherit_env = false").inherit_env);
    CHECK(command_with("unset_env = [\"A\"]").unset.front() == "A");
    CHECK(command_with("input = \"text\"").input == "text");
    CHECK(command_with("kill_after = \"2s\"").kill_after == 2s);
    CHECK(command_with("shell_program = \"/bin/bash\"").shell_program == "/bin/bash");
    const auto all = read_clean("[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"a | b\"\n");
    CHECK(command_of(all.jobs.front().definition.arguments.str()).shell == "a | b");
  }

  TEST_CASE("the daemon's settings are read") {
    const auto all = read_clean(R"(
[scheduler]
store = "memory:"
timezone = "Asia/Shanghai"
instance = "one"
drain = "1m"
resume_spread = "3s"
history = 5000
running = 12
queued = 0
[executors.heavy]
running = 2
[executors.command]
running = 4
queued = 9
output_tail = 100
[executors.http]
answer_kept = 5
[executors.partners]
kind = "http"
running = 3
[log]
level = "warn"
format = "json"
)");
    CHECK(all.settings.timezone->name() == "Asia/Shanghai");
    CHECK(all.settings.instance == "one");
    CHECK(all.settings.drain == 60s);
    CHECK(all.settings.resume_spread == 3s);
    CHECK(all.settings.history == 5000);
    CHECK(all.settings.running == 12);
    CHECK(all.settings.queued == 0);
    CHECK(all.settings.executors.at("command") == executor_settings{executor_kind::command, 4, 9, 100});
    CHECK(all.settings.executors.at("heavy") == executor_settings{executor_kind::command, 2});
    CHECK(all.settings.executors.at("http").kind == executor_kind::http);
    CHECK(all.settings.executors.at("http").answer_kept == 5);
    CHECK(all.settings.executors.at("partners") == executor_settings{executor_kind::http, 3});
    CHECK(all.settings.log_level == log_level::warn);
    CHECK(all.settings.log_format == log_format::json);
  }

  TEST_CASE("groups have a limit each") {
    const auto all = read_clean("[groups.db]\nrunning = 3\n[groups.api]\nrunning = 1\nqueued = 0\n");
    CHECK(all.settings.groups.at("db") == group_settings{3, std::nullopt});
    CHECK(all.settings.groups.at("api") == group_settings{1, 0});
  }

  TEST_CASE("a job may have several schedules") {
    const auto all = read_clean(
        "[[job]]\nid = \"a\"\nshell = \"x\"\nschedule = [\"cron 0 9 * * mon-fri\", \"every saturday at "
        "11:00\"]\n"
        "[[job]]\nid = \"b\"\nshell = \"x\"\nschedule = [\"every 5m limit 3\"]\n");
    REQUIRE(all.jobs.size() == 2);
    CHECK(all.jobs[0].definition.when == trigger{"(cron 0 9 * * mon-fri) or (every saturday at 11:00)"});
    CHECK(all.jobs[1].definition.when == trigger{"every 5m limit 3"});
  }

  TEST_CASE("calendars name dates, in quotes or not") {
    const auto all = read_clean(
        "[calendars]\nholidays = [\"2026-12-25\", 2027-01-01]\n[[job]]\nid = \"a\"\nshell = \"x\"\n"
        "schedule = \"(cron 0 9 * * *) except calendar holidays\"\n");
    REQUIRE(all.calendars.find("holidays") != nullptr);
    CHECK(all.calendars.find("holidays")->size() == 2);
    CHECK(all.jobs.size() == 1);
  }

  TEST_CASE("a fault is told with its place and what would be right") {
    struct row {
      std::string text;
      const char* problem;
    };
    const row rows[] = {
        {"x = [", "jobs.toml:1:"},
        {"[shceduler]", "jobs.toml:1:2: unknown key 'shceduler' in the file: did you mean scheduler?"},
        {"[scheduler]\nstore = \"http://h\"",
         "jobs.toml:2:10: store: 'http:' is no kind of store: memory:, sqlite:FILE, postgresql://"},
        {"[scheduler]\nstore = \"jobs.db\"", "jobs.toml:2:10: store: no scheme: memory:, sqlite:FILE, "},
        {"[scheduler]\ninstance = \"\"",
         "jobs.toml:2:12: instance '': the name of an instance must not be empty"},
        {"[scheduler]\nlease = \"1ms\"", "jobs.toml:2:9: lease 1ms: 1s to 1h"},
        {"[scheduler]\ntimezone = \"Europe/Olso\"", "jobs.toml:2:"},
        {"[scheduler]\ndrain = 30",
         "jobs.toml:2:9: drain must be a duration such as \"1h30m\", is a whole number"},
        {"[scheduler]\ndrain = \"30x\"", "jobs.toml:2:12: drain: "},
        {"[log]\nlevel = \"inof\"", "jobs.toml:2:9: level 'inof' is not known: did you mean info?"},
        {"[http]\nlisten = \"x\"", "jobs.toml:1:1: http: this version has no HTTP interface"},
        {"[executors]\ncommand = 3", "jobs.toml:2:11: command must be a table"},
        {"[executors.heavy]\nrunnin = 3", "jobs.toml:2:1: unknown key 'runnin' in [executors.heavy]"},
        {"[executors.command]\nrunning = 0", "jobs.toml:2:11: running 0: 1 to 100000"},
        {"[groups.db]", "jobs.toml:1:1: [groups.db] does not say how many runs go on at once"},
        {"[groups.db]\nrunning = 0", "jobs.toml:2:11: running 0: 1 to 100000"},
        {"[groups.db]\nrunning = 1\nplaces = 3", "jobs.toml:3:1: unknown key 'places' in [groups.db]"},
        {"[groups.\"\"]\nrunning = 1", "jobs.toml:1:"},
        {"[calendars]\nx = [\"2026-02-30\"]", "jobs.toml:2:"},
        {"[calendars]\nx = \"2026-02-03\"", "jobs.toml:2:5: calendar 'x' must be a list of dates"},
        {"[job]\nid = \"a\"", "jobs.toml:1:1: job must be a list of tables: write [[job]] above each"},
        {job_with("schedul = 1"),
         "jobs.toml:5:1: unknown key 'schedul' in this [[job]]: did you mean schedule?"},
        {job_with("max_instances = 0"), "jobs.toml:5:17: max_instances 0: 1 to 10000"},
        {job_with("max_instances = \"1\""),
         "jobs.toml:5:17: max_instances must be a whole number, is a text"},
        {job_with("coalesce = \"last\""),
         "jobs.toml:5:12: coalesce 'last' is not known: did you mean latest?"},
        {job_with("on_overlap = \"queue 0\""), "jobs.toml:5:14: on_overlap 'queue 0': the number of places"},
        {job_with("on_overlap = \"wait\""),
         "jobs.toml:5:14: on_overlap 'wait' is not known: one of skip, queue"},
        {job_with("timeout = \"0s\""), "jobs.toml:5:11: timeout 0s: 1ms to"},
        {job_with("retry = { attemps = 3 }"),
         "jobs.toml:5:11: unknown key 'attemps' in retry: did you mean attempts?"},
        {job_with("retry = { backoff = \"5m..1s\" }"),
         "jobs.toml:5:21: backoff '5m..1s': the first duration"},
        {job_with("retry = { backoff = \"5s..1x\" }"), "jobs.toml:5:27: backoff: "},
        {job_with("env = { A = 1 }"),
         "jobs.toml:5:13: env.A: must be a text, is a whole number: put it in quotes"},
        {job_with("cwd = \"tmp\""), "jobs.toml:5:7: cwd 'tmp' is no absolute path"},
        {job_with("http = { url = \"http://x\" }"), "jobs.toml:5:8: command and http are both given"},
        {request_with("url = \"http://me:se/cret@x\""), "jobs.toml:4:27: url: port: 1 to 65535: a password"},
        {request_with("url = \"x\""),
         "jobs.toml:4:17: url: a URL begins with http:// or https://: http://127"},
        {request_with(""), "jobs.toml:4:8: http: no url: http = { url = \"http://…\" }"},
        {request_with("url = \"http://x\", method = \"post\""), "jobs.toml:4:37: method 'post' is not known"},
        {request_with("url = \"http://x\", expect = [200, 20]"),
         "jobs.toml:4:43: expect: no status of HTTP: 200,"},
        {request_with("url = \"http://x\", headers = { Host = \"y\" }"),
         "jobs.toml:4:47: headers: Host is set by the client itself"},
        {request_with("url = \"http://x\", body = 3"), "jobs.toml:4:35: body must be a table or a text"},
        {request_with("url = \"http://x\", body_json = \"[]\""),
         "jobs.toml:4:40: body_json must be an object of JSON"},
        {request_with("url = \"http://x\", method = \"GET\", body = \"b\""),
         "jobs.toml:4:8: http: body: a GET has none"},
        {request_with("url = \"http://x\", bdy = 1"),
         "jobs.toml:4:28: unknown key 'bdy' in http: did you mean body?"},
        {request_with("url = \"http://x\", key = \"/k\""), "jobs.toml:4:8: http: certificate_authority, "},
        {"[executors.http]\nrunning = 0", "jobs.toml:2:11: running 0: 1 to 100000"},
        {"[executors.x]\nkind = \"htp\"", "jobs.toml:2:8: kind 'htp' is not known: did you mean http?"},
        {"[executors.http]\nkind = \"command\"",
         "jobs.toml:2:8: kind 'command': the executor 'http' is always of the kind that its name says"},
        {"[executors.http]\noutput_tail = 3",
         "jobs.toml:2:15: output_tail is for executors that run commands, and [executors.http] sends "
         "requests"},
        {"[executors.x]\nanswer_kept = 3",
         "jobs.toml:2:15: answer_kept is for executors that send requests, and [executors.x] runs commands"},
        {job_with("shell = \"x\""), "jobs.toml:4:11: command and shell are both given"},
        {job_with("[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = \"x\""),
         "jobs.toml:6:6: a second job with the id 'a': the first one is in line 2"},
        {"[[job]]\nid = \"a\"\nschedule = \"every 5m\"", "jobs.toml:1:1: this [[job]] has nothing to run"},
        {"[[job]]\nid = \"a\"\nshell = \"x\"", "jobs.toml:1:1: this [[job]] has no schedule"},
        {"[[job]]\nschedule = \"every 5m\"\nshell = \"x\"", "jobs.toml:1:1: this [[job]] has no id"},
        {"[[job]]\nid = \"\"\nschedule = \"every 5m\"\nshell = \"x\"", "jobs.toml:2:6: id '': "},
        {"[[job]]\nid = \"a\"\nschedule = \"cron 0 75 * * *\"\nshell = \"x\"",
         "jobs.toml:3:20: schedule: hour 75: 0 to 23"},
        {"[[job]]\nid = \"a\"\nschedule = [\"every 5m\", \"cron 0 75 * * *\"]\nshell = \"x\"",
         "jobs.toml:3:33: schedule, 2 of 2: hour 75: 0 to 23"},
        {"[[job]]\nid = \"a\"\nschedule = [\"@reboot\", \"every 5m\"]\nshell = \"x\"",
         "jobs.toml:3:14: schedule, 1 of 2: @reboot is not a time, and joins none: in a daemon's file"},
        {"[defaults]\nunset_env = [\"A=B\"]\n" + job_with("") +
             "[[job]]\nid = \"b\"\nafter = \"a\"\nshell = \"x\"",
         "jobs.toml:2:13: [defaults] unset_env: 'A=B' is no name of an environment variable"},
        {"[[job]]\nid = \"a\"\nschedule = [\"every 5m limit 3\", \"every 7m\"]\nshell = \"x\"",
         "jobs.toml:3:23: schedule, 1 of 2: 'limit' stands only after the whole trigger"},
        {"[[job]]\nid = \"a\"\nschedule = []\nshell = \"x\"",
         "jobs.toml:3:12: schedule: no schedule is given"},
        {"[[job]]\nid = \"a\"\nschedule = [\"every 5m\", 3]\nshell = \"x\"",
         "jobs.toml:3:25: schedule must be a list of texts, is a whole number"},
        {"[[job]]\nid = \"a\"\nschedule = \"every 5m\"\ncommand = \"ls -l\"",
         "jobs.toml:4:11: command must be a list of words, is a text"},
        {"[[job]]\nid = \"a\"\nschedule = \"(every 5m) except calendar holydays\"\nshell = "
         "\"x\"\n[calendars]\nholidays = []",
         "jobs.toml:3:12: schedule: there is no calendar 'holydays': did you mean holidays?"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.text);
      const auto all = read(row.text);
      REQUIRE(all.found.size() == 1);
      CHECK_MESSAGE(all.found[0].to_string().starts_with(row.problem), all.found[0].to_string());
    }
  }

  TEST_CASE("a job may be a request") {
    const auto plain = call_with("url = \"http://127.0.0.1:9000/ping\", expect = 200");
    CHECK(plain.method == "POST");
    CHECK(plain.expect == std::vector<status_range>{{200, 200}});
    const auto full = call_with(
        "url = \"https://x\", method = \"PUT\", headers = { X-A = \"1\" }, header_files = { X-B = \"/b\" }, "
        "body = { a = 1, b = [1.5, true, \"x\", 2026-12-25], c = { d = 1 } }, expect = [\"2xx\", 304], "
        "connect_timeout = \"1s\", answer_timeout = \"1m\", certificate_authority = \"/ca\", certificate = "
        "\"/c\", key = \"/k\", server_name = \"y\"");
    CHECK(full.method == "PUT");
    CHECK(full.headers.at("X-A") == "1");
    CHECK(full.header_files.at("X-B") == "/b");
    CHECK(full.body == boost::json::parse(R"({"a": 1, "b": [1.5, true, "x", "2026-12-25"], "c": {"d": 1}})"));
    CHECK(full.expect == std::vector<status_range>{{200, 299}, {304, 304}});
    CHECK(full.connect_timeout == 1s);
    CHECK(full.answer_timeout == 1min);
    CHECK(full.tls == http::tls_options{"/ca", "/c", "/k", "y"});
    CHECK(call_with("url = \"http://x\", body_json = '{\"a\": null}'").body ==
          boost::json::parse(R"({"a": null})"));
    CHECK(call_with("url = \"http://x\", body = \"text\"").body == "text");
  }

  TEST_CASE("requests take their settings from the defaults, too") {
    const auto all =
        read_clean("[defaults]\nhttp = { answer_timeout = \"1m\", headers = { A = \"1\", B = \"1\" } }\n" +
                   request_with("url = \"http://x\", headers = { B = \"2\" }") +
                   "[[job]]\nid = \"b\"\nschedule = \"every 5m\"\nshell = \"true\"\n");
    REQUIRE(all.jobs.size() == 2);
    const auto call = http_call_of(all.jobs[0].definition.arguments.str());
    CHECK(call.answer_timeout == 1min);
    CHECK(call.headers == std::map<std::string, std::string>{{"A", "1"}, {"B", "2"}});
    CHECK(all.jobs[1].definition.options->executor == command_executor_name);
  }

  TEST_CASE("the keys that there are, are named once each") {
    const auto hint = read(job_with("colour = 1")).found.at(0).hint;
    CAPTURE(hint);
    CHECK(hint.starts_with("one of id, schedule, "));
    CHECK(hint.find(" schedule,", hint.find(" schedule,") + 1) == std::string::npos);
    CHECK(hint.find("command", hint.find("command") + 1) == std::string::npos);
  }

  TEST_CASE("all faults of a file are told at once, in the order of their places") {
    const auto all = read(
        "[scheduler]\nstor = \"memory:\"\n[[job]]\nid = \"a\"\nschedule = \"every 5x\"\nretry = "
        "3\n[[job]]\nid = \"a\"\n");
    REQUIRE(all.found.size() == 7);
    for (std::size_t i = 1; i < all.found.size(); ++i) CHECK(all.found[i - 1].line <= all.found[i].line);
  }

  TEST_CASE("a fault of the defaults is told beside the jobs' own") {
    const auto all = read(
        "[defaults]\nunset_env = [\"A=B\"]\n[[job]]\nid = \"a\"\nschedule = \"every 5m\"\nshell = "
        "\"x\"\nunset_env = [\"C=D\"]\n");
    REQUIRE(all.found.size() == 2);
    CHECK(all.found[1].message == "job 'a': 'C=D' is no name of an environment variable");
  }

  TEST_CASE("a fault inside a schedule with escapes is told at the beginning of the text") {
    const auto all = read("[[job]]\nid = \"a\"\nshell = \"x\"\nschedule = \"cron\\u0020 0 75 * * *\"\n");
    REQUIRE(all.found.size() == 1);
    CHECK(all.found[0].column == 12);
  }

  TEST_CASE("several stores have names, and a job says in which it is kept") {
    const auto all = read_clean(R"(
[stores.scratch]
url = "memory:"
history = 10
[stores.other]
url = "memory:"
required = false
[defaults]
store = "scratch"
[[job]]
id = "a"
schedule = "every 5m"
command = ["true"]
[[job]]
id = "b"
schedule = "every 5m"
command = ["true"]
store = "default"
[[job]]
id = "c"
schedule = "every 5m"
command = ["true"]
store = "other"
[[job]]
id = "d"
schedule = "@reboot"
command = ["true"]
)");
    const auto& stores = all.settings.stores;
    REQUIRE(stores.size() == 2);
    CHECK(stores.at("scratch") == store_settings{"memory:", {}, {}, 10, {}});
    CHECK(stores.at("other").required == false);
    REQUIRE(all.jobs.size() == 4);
    CHECK(all.jobs[0].store == "scratch");
    CHECK(all.jobs[1].store.empty());
    CHECK(all.jobs[2].store == "other");
    CHECK(all.jobs[3].store.empty());
  }

  TEST_CASE("each of several stores is somewhere else") {
    const auto all = read(R"([scheduler]
store = "sqlite:/var/lib/carillon/jobs.db"
[stores.a]
url = "memory:"
[stores.b]
url = "memory:"
[stores.c]
url = "sqlite:/var/lib/carillon/other.db"
[stores.d]
url = "sqlite:/var/lib/carillon/jobs.db"
[stores.e]
url = "sqlite:/var/lib/carillon/other.db"
)");
    std::string words;
    for (const auto& problem : all.found) words += problem.to_string() + "\n";
    CAPTURE(words);
    CHECK(words.find("[stores.d] is the same store as [scheduler] store: one name for each store, or another "
                     "namespace") != std::string::npos);
    CHECK(words.find("[stores.e] is the same store as [stores.c]") != std::string::npos);
    CHECK(words.find("[stores.b]") == std::string::npos);
  }

  TEST_CASE("a store without a place, one called default, and a job of the start elsewhere are faults") {
    const auto all = read(R"([stores.a]
lease = "5s"
[stores.default]
url = "memory:"
[stores.c]
url = "radish://x"
[[job]]
id = "d"
schedule = "@reboot"
command = ["true"]
store = "c"
)");
    std::string words;
    for (const auto& problem : all.found) words += problem.to_string() + "\n";
    CHECK(words.find("[stores.a] does not say where jobs are kept") != std::string::npos);
    CHECK(words.find("the store 'default' is the daemon's own") != std::string::npos);
    CHECK(words.find("url: ") != std::string::npos);
    CHECK(words.find("a job for the start of the machine is kept in the daemon's own store") !=
          std::string::npos);
  }
}

}  // namespace carillon::app
