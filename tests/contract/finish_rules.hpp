#pragma once
#include "contract/claim_rules.hpp"
#include "contract/store_world.hpp"
#include "contract/take_rules.hpp"

namespace carillon::contract {

using finished = finish_answer::kind;

/// The end of a run.
inline rules ending_rules() {
  return {
      {"a run that ends frees its place and is counted",
       [](world& w) {
         w.add("a");
         const auto revision = w.seen("a").revision;
         for (const auto how : {outcome_kind::succeeded, outcome_kind::failed, outcome_kind::timed_out,
                                outcome_kind::cancelled}) {
           const auto answer = w.run_once("a", how);
           CHECK(answer.what == finished::done);
           CHECK_FALSE(answer.paused_now);
           CHECK_FALSE(answer.removed_now);
           CHECK(w.seen("a").active == 0);
         }
         const auto did = w.seen("a").counters;
         CHECK(did.succeeded == 1);
         CHECK(did.failed == 2);
         CHECK(did.cancelled == 1);
         CHECK(did.retried == 0);
         CHECK(w.seen("a").revision == revision);
       }},
      {"a finish under another fence, or of a run that is not there, changes nothing",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         CHECK(w.finish("a", "r1", fence - 1).what == finished::stale);
         CHECK(w.finish("a", "r1", fence + 1).what == finished::stale);
         CHECK(w.finish("a", "r2", fence).what == finished::stale);
         CHECK(w.finish("b", "r1", fence).what == finished::stale);
         CHECK(w.seen("a").active == 1);
         CHECK(w.seen("a").counters == job_counters{});
         CHECK(w.ledger("a").empty());
       }},
      {"a finish that is sent again is answered the same and counted once",
       [](world& w) {
         job_options options;
         options.pause_after = 1;
         w.add("a", options);
         const auto fence = w.win("a", "r1");
         for (int times = 0; times < 2; ++times) {
           const auto answer = w.finish("a", "r1", fence, outcome_kind::failed);
           CHECK(answer.what == finished::done);
           CHECK(answer.paused_now);
         }
         CHECK(w.seen("a").counters.failed == 1);
         CHECK(w.ledger("a").size() == 1);
       }},
      {"a finish may come from anybody who knows the run and its fence",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         const auto result = w.ended(outcome_kind::succeeded);
         CHECK(w.ask(w.other(), w.report("a", "r1", fence, result)).what == finished::done);
         CHECK(w.seen("a").active == 0);
       }},
      {"the order in which runs end does not matter",
       [](world& w) {
         job_options two;
         two.max_instances = 2;
         w.add("a", two);
         const auto first = w.win("a", "r1");
         const auto second = w.win("a", "r2");
         CHECK(second > first);
         CHECK(w.finish("a", "r2", second).what == finished::done);
         CHECK(w.finish("a", "r1", first).what == finished::done);
         CHECK(w.seen("a").active == 0);
         CHECK(w.win("a", "r3") > second);
       }},
  };
}

inline rules retry_rules() {
  return {
      {"a run that is tried again waits as the next attempt of the same occurrence",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         const auto answer = w.fail_and_retry("a", "r1", fence, at(65));
         CHECK(answer.what == finished::done);
         CHECK(answer.next_waiting == at(65));
         CHECK(w.seen("a").next_waiting == at(65));
         CHECK(w.seen("a").counters.retried == 1);
         CHECK(w.seen("a").counters.failed == 0);
         const auto again = w.take("a", "r2", at(65));
         CHECK(again.occurrence == at(60));
         CHECK(again.due == at(65));
         CHECK(again.attempt == 2);
         CHECK(again.why == waiting_reason::retry);
         CHECK(again.fence > fence);
       }},
      {"a retry is put down once, however often the finish is sent",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         for (int times = 0; times < 3; ++times) w.fail_and_retry("a", "r1", fence, at(65));
         const auto again = w.take("a", "r2", at(70));
         CHECK_FALSE(again.next_waiting);
         w.fail_and_retry("a", "r1", fence, at(65));
         CHECK_FALSE(w.seen("a").next_waiting);
         CHECK(w.seen("a").counters.retried == 1);
       }},
      {"a run with retries counts as its last attempt",
       [](world& w) {
         w.add("a");
         w.fail_and_retry("a", "r1", w.win("a", "r1"), at(65));
         w.fail_and_retry("a", "r2", w.take("a", "r2", at(65)).fence, at(70));
         w.finish("a", "r3", w.take("a", "r3", at(70)).fence);
         const auto did = w.seen("a").counters;
         CHECK(did.succeeded == 1);
         CHECK(did.failed == 0);
         CHECK(did.retried == 2);
         CHECK(did.consecutive_failures == 0);
       }},
  };
}

