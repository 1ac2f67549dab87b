#include <doctest/doctest.h>
#include <fmt/format.h>
#include <memory>
#include <set>

#include "support/occurrence_checker.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

constexpr instant start{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};

instant fire(int number) { return start + number * 1s; }

/// A job that fires three times, a second apart, and what was seen of it: hand-made.
struct hand_made : observation {
  explicit hand_made(std::uint32_t max_instances = 1) {
    auto definition = std::make_shared<job_definition>(
        job_definition{"job", trigger{"every 1s limit 3"}, {}, {}, {}, {}, {}});
    job_options options;
    options.max_instances = max_instances;
    definition->options = intern(options);
    checked_job job{};
    job.record.definition = definition;
    job.record.anchor = start;
    jobs.push_back(job);
  }

  void set_on_lost(lost_action what) {
    auto definition = *jobs[0].record.definition;
    auto options = *definition.options;
    options.on_lost = what;
    definition.options = intern(options);
    jobs[0].record.definition = std::make_shared<const job_definition>(definition);
  }

  body_mark& mark(body_mark::kind what, int number, std::uint64_t fence, const std::string& instance,
                  shared_time at, std::uint32_t attempt = 1) {
    body_mark made{what, "job", "run-" + std::to_string(fence), instance, fire(number), attempt, fence,
                   at,   "ok"};
    return marks.emplace_back(made);
  }

  ledger_entry& entry(outcome_kind kind, int number, std::uint64_t fence = 0,
                      const std::string& instance = {}, std::uint32_t attempt = 1) {
    ledger_entry made;
    made.number = ledger.size() + 1;
    made.job = "job";
    made.result.kind = kind;
    made.first = made.last = fire(number);
    if (fence != 0) {
      made.run = "run-" + std::to_string(fence);
      made.instance = instance;
      made.attempt = attempt;
      made.fence = fence;
    }
    return ledger.emplace_back(made);
  }

  /// A body from its beginning to its end, and its entry in the ledger.
  void ran(int number, std::uint64_t fence, const std::string& instance, shared_time from, shared_time to) {
    mark(body_mark::kind::began, number, fence, instance, from);
    mark(body_mark::kind::ended, number, fence, instance, to);
    entry(outcome_kind::succeeded, number, fence, instance);
  }

  void lost(int number, std::uint64_t fence, const std::string& instance, shared_time from) {
    mark(body_mark::kind::began, number, fence, instance, from);
    entry(outcome_kind::lost, number, fence, instance);
  }
};

hand_made all_well() {
  hand_made seen;
  seen.ran(1, 10, "a", 1s, 1100ms);
  seen.ran(2, 20, "b", 2s, 2100ms);
  seen.ran(3, 30, "a", 3s, 3100ms);
  return seen;
}

/// The rules that were broken, each once, in alphabetical order.
std::string broken(const observation& seen, const check_options& how = {}) {
  std::set<std::string> rules;
  for (const auto& each : check(seen, how)) rules.insert(each.rule);
  return fmt::format("{}", fmt::join(rules, ", "));
}

}  // namespace

