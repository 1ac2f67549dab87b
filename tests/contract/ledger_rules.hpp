#pragma once
#include <algorithm>
#include <map>

#include "contract/claim_rules.hpp"
#include "contract/store_world.hpp"
#include "contract/take_rules.hpp"

namespace carillon::contract {

/// What the ledger says.
inline rules entry_rules() {
  return {
      {"a run that has ended has an entry that says which it was, how it went, and when",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         auto result = w.ended(outcome_kind::failed);
         result.failure = "exit:2";
         w.ask(w.report("a", "r1", fence, result, at(61)));
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 1);
         const auto& entry = ledger[0];
         CHECK(entry.number > 0);
         CHECK(entry.job == "a");
         CHECK(entry.result == result);
         CHECK(entry.first == at(60));
         CHECK(entry.last == at(60));
         CHECK(entry.count == 1);
         CHECK_FALSE(entry.into);
         CHECK_FALSE(entry.extra);
         CHECK(entry.final);
         CHECK(entry.run == "r1");
         CHECK(instance_of(entry.instance) == "a");
         CHECK(entry.attempt == 1);
         CHECK(entry.fence == fence);
         CHECK(entry.due == at(60));
         CHECK(entry.started == at(61));
         CHECK(entry.finished == at(62));
       }},
      {"what a claim leaves out is recorded stretch by stretch, and counted by nominal times",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         request.left_out.push_back({outcome_kind::missed, at(60), at(180), 3, {}, {}});
         request.left_out.push_back({outcome_kind::coalesced, at(240), at(300), 2, at(360), {}});
         request.left_out.push_back({outcome_kind::skipped, at(420), at(480), 2, {}, "skip_next"});
         request.runs[0] = {at(360), at(360), "r1"};
         request.next_cursor = at(540);
         request.now = at(485);
         w.ask(request);
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 3);
         CHECK(ledger[2].result.kind == outcome_kind::missed);
         CHECK(ledger[2].first == at(60));
         CHECK(ledger[2].last == at(180));
         CHECK(ledger[2].count == 3);
         CHECK(ledger[2].run.empty());
         CHECK_FALSE(ledger[2].due);
         CHECK(ledger[1].result.kind == outcome_kind::coalesced);
         CHECK(ledger[1].into == at(360));
         CHECK(ledger[0].result.message == "skip_next");
         const auto did = w.seen("a").counters;
         CHECK(did.missed == 3);
         CHECK(did.coalesced == 2);
         CHECK(did.skipped == 2);
         CHECK(w.seen("a").last_fire == at(480));
       }},
      {"what a change passes over is recorded with it, and counted",
       [](world& w) {
         w.add("a");
         job_change what;
         what.cursor = job_change::cursor_move{at(240), at(240), {}};
         ledger_entry entry;
         entry.result.kind = outcome_kind::skipped;
         entry.result.message = "paused";
         entry.first = at(60);
         entry.last = at(180);
         entry.count = 3;
         what.ledger.push_back(entry);
         w.update("a", what);
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 1);
         CHECK(ledger[0].job == "a");
         CHECK(ledger[0].number > 0);
         CHECK(ledger[0].count == 3);
         CHECK(w.seen("a").counters.skipped == 3);
       }},
      {"a change that is refused records nothing",
       [](world& w) {
         w.add("a");
         job_change what;
         what.ledger.emplace_back();
         w.wait(w.store().update("a", 1, what));
         CHECK(w.ledger("a").empty());
       }},
      {"a run outside the schedule is marked as such, its retries too",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         w.fail_and_retry("a", "r1", w.take("a", "r1", at(10)).fence, at(20));
         w.finish("a", "r2", w.take("a", "r2", at(20)).fence);
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 2);
         CHECK(ledger[0].extra);
         CHECK(ledger[1].extra);
         CHECK(ledger[0].final);
         CHECK_FALSE(ledger[1].final);
         CHECK(ledger[0].attempt == 2);
       }},
  };
}

/// Reads the whole ledger by pages of `limit`.
inline std::vector<std::uint64_t> numbers(world& w, ledger_query query) {
  std::vector<std::uint64_t> all;
  for (bool more = true; more;) {
    const auto page = w.wait(w.store().history(query));
    CHECK(page.entries.size() <= query.limit);
    for (const auto& entry : page.entries) all.push_back(entry.number);
    more = page.next_before.has_value();
    if (more) query.before = *page.next_before;
  }
  return all;
}