inline rules pausing_rules() {
  return {
      {"so many failures in a row pause the job, with a note and a new revision",
       [](world& w) {
         job_options options;
         options.pause_after = 2;
         w.add("a", options);
         const auto before = w.seen("a");
         CHECK_FALSE(w.run_once("a", outcome_kind::failed).paused_now);
         const auto fence = w.win("a", "r2");
         w.told();
         CHECK(w.finish("a", "r2", fence, outcome_kind::failed).paused_now);
         const auto job = w.seen("a");
         CHECK(job.state == job_state::paused);
         CHECK(job.note.find("2 failures in a row") != std::string::npos);
         CHECK(job.note.find("no luck") != std::string::npos);
         CHECK(job.counters.consecutive_failures == 2);
         CHECK(job.revision > before.revision);
         CHECK(w.told() == std::vector<std::string>{"a"});
       }},
      {"a success in between, or being resumed, begins the count anew",
       [](world& w) {
         job_options options;
         options.pause_after = 2;
         w.add("a", options);
         w.run_once("a", outcome_kind::failed);
         w.run_once("a");
         CHECK_FALSE(w.run_once("a", outcome_kind::timed_out).paused_now);
         CHECK(w.run_once("a", outcome_kind::timed_out).paused_now);
         w.set_state("a", job_state::active);
         CHECK(w.seen("a").counters.consecutive_failures == 0);
         CHECK_FALSE(w.run_once("a", outcome_kind::failed).paused_now);
       }},
      {"attempts that are tried again, and cancelled runs, are no failures in a row",
       [](world& w) {
         job_options options;
         options.pause_after = 1;
         w.add("a", options);
         CHECK_FALSE(w.fail_and_retry("a", "r1", w.win("a", "r1"), at(65)).paused_now);
         const auto again = w.take("a", "r2", at(65));
         CHECK_FALSE(w.finish("a", "r2", again.fence, outcome_kind::cancelled).paused_now);
         CHECK(w.seen("a").counters.consecutive_failures == 0);
       }},
      {"a job that somebody has paused or that has ended is not paused by failures, but they count",
       [](world& w) {
         job_options options;
         options.pause_after = 1;
         options.keep = true;
         w.add("a", options);
         const auto fence = w.claim_last("a", "r1").runs.at(0).fence;
         CHECK_FALSE(w.finish("a", "r1", fence, outcome_kind::failed).paused_now);
         CHECK(w.seen("a").state == job_state::ended);
         CHECK(w.seen("a").counters.consecutive_failures == 1);
       }},
  };
}

inline rules ending_job_rules() {
  return {
      {"a job whose trigger has ended is removed by the finish of its last run",
       [](world& w) {
         job_options two;
         two.max_instances = 2;
         w.add("a", two);
         const auto first = w.win("a", "r1");
         const auto job = w.load("a");
         const auto last = w.claim_last("a", "r2").runs.at(0).fence;
         CHECK_FALSE(w.finish("a", "r2", last).removed_now);
         const auto result = w.ended(outcome_kind::succeeded);
         auto report = w.report("a", "r1", first, result);
         report.handle = job->handle;
         w.told();
         for (int times = 0; times < 2; ++times) {
           const auto answer = w.ask(report);
           CHECK(answer.what == finished::done);
           CHECK(answer.removed_now);
           CHECK_FALSE(w.exists("a"));
         }
         CHECK(w.told() == std::vector<std::string>{"a"});
         CHECK(w.ledger("a").size() == 2);
       }},
      {"a job that has ended stays while a retry waits, and when it is kept or was declared",
       [](world& w) {
         job_options keep;
         keep.keep = true;
         w.add("retried");
         w.add("kept", keep);
         w.put(w.declared("declared"));
         for (const auto* id : {"retried", "kept", "declared"}) {
           const auto fence = w.claim_last(id, "r1").runs.at(0).fence;
           const bool retry = std::string_view{id} == "retried";
           const auto answer = retry ? w.fail_and_retry(id, "r1", fence, at(65)) : w.finish(id, "r1", fence);
           CHECK_FALSE(answer.removed_now);
           CHECK(w.seen(id).state == job_state::ended);
         }
         CHECK(w.finish("retried", "r2", w.take("retried", "r2", at(65)).fence).removed_now);
       }},
      {"a fixed_delay job gets its next cursor from the end of its run",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         request.next_cursor.reset();
         const auto fence = w.ask(request).runs.at(0).fence;
         const auto result = w.ended(outcome_kind::succeeded);
         auto report = w.report("a", "r1", fence, result);
         report.next = run_report::fixed_delay_move{job->record.revision, at(125), at(126)};
         w.ask(report);
         CHECK(w.seen("a").cursor == at(125));
         CHECK(w.seen("a").due == at(126));
         CHECK(w.seen("a").revision == job->record.revision);
       }},
      {"a fixed_delay job that was changed during its run stays as it was changed",
       [](world& w) {
         for (const std::string id : {"moved", "looked at"}) {
           w.add(id);
           const auto job = w.load(id);
           auto request = w.claim_of(*job, "r1");
           request.next_cursor.reset();
           const auto fence = w.ask(request).runs.at(0).fence;
           job_change what;
           if (id == "moved") what.cursor = job_change::cursor_move{at(300), at(300), {}};
           w.update(id, what);
           const auto result = w.ended(outcome_kind::succeeded);
           auto report = w.report(id, "r1", fence, result);
           report.next = run_report::fixed_delay_move{job->record.revision, at(125), at(125)};
           CHECK(w.ask(report).what == finished::done);
           CHECK(w.seen(id).cursor == (id == "moved" ? std::optional{at(300)} : std::nullopt));
         }
       }},
      {"a fixed_delay job whose trigger has ended is removed by its last run",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         request.next_cursor.reset();
         const auto fence = w.ask(request).runs.at(0).fence;
         const auto result = w.ended(outcome_kind::succeeded);
         auto report = w.report("a", "r1", fence, result);
         report.next = run_report::fixed_delay_move{job->record.revision, std::nullopt, {}};
         CHECK(w.ask(report).removed_now);
       }},
  };
}

