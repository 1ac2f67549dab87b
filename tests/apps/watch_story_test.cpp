#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "carillon/shared/watch_story.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr instant nine{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + std::chrono::hours{9}};

active_record active(std::uint64_t fence, std::uint32_t attempt = 1) {
  active_record run;
  run.run_id = "r-" + std::to_string(fence);
  run.job = "backup";
  run.member = "cellar/0123abcd";
  run.fence = fence;
  run.attempt = attempt;
  run.occurrence = run.due = nine;
  run.started = nine + 4ms;
  return run;
}

ledger_entry ended(std::uint64_t fence, outcome_kind kind = outcome_kind::succeeded, bool final = true) {
  ledger_entry entry;
  entry.job = "backup";
  entry.run = "r-" + std::to_string(fence);
  entry.result.kind = kind;
  entry.fence = fence;
  entry.attempt = 1;
  entry.instance = "cellar";
  entry.first = entry.last = nine;
  entry.due = nine;
  entry.started = nine + 4ms;
  entry.finished = nine + 2004ms;
  entry.final = final;
  return entry;
}

redis::partition_news news(std::vector<active_record> runs, std::vector<ledger_entry> entries = {}) {
  redis::partition_news made;
  made.seen = std::to_string(nine.time_since_epoch().count() * 1000);
  made.changed = true;
  made.runs = std::move(runs);
  made.entries = std::move(entries);
  return made;
}

std::vector<std::string> words(const std::vector<watch_line>& lines) {
  std::vector<std::string> all;
  for (const auto& line : lines) all.push_back(line.words);
  return all;
}

using told = std::vector<std::string>;

constexpr std::uint32_t partitions = 64;

std::vector<watch_line> look(watch_story& story, std::uint32_t partition, const redis::partition_news& news) {
  auto lines = story.take(partition, news, partitions);
  sort_lines(lines);
  return lines;
}

// Written by the store so long after nine.
ledger_entry written(ledger_entry entry, milliseconds later) {
  const auto micros = std::chrono::microseconds{(nine + later).time_since_epoch()}.count();
  entry.number = static_cast<std::uint64_t>(micros) * partitions + 3;
  return entry;
}

member_info member(std::string instance, bool takes_jobs = true) {
  member_info made;
  made.id = instance + "/1";
  made.instance = std::move(instance);
  made.host = "h";
  made.process = 7;
  made.takes_jobs = takes_jobs;
  return made;
}

}  // namespace

TEST_SUITE("watch story") {
  TEST_CASE("a run is told when it starts and when it ends, each once") {
    watch_story story;
    CHECK(look(story, 0, news({})).empty());
    CHECK(words(look(story, 0, news({active(17)}))) == told{"backup[r-17]: started on cellar, 4 ms late"});
    CHECK(look(story, 0, news({active(17)})).empty());
    const auto end = look(story, 0, news({}, {ended(17)}));
    CHECK(words(end) ==
          told{"backup[r-17]: succeeded in 2 s on cellar, 4 ms late (attempt 1, run r-17, fence 17)"});
    CHECK(end[0].fields.at("event") == "run_succeeded");
    CHECK(end[0].fields.at("duration_ms") == 2000);
  }

  TEST_CASE("a run that began and ended between two looks has both lines") {
    watch_story story;
    look(story, 0, news({}));
    const auto lines = look(story, 0, news({}, {ended(17)}));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].words == "backup[r-17]: started on cellar, 4 ms late");
    CHECK(lines[0].at == nine + 4ms);
    CHECK(lines[1].at == nine + 2004ms);
  }

  TEST_CASE("what runs when the watch begins is told as running") {
    watch_story story;
    CHECK(words(look(story, 3, news({active(17)}))) == told{"backup[r-17]: running on cellar, 4 ms late"});
    CHECK(look(story, 3, news({})).empty());
  }

  TEST_CASE("an attempt that is tried again says so, and the next one its number") {
    watch_story story;
    look(story, 0, news({active(17)}));
    auto failed = ended(17, outcome_kind::failed, false);
    failed.result.message = "exit code 75";
    const auto lines = look(story, 0, news({active(18, 2)}, {failed}));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].words.ends_with(": exit code 75; it is tried again"));
    CHECK(lines[1].words == "backup[r-18]: attempt 2 started on cellar, 4 ms late");
  }

  TEST_CASE("an attempt that was lost is told before the next one, at the time when it was found to be") {
    watch_story story;
    look(story, 0, news({active(17)}));
    auto lost = ended(17, outcome_kind::lost, false);
    lost.finished.reset();
    auto again = active(18, 2);
    again.started = nine + 12'005ms;
    const auto lines = look(story, 0, news({again}, {written(lost, 12s)}));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].words.starts_with("backup[r-17]: lost: cellar began it and is gone"));
    CHECK(lines[0].at == nine + 12s);
    CHECK(lines[1].words.starts_with("backup[r-18]: attempt 2 started on cellar"));
    CHECK(lines[1].at == nine + 12'005ms);
  }

  TEST_CASE("an instance whose clock is behind starts no attempt before the end of the one before it") {
    watch_story story;
    look(story, 0, news({active(17)}));
    auto lost = ended(17, outcome_kind::lost, false);
    lost.finished.reset();
    auto again = active(18, 2), other = active(19);
    again.started = nine + 11'990ms;
    other.job = "report";
    other.started = nine + 11'995ms;
    const auto lines = look(story, 0, news({again, other}, {written(lost, 12s)}));
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].words.starts_with("report[r-19]: started"));
    CHECK(lines[1].words.starts_with("backup[r-17]: lost"));
    CHECK(lines[2].words.starts_with("backup[r-18]: attempt 2 started"));
  }

  TEST_CASE("fires that did not run are told with the reason") {
    watch_story story;
    look(story, 0, news({}));
    ledger_entry entry;
    entry.job = "backup";
    entry.first = nine;
    entry.last = nine + 1min;
    entry.count = 2;
    entry.result.kind = outcome_kind::missed;
    CHECK(words(look(story, 0, news({}, {entry}))) ==
          told{"backup: missed 2 fires from 2026-11-21 09:00:00 to 2026-11-21 09:01:00 UTC: nobody ran it in "
               "time"});
    entry.count = 1;
    entry.result = {outcome_kind::skipped, cancel_reason::none, false, {}, "paused"};
    CHECK(words(look(story, 0, news({}, {entry}))) ==
          told{"backup: skipped the fire of 2026-11-21 09:00:00 UTC: the job was paused"});
  }

  TEST_CASE("members are told when they come, go, and stop answering") {
    watch_story story;
    members_answer answer;
    answer.members = {member("a"), member("b")};
    CHECK(words(story.take(answer)) == told{"2 instances: a, b"});
    CHECK(story.take(answer).empty());
    answer.members = {member("b", false), member("c")};
    CHECK(words(story.take(answer)) == told{"a: has left, or its lease has run out",
                                            "b: is blocked: others take its jobs",
                                            "c: joined (h, process 7)"});
  }

  TEST_CASE("lines come in the order of their times, for people and as JSON") {
    auto later = line_about_store(nine + 1s, "store_back", "b"),
         first = line_about_store(nine, "store_lost", "a");
    std::vector<watch_line> lines{later, first};
    sort_lines(lines);
    CHECK(lines[0].to_string(zone{}) == "2026-11-21 09:00:00.000  a");
    CHECK(lines[1].to_json(zone{}) ==
          R"({"time":"2026-11-21T09:00:01+00:00","event":"store_back","message":"b"})");
  }
}

}  // namespace carillon::app
