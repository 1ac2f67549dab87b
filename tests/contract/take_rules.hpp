#pragma once
#include "contract/claim_rules.hpp"
#include "contract/store_world.hpp"

namespace carillon::contract {

using taken = take_answer::kind;

/// Runs that wait.
inline rules waiting_rules() {
  return {
      {"a run that somebody asks for waits for its time, and does not move the cursor",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         CHECK(w.run_now("a", at(10)));
         CHECK(w.seen("a").next_waiting == at(10));
         CHECK(w.seen("a").revision > before.revision);
         const auto early = w.take("a", "r1", at(9));
         CHECK(early.what == taken::none_due);
         CHECK(early.next_waiting == at(10));
         const auto run = w.take("a", "r2", at(12));
         CHECK(run.what == taken::won);
         CHECK(run.occurrence == at(10));
         CHECK(run.due == at(10));
         CHECK(run.attempt == 1);
         CHECK(run.why == waiting_reason::run_now);
         CHECK(run.fence > 0);
         CHECK_FALSE(run.next_waiting);
         CHECK(w.seen("a").cursor == at(60));
         CHECK(w.seen("a").active == 1);
         CHECK(w.take("a", "r3", at(12)).what == taken::none_due);
       }},
      {"nobody can ask for a run of a job that is not there",
       [](world& w) {
         CHECK_FALSE(w.run_now("a", at(10)));
         CHECK(w.take("a", "r1", at(10)).what == taken::gone);
       }},
      {"a run may be asked for as of another time",
       [](world& w) {
         w.add("a");
         extra_run run;
         run.id = "a";
         run.occurrence = at(-3'600);
         run.at = at(10);
         CHECK(w.wait(w.store().enqueue(run)));
         const auto answer = w.take("a", "r1", at(10));
         CHECK(answer.occurrence == at(-3'600));
         CHECK(answer.due == at(10));
       }},
      {"runs that wait are taken in the order of their times, then in that of their arrival",
       [](world& w) {
         job_options many;
         many.max_instances = 10;
         w.add("a", many);
         std::int64_t occurrence = 0;
         for (const auto when : {30, 10, 30, 20, 10}) {
           extra_run run;
           run.id = "a";
           run.occurrence = at(++occurrence);
           run.at = at(when);
           w.wait(w.store().enqueue(run));
         }
         std::vector<instant> order;
         for (const auto* id : {"r1", "r2", "r3", "r4", "r5"})
           order.push_back(w.take("a", id, at(30)).occurrence);
         CHECK(order == std::vector<instant>{at(2), at(5), at(4), at(1), at(3)});
       }},
      {"of two members that take one waiting run one wins",
       [](world& w) {
         job_options many;
         many.max_instances = 2;
         w.add("a", many);
         w.run_now("a", at(10));
         take_request request;
         request.id = "a";
         request.now = at(10);
         request.member = "a";
         request.run_id = "r1";
         CHECK(w.ask(w.store(), request).what == taken::won);
         request.member = "b";
         request.run_id = "r2";
         CHECK(w.ask(w.other(), request).what == taken::none_due);
         CHECK(w.seen("a").active == 1);
       }},
      {"a take that is sent again wins what it won",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         w.run_now("a", at(11));
         const auto first = w.take("a", "r1", at(20));
         const auto again = w.take("a", "r1", at(20));
         CHECK(again.what == taken::won);
         CHECK(again.fence == first.fence);
         CHECK(again.occurrence == at(10));
         CHECK(again.why == waiting_reason::run_now);
         CHECK(again.next_waiting == at(11));
         w.remove("a");
         CHECK(w.take("a", "r1", at(20)).fence == first.fence);
         CHECK(w.take("a", "r2", at(20)).what == taken::gone);
       }},
      {"a take that arrives once more when its run has ended takes nothing, whatever waits by then",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         w.run_now("a", at(50));
         const auto first = w.take("a", "r1", at(20));
         w.fail_and_retry("a", "r1", first.fence, at(30));
         const auto late = w.take("a", "r1", at(40));
         CHECK(late.what == taken::none_due);
         CHECK(late.next_waiting == at(30));
         CHECK(w.seen("a").active == 0);
         const auto second = w.take("a", "r2", at(40));
         CHECK(second.what == taken::won);
         CHECK(second.attempt == 2);
         w.finish("a", "r2", second.fence);
         CHECK(w.take("a", "r2", at(60)).what == taken::none_due);
         CHECK(w.take("a", "r1", at(60)).what == taken::none_due);
         CHECK(w.take("a", "r3", at(60)).occurrence == at(50));
       }},
      {"a take that arrives once more when its run was lost does not win that run's next attempt",
       [](world& w) {
         job_options again;
         again.on_lost = lost_action::rerun;
         w.add("a", again);
         w.run_now("a", at(10));
         CHECK(w.take("a", "r1", at(20)).what == taken::won);
         w.leave();
         CHECK(w.take("a", "r1", at(20)).what != taken::won);
         CHECK(w.seen("a").active == 0);
         CHECK(w.seen("a").next_waiting == at(10));
       }},
  };
}

inline rules waiting_and_changing_rules() {
  return {
      {"runs of a paused or parked job wait until it is active again",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         for (const auto state : {job_state::paused, job_state::parked}) {
           w.set_state("a", state);
           const auto answer = w.take("a", "r1", at(20));
           CHECK(answer.what == taken::paused);
           CHECK(answer.next_waiting == at(10));
         }
         CHECK(w.run_now("a", at(11)));
         w.set_state("a", job_state::active);
         CHECK(w.take("a", "r2", at(20)).occurrence == at(10));
       }},
      {"waiting runs of a job that has ended are taken, and the last of them is its end",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(100));
         const auto fence = w.claim_last("a", "r1").runs.at(0).fence;
         CHECK(w.seen("a").state == job_state::ended);
         CHECK_FALSE(w.finish("a", "r1", fence).removed_now);
         const auto run = w.take("a", "r2", at(100));
         CHECK(run.what == taken::won);
         CHECK(w.finish("a", "r2", run.fence).removed_now);
         CHECK_FALSE(w.exists("a"));
       }},
      {"waiting runs stay when their job is changed, and run by what it then is",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         job_change what;
         what.definition = w.record("a", {}, "every 5s").definition;
         what.cursor = job_change::cursor_move{at(300), at(300), {}};
         w.update("a", what);
         CHECK(w.seen("a").next_waiting == at(10));
         CHECK(w.take("a", "r1", at(20)).what == taken::won);
       }},
      {"waiting runs of a removed job do not run, and the ledger says so",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::queue;
         w.add("a", options);
         w.win("a", "r1");
         w.claim("a", "r2");
         w.run_now("a", at(130));
         w.remove("a");
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 2);
         CHECK(ledger[1].first == at(120));
         CHECK_FALSE(ledger[1].extra);
         CHECK(ledger[0].first == at(130));
         CHECK(ledger[0].extra);
         for (const auto& entry : ledger) {
           CHECK(entry.result.kind == outcome_kind::skipped);
           CHECK(entry.result.message == "removed");
           CHECK(entry.final);
         }
         w.add("a", options);
         CHECK_FALSE(w.seen("a").next_waiting);
       }},
      {"a handle of a removed job takes nothing of the one that has its id now",
       [](world& w) {
         w.add("a");
         const auto before = w.load("a");
         w.remove("a");
         w.add("a");
         w.run_now("a", at(10));
         take_request request;
         request.id = "a";
         request.handle = before->handle;
         request.now = at(20);
         request.member = "a";
         request.run_id = "r1";
         CHECK(w.ask(w.store(), request).what == taken::gone);
         CHECK(w.seen("a").next_waiting == at(10));
       }},
  };
}

inline rules take_rules() {
  auto all = waiting_rules();
  for (const auto& each : waiting_and_changing_rules()) all.push_back(each);
  return all;
}

}  // namespace carillon::contract
