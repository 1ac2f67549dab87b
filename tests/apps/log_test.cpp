#include "carillon/log.hpp"

#include <doctest/doctest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include "carillon/spoken.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

instant noon() { return parse_timestamp("2026-03-27T12:00:00.042Z").value().in(zone{}); }

event about_run(event_kind kind) {
  event what;
  what.kind = kind;
  what.at = noon();
  what.job = "backup";
  what.run = "a1-7";
  what.attempt = 1;
  what.occurrence = noon();
  return what;
}

std::string words(const event& what) { return describe(what, zone{}).words; }

}  // namespace

TEST_SUITE("log") {
  TEST_CASE("a line for people has time, level and words") {
    log_style style;
    CHECK(format_line(style, noon(), log_level::info, "hello", {}) ==
          "2026-03-27 12:00:00.042 info  hello\n");
    style.where = zone::find("Europe/Oslo").value();
    CHECK(format_line(style, noon() - 42ms, log_level::error, "no", {}) ==
          "2026-03-27 13:00:00.000 error no\n");
  }

  TEST_CASE("a line for people is coloured only when it is asked for") {
    log_style style;
    CHECK(format_line(style, noon(), log_level::warn, "x", {}).find('\033') == std::string::npos);
    style.colour = true;
    CHECK(format_line(style, noon(), log_level::warn, "x", {}).find("\033[33mwarn") != std::string::npos);
  }

  TEST_CASE("what a command prints can forge no line and no colour") {
    const auto line = format_line({}, noon(), log_level::info, "a\nb\033[31m\xff", {});
    CHECK(line.ends_with(" a\\x0ab\\x1b[31m\\xff\n"));
  }

  TEST_CASE("a JSON line is one object") {
    log_style style;
    style.format = log_format::json;
    const auto line = format_line(style, noon(), log_level::info, "said \"so\"\n", {{"job", "a"}});
    CHECK(line.find('\n') == line.size() - 1);
    const auto object = boost::json::parse(line).as_object();
    CHECK(object.at("time") == "2026-03-27T12:00:00.042+00:00");
    CHECK(object.at("level") == "info");
    CHECK(object.at("job") == "a");
    CHECK(object.at("message") == "said \"so\"\n");
  }

  TEST_CASE("a JSON line is JSON whatever bytes a command prints") {
    log_style style;
    style.format = log_format::json;
    const auto line = format_line(style, noon(), log_level::info, "\xff\xfe", {{"message", "\xff"}});
    boost::system::error_code fault;
    boost::json::parse(line, fault);
    CHECK_FALSE(fault);
  }

  TEST_CASE("each event is told as a person would") {
    auto started = about_run(event_kind::run_started);
    CHECK(words(started) == "backup[a1-7]: started");
    started.lateness = 1500ms;
    started.attempt = 2;
    CHECK(words(started) == "backup[a1-7]: attempt 2 started, 1.5 s late");

    auto failed = about_run(event_kind::run_failed);
    failed.duration = 2s;
    failed.result.kind = outcome_kind::failed;
    failed.result.failure = "exit:75";
    failed.result.message = "exit code 75\nreading\ndisk full";
    CHECK(words(failed) == "backup[a1-7]: failed after 2 s: exit code 75: disk full");
    CHECK(describe(failed, zone{}).level == log_level::error);
    CHECK(describe(failed, zone{}).fields.at("failure") == "exit:75");
    CHECK(describe(failed, zone{}).fields.at("duration_ms") == 2000);

    auto retrying = about_run(event_kind::run_retrying);
    retrying.until = retrying.at + 10s;
    CHECK(words(retrying) == "backup[a1-7]: attempt 2 in 10 s");

    auto missed = about_run(event_kind::run_missed);
    missed.run.clear();
    missed.count = 3;
    missed.last = *missed.occurrence + 2min;
    CHECK(words(missed) == "backup: missed 3 fires from 2026-03-27 12:00:00 to 2026-03-27 12:02:00");

    auto skipped = about_run(event_kind::run_skipped);
    skipped.message = "overlap";
    CHECK(words(skipped) == "backup[a1-7]: skipped the fire of 2026-03-27 12:00:00: overlap");
  }

  TEST_CASE("durations are said in at most two units") {
    CHECK(spoken(0ms) == "0 ms");
    CHECK(spoken(999ms) == "999 ms");
    CHECK(spoken(1s) == "1 s");
    CHECK(spoken(1234ms) == "1.2 s");
    CHECK(spoken(1999ms) == "2 s");
    CHECK(spoken(59'999ms) == "60 s");
    CHECK(spoken(185s) == "3 min 5 s");
    CHECK(spoken(2h) == "2 h");
    CHECK(spoken(76h) == "3 d 4 h");
    CHECK(spoken(-5s) == "5 s");
  }
}

}  // namespace carillon::app