inline rules reading_rules() {
  return {
      {"the ledger is read newest first in pages, each entry once, also while new ones are written",
       [](world& w) {
         w.add("a");
         for (int runs = 0; runs < 5; ++runs) w.run_once("a");
         ledger_query query;
         query.limit = 2;
         const auto all = numbers(w, query);
         REQUIRE(all.size() == 5);
         CHECK(std::is_sorted(all.rbegin(), all.rend()));
         const auto first = w.wait(w.store().history(query));
         w.run_once("a");
         query.before = first.next_before;
         CHECK(numbers(w, query) == std::vector<std::uint64_t>{all[2], all[3], all[4]});
       }},
      {"a page that holds the oldest entry says that there are no more",
       [](world& w) {
         w.add("a");
         for (int runs = 0; runs < 2; ++runs) w.run_once("a");
         ledger_query query;
         query.limit = 2;
         CHECK_FALSE(w.wait(w.store().history(query)).next_before);
         query.limit = 0;
         CHECK(w.wait(w.store().history(query)).entries.size() == 1);
         query.before = 0;
         CHECK(w.wait(w.store().history(query)).entries.empty());
       }},
      {"the ledger is read for one job, or for a span of nominal times, both ends included",
       [](world& w) {
         w.add("a");
         w.add("b");
         for (int runs = 0; runs < 3; ++runs) w.run_once("a");
         const auto job = w.load("b");
         auto request = w.claim_of(*job, "r2");
         request.runs.clear();
         request.left_out.push_back({outcome_kind::missed, at(60), at(240), 4, {}, {}});
         request.next_cursor = at(300);
         w.ask(request);
         CHECK(w.ledger("a").size() == 3);
         CHECK(w.ledger("b").size() == 1);
         CHECK(w.ledger("c").empty());
         ledger_query query;
         query.from = at(120);
         query.to = at(180);
         CHECK(numbers(w, query).size() == 3);
         query.job = "a";
         CHECK(numbers(w, query).size() == 2);
         query.from = at(181);
         query.to.reset();
         CHECK(numbers(w, query).empty());
       }},
      {"the ledger outlives the job",
       [](world& w) {
         w.add("a");
         w.run_once("a");
         w.remove("a");
         CHECK(w.ledger("a").size() == 1);
       }},
  };
}

/// Of a job that has gone through everything: nominal time → how many final entries speak of it.
inline std::map<instant, int> accounts(world& w, const std::string& id) {
  std::map<instant, int> final_entries;
  for (const auto& entry : w.ledger(id)) {
    if (!entry.final || entry.extra) continue;
    for (auto time = entry.first; time <= entry.last; time += milliseconds{60'000}) ++final_entries[time];
  }
  return final_entries;
}

inline rules accounting_rules() {
  return {
      {"every nominal time that the cursor has passed ends in exactly one final entry",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::queue;
         w.add("a", options);
         const auto first = w.win("a", "r1");
         w.claim("a", "r2");                           // 120 is queued,
         w.claim("a", "r3");                           // 180 is skipped,
         w.run_now("a", at(200));                      // somebody wants one more,
         w.fail_and_retry("a", "r1", first, at(205));  // and 60 is to be tried again.
         w.finish("a", "r4", w.take("a", "r4", at(205)).fence, outcome_kind::failed);
         w.finish("a", "r5", w.take("a", "r5", at(205)).fence);
         w.finish("a", "r6", w.take("a", "r6", at(205)).fence, outcome_kind::cancelled);
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r7");
         request.left_out.push_back({outcome_kind::missed, at(240), at(300), 2, {}, {}});
         request.runs[0] = {at(360), at(360), "r7"};
         request.next_cursor = at(420);
         request.now = at(365);
         const auto fence = w.ask(request).runs.at(0).fence;
         w.claim("a", "r8");  // 420 is queued,
         w.remove("a");       // and never runs.
         w.finish("a", "r7", fence);
         const auto found = accounts(w, "a");
         CHECK(found.size() == 7);
         for (auto time = at(60); time <= at(420); time += milliseconds{60'000}) {
           CAPTURE(time.time_since_epoch().count());
           CHECK(found.contains(time));
           if (found.contains(time)) CHECK(found.at(time) == 1);
         }
       }},
  };
}

inline rules ledger_rules() {
  rules all;
  for (const auto& part : {entry_rules, reading_rules, accounting_rules}) {
    for (const auto& each : part()) all.push_back(each);
  }
  return all;
}

}  // namespace carillon::contract