TEST_SUITE("occurrence checker") {
  TEST_CASE("three runs of three fires, each in the ledger, break nothing") {
    CHECK(broken(all_well()) == "");
  }

  TEST_CASE("an attempt that begins in two instances is found, and a retry is not taken for one") {
    auto seen = all_well();
    seen.mark(body_mark::kind::began, 2, 21, "a", 2200ms);
    CHECK(broken(seen) == "not in the ledger, run twice");

    hand_made retried;
    retried.ran(1, 10, "a", 1s, 1100ms);
    retried.ran(2, 20, "b", 2s, 2100ms);
    retried.ledger.back().result.kind = outcome_kind::failed;
    retried.ledger.back().final = false;
    retried.mark(body_mark::kind::began, 2, 25, "a", 2500ms, 2);
    retried.mark(body_mark::kind::ended, 2, 25, "a", 2500ms, 2);
    retried.entry(outcome_kind::succeeded, 2, 25, "a", 2);
    retried.ran(3, 30, "a", 3s, 3100ms);
    CHECK(broken(retried) == "");
  }

  TEST_CASE("a run outside the schedule is not taken for a second one of its time") {
    auto seen = all_well();
    seen.ran(2, 25, "a", 2500ms, 2600ms);
    seen.ledger.back().extra = true;
    CHECK(broken(seen) == "");
  }

  TEST_CASE("a nominal time of which the ledger says nothing is found") {
    auto seen = all_well();
    seen.ledger.erase(seen.ledger.begin() + 1);
    CHECK(broken(seen) == "no final entry, not in the ledger");
    seen.marks.erase(seen.marks.begin() + 2, seen.marks.begin() + 4);
    CHECK(broken(seen) == "no final entry");
    seen.jobs.front().through = fire(1);
    CHECK(broken(seen) == "");
  }

  TEST_CASE("a stretch speaks for each of its times, and must count them right") {
    hand_made seen;
    seen.entry(outcome_kind::missed, 1).last = fire(2);
    seen.ledger.back().count = 2;
    seen.ran(3, 30, "a", 3s, 3100ms);
    CHECK(broken(seen) == "");
    seen.ledger.front().count = 3;
    CHECK(broken(seen) == "wrong stretch");
  }

  TEST_CASE("two final entries of one time are found, also where one is a stretch") {
    auto seen = all_well();
    seen.entry(outcome_kind::skipped, 2);
    CHECK(broken(seen) == "several final entries");
    auto stretched = all_well();
    stretched.entry(outcome_kind::missed, 1).last = fire(3);
    stretched.ledger.back().count = 3;
    CHECK(broken(stretched) == "several final entries");
  }

  TEST_CASE("an entry for a time at which the job never fires is found") {
    auto seen = all_well();
    seen.entry(outcome_kind::missed, 4);
    CHECK(broken(seen) == "not a nominal time");
  }

  TEST_CASE("a run that ends again after it was given up is found: its fence was stale") {
    hand_made seen;
    seen.ran(1, 10, "a", 1s, 1100ms);
    seen.lost(2, 20, "b", 2s);
    seen.entry(outcome_kind::succeeded, 2, 20, "b");
    seen.mark(body_mark::kind::ended, 2, 20, "b", 9s);
    seen.ran(3, 30, "a", 9s, 9100ms);
    CHECK(broken(seen) == "ended twice, several final entries");
  }

  TEST_CASE("what the ledger says ran must have run to its end") {
    auto seen = all_well();
    seen.marks.pop_back();
    CHECK(broken(seen) == "never ended");
    seen.marks.pop_back();
    CHECK(broken(seen) == "no such run");
  }

  TEST_CASE("the ledger must name the run as it ran") {
    auto seen = all_well();
    seen.marks[4].occurrence = seen.marks[5].occurrence = fire(5);
    CHECK(broken(seen) == "the ledger says otherwise");
  }

  TEST_CASE("fences go neither back nor to two runs") {
    hand_made back;
    back.ran(1, 30, "a", 1s, 1100ms);
    back.ran(2, 20, "b", 2s, 2100ms);
    back.ran(3, 40, "a", 3s, 3100ms);
    CHECK(broken(back) == "fence went back");

    hand_made twice;
    twice.ran(1, 10, "a", 1s, 1100ms);
    twice.ran(2, 20, "b", 2s, 2100ms);
    twice.ran(3, 20, "a", 3s, 3100ms);
    for (auto* run : {&twice.marks[4].run, &twice.marks[5].run, &twice.ledger[2].run}) *run = "another";
    CHECK(broken(twice) == "one fence twice");
  }

  TEST_CASE("the next attempt has a greater fence, and follows one that was not final") {
    hand_made seen;
    seen.ran(1, 10, "a", 1s, 1100ms);
    seen.lost(2, 20, "b", 2s);
    seen.ledger.back().final = false;
    seen.mark(body_mark::kind::began, 2, 15, "a", 2500ms, 2);
    seen.mark(body_mark::kind::ended, 2, 15, "a", 2500ms, 2);
    seen.entry(outcome_kind::succeeded, 2, 15, "a", 2);
    seen.ran(3, 30, "a", 3s, 3100ms);
    CHECK(broken(seen) == "fence went back");
    seen.marks[3].fence = seen.marks[4].fence = seen.ledger[2].fence = 25;
    CHECK(broken(seen) == "");
    seen.ledger[1].final = true;
    CHECK(broken(seen) == "several final entries, tried again after its end");
  }

  TEST_CASE("an end that nobody has followed is found, unless the store still keeps it for who follows") {
    auto seen = all_well();
    auto definition = *seen.jobs[0].record.definition;
    definition.id = "follower";
    definition.when = trigger{"after job"};
    checked_job follower{};
    follower.record.definition = std::make_shared<const job_definition>(definition);
    follower.record.anchor = start;
    seen.jobs.push_back(follower);
    for (const auto& run : {"run-10", "run-20"}) {
      auto& skipped = seen.entry(outcome_kind::skipped, 1);
      skipped.job = "follower";
      skipped.extra = true;
      skipped.follows =
          std::make_shared<const followed_run>(followed_run{"job", run, outcome_kind::succeeded});
    }
    CHECK(broken(seen) == "followed otherwise than once");
    seen.untold.insert("run-30");
    CHECK(broken(seen) == "");
    seen.ledger.push_back(seen.ledger.back());
    CHECK(broken(seen) == "followed otherwise than once");
  }

  TEST_CASE("more bodies at once than may be are found, whether or not they ever end") {
    hand_made seen;
    seen.ran(1, 10, "a", 1s, 2500ms);
    seen.ran(2, 20, "b", 2s, 2600ms);
    seen.ran(3, 30, "a", 3s, 3100ms);
    CHECK(broken(seen) == "too many at once");
    CHECK(broken(seen, {.overlap_slack = 600ms}) == "");

    hand_made room{2};
    static_cast<observation&>(room).marks = seen.marks;
    room.ledger = seen.ledger;
    CHECK(broken(room) == "");

    hand_made died;
    died.lost(1, 10, "a", 1s);
    died.ran(2, 20, "b", 2s, 2600ms);
    died.ran(3, 30, "b", 3s, 3100ms);
    died.lives.push_back({"a", 2500ms, {}});
    CHECK(broken(died) == "too many at once");
    died.lives.front().ended = 1500ms;
    CHECK(broken(died) == "");
  }

  TEST_CASE(
      "where fences and entries are in one order, more active runs than may be are found however short") {
    auto seen = all_well();
    for (auto& entry : seen.ledger) entry.number = (entry.fence + 5) * 64 + 7;
    CHECK(broken(seen, {.partitions = 64}) == "");
    seen.ledger[0].number = 21 * 64;
    CHECK(broken(seen, {.partitions = 64}) == "too many active");
    seen.ledger[0].number = 9 * 64;
    CHECK(broken(seen, {.partitions = 64}) == "ended before it began");
  }

  TEST_CASE("a frozen body is excused while it is frozen and until it has noticed, no longer") {
    hand_made seen;
    seen.lost(1, 10, "a", 1s);
    seen.mark(body_mark::kind::ended, 1, 10, "a", 8200ms).how = "cancelled";
    seen.ran(2, 20, "b", 5s, 20s);
    seen.ran(3, 30, "b", 21s, 22s);
    seen.lives.push_back({"a", std::nullopt, {{2s, 8s}}});
    CHECK(broken(seen, {.overlap_slack = 500ms}) == "");
    seen.marks[1].at = 15s;
    CHECK(broken(seen, {.overlap_slack = 500ms}) == "too many at once");
  }

  TEST_CASE("after writes were lost, only who ran an occurrence itself must not run it again") {
    auto seen = all_well();
    seen.mark(body_mark::kind::began, 2, 40, "c", 4s);
    CHECK(broken(seen, {.writes_were_lost = true}) == "");
    seen.mark(body_mark::kind::began, 2, 50, "b", 5s);
    CHECK(broken(seen, {.writes_were_lost = true}) == "run twice");
  }

  TEST_CASE("after writes were lost, what was given up may be begun again where the job asks for that") {
    for (const auto on_lost : {lost_action::skip, lost_action::rerun}) {
      for (const std::string how : {"lost_lease", "overlap", "ok"}) {
        CAPTURE(how);
        hand_made seen;
        seen.set_on_lost(on_lost);
        seen.mark(body_mark::kind::began, 1, 10, "a", 1s);
        seen.mark(body_mark::kind::ended, 1, 10, "a", 1100ms).how = how;
        seen.ran(1, 20, "a", 2s, 2100ms);
        const bool may = on_lost == lost_action::rerun && how == "lost_lease";
        CHECK(broken(seen, {.writes_were_lost = true}) == (may ? "" : "run twice"));
        CHECK(broken(seen).find("run twice") != std::string::npos);
      }
    }
  }

  TEST_CASE(
      "a run that is refused as if it had run is found, unless a fail-over has brought it back to who ran "
      "it") {
    auto seen = all_well();
    auto& again = seen.entry(outcome_kind::skipped, 2, 40, "b");
    again.result.message = "already ran";
    CHECK(broken(seen).find("refused") != std::string::npos);
    CHECK(broken(seen, {.writes_were_lost = true}) == "attempt twice");
    again.instance = "a";
    CHECK(broken(seen, {.writes_were_lost = true}) == "attempt twice, refused");
  }

  TEST_CASE("after writes were lost, what was given up may not be refused where it is to be run again") {
    hand_made seen;
    seen.mark(body_mark::kind::began, 1, 10, "a", 1s);
    auto& end = seen.mark(body_mark::kind::ended, 1, 10, "a", 1100ms);
    seen.entry(outcome_kind::skipped, 1, 20, "a").result.message = "already ran";
    for (const auto on_lost : {lost_action::skip, lost_action::rerun}) {
      for (const std::string how : {"lost_lease", "overlap", "ok"}) {
        CAPTURE(how);
        seen.set_on_lost(on_lost);
        end.how = how;
        const bool may = on_lost == lost_action::skip || how != "lost_lease";
        CHECK(broken(seen, {.writes_were_lost = true}) == (may ? "" : "refused"));
      }
    }
  }

  TEST_CASE(
      "after writes were lost two masters may have had instances of their own, but each has fences that "
      "grow") {
    auto seen = all_well();
    seen.mark(body_mark::kind::began, 3, 15, "c", 3s);  // fences, and places, of the other master
    CHECK(broken(seen, {.writes_were_lost = true}) == "");
    seen.mark(body_mark::kind::began, 4, 14, "c", 4s);
    CHECK(broken(seen, {.writes_were_lost = true}) == "fence went back");
  }

  TEST_CASE("what ran before the job's anchor belongs to a store that was emptied since") {
    auto seen = all_well();
    seen.mark(body_mark::kind::began, -3, 5, "a", 0s);
    CHECK(broken(seen) == "");
  }

  TEST_CASE("the report names rule, job and time, and tells the trail of the occurrence") {
    auto seen = all_well();
    seen.mark(body_mark::kind::began, 2, 21, "a", 2200ms);
    const auto text = report(seen, check(seen));
    CAPTURE(text);
    CHECK(text.find("run twice: job job at 2026-11-21T00:00:02") != std::string::npos);
    CHECK(text.find("body began") != std::string::npos);
    CHECK(text.find("run run-20 in b") != std::string::npos);
    CHECK(text.find("ledger 2 succeeded") != std::string::npos);
  }
}