inline rules removed_job_rules() {
  return {
      {"runs of a removed job stay active until they end, and count against a job that is added again",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         w.remove("a");
         w.add("a");
         CHECK(w.seen("a").active == 1);
         CHECK(w.claim("a", "r2").runs.at(0).what == place::skipped);
         CHECK(w.finish("a", "r1", fence, outcome_kind::failed).what == finished::done);
         CHECK(w.seen("a").active == 0);
         CHECK(w.seen("a").counters.failed == 0);
         CHECK(w.win("a", "r3") > fence);
       }},
      {"the end of a run of a removed job writes the ledger and nothing else, and is no end to be tried "
       "again",
       [](world& w) {
         w.put(w.declared("record stays"));
         w.add("gone");
         for (const std::string id : {"record stays", "gone"}) {
           const auto fence = w.win(id, "r1");
           w.remove(id, id != "gone");
           CHECK(w.fail_and_retry(id, "r1", fence, at(65)).what == finished::done);
           const auto ledger = w.ledger(id);
           REQUIRE(ledger.size() == 1);
           CHECK(ledger[0].result.kind == outcome_kind::failed);
           CHECK(ledger[0].final);
           CHECK(w.take(id, "r2", at(70)).what == taken::gone);
           CHECK(w.finish(id, "r1", fence - 1).what == finished::stale);
         }
         CHECK(w.seen("record stays").counters == job_counters{});
       }},
      {"runs of a job that was removed twice are still known by their fences",
       [](world& w) {
         w.add("a");
         const auto first = w.win("a", "r1");
         w.remove("a");
         job_options two;
         two.max_instances = 2;
         w.add("a", two);
         const auto second = w.win("a", "r2");
         w.remove("a");
         CHECK(w.finish("a", "r1", first).what == finished::done);
         CHECK(w.finish("a", "r2", second).what == finished::done);
         w.add("a");
         CHECK(w.seen("a").active == 0);
       }},
  };
}

inline rules leaving_rules() {
  return {
      {"what a member still runs when it leaves is lost, and runs again where the job wants that",
       [](world& w) {
         job_options again;
         again.on_lost = lost_action::rerun;
         w.add("dropped");
         w.add("rerun", again);
         const auto fence = w.win("rerun", "r1");
         w.win("dropped", "r2");
         w.leave();
         CHECK(w.seen("dropped").active == 0);
         CHECK(w.seen("dropped").counters.lost == 1);
         CHECK_FALSE(w.seen("dropped").next_waiting);
         CHECK(w.finish("rerun", "r1", fence).what == finished::stale);
         const auto next = w.take("rerun", "r3", at(60));
         CHECK(next.what == taken::won);
         CHECK(next.why == waiting_reason::rerun);
         CHECK(next.attempt == 2);
         CHECK(next.occurrence == at(60));
         CHECK(next.fence > fence);
         CHECK(w.ledger("dropped").at(0).result.kind == outcome_kind::lost);
         CHECK(w.ledger("dropped").at(0).final);
         CHECK_FALSE(w.ledger("rerun").at(0).final);
       }},
      {"what others run is not lost when a member leaves",
       [](world& w) {
         w.add("a");
         const auto job = w.wait(w.other().load("a"));
         const auto fence = w.ask(w.other(), w.claim_of(*job, "r1", "b")).runs.at(0).fence;
         w.leave();
         CHECK(w.wait(w.other().load("a"))->record.active == 1);
         const auto result = w.ended(outcome_kind::succeeded);
         CHECK(w.ask(w.other(), w.report("a", "r1", fence, result)).what == finished::done);
       }},
  };
}

inline rules finish_rules() {
  rules all;
  for (const auto& part :
       {ending_rules, retry_rules, pausing_rules, ending_job_rules, removed_job_rules, leaving_rules}) {
    for (const auto& each : part()) all.push_back(each);
  }
  return all;
}

}  // namespace carillon::contract
