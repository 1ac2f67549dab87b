#pragma once
#include <stdexcept>

#include "contract/store_world.hpp"

namespace carillon::contract {

using claimed = claim_answer::kind;
using place = run_answer::kind;

/// The way past a cursor.
inline rules cursor_rules() {
  return {
      {"a claim moves the cursor and wins a run with a fence, and takes no new revision",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         const auto answer = w.claim("a", "r1");
         CHECK(answer.what == claimed::claimed);
         REQUIRE(answer.runs.size() == 1);
         CHECK(answer.runs[0].what == place::won);
         CHECK(answer.runs[0].fence > 0);
         CHECK(answer.runs[0].cancel_run.empty());
         CHECK_FALSE(answer.next_waiting);
         const auto job = w.seen("a");
         CHECK(job.cursor == at(120));
         CHECK(job.due == at(120));
         CHECK(job.last_fire == at(60));
         CHECK(job.active == 1);
         CHECK(job.revision == before.revision);
         CHECK(w.ledger("a").empty());
       }},
      {"of two members that claim one fire one wins, and the other finds the cursor moved",
       [](world& w) {
         w.add("a");
         const auto mine = w.load("a");
         const auto yours = w.wait(w.other().load("a"));
         CHECK(w.ask(w.claim_of(*mine, "r1", "a")).what == claimed::claimed);
         const auto refused = w.ask(w.other(), w.claim_of(*yours, "r2", "b"));
         CHECK(refused.what == claimed::moved);
         CHECK(refused.runs.empty());
         CHECK(w.seen("a").active == 1);
         CHECK(w.seen("a").cursor == at(120));
       }},
      {"a claim by id does the same as a claim by handle",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         request.handle.reset();
         CHECK(w.ask(request).what == claimed::claimed);
         CHECK(w.ask(w.claim_of(*job, "r2")).what == claimed::moved);
         CHECK(w.seen("a").active == 1);
       }},
      {"a claim at another revision finds the job moved, and changes nothing",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         job_change what;
         what.skip_next = 1;
         w.update("a", what);
         CHECK(w.ask(w.claim_of(*job, "r1")).what == claimed::moved);
         CHECK(w.seen("a").cursor == at(60));
         CHECK(w.seen("a").active == 0);
       }},
      {"a claim whose next cursor is not greater is an error, and changes nothing",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         for (const auto next : {at(60), at(59)}) {
           request.next_cursor = next;
           CHECK_THROWS_AS(w.ask(request), std::invalid_argument);
         }
         CHECK(w.seen("a").cursor == at(60));
         CHECK(w.seen("a").active == 0);
       }},
      {"a change may move the cursor back, and the fire there is claimed again, under a greater fence",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         w.finish("a", "r1", fence);
         job_change what;
         what.cursor = job_change::cursor_move{at(60), at(60), {}};
         w.update("a", what);
         CHECK(w.win("a", "r2") > fence);
       }},
      {"a fire may be due later than its nominal time",
       [](world& w) {
         auto job = w.record("a");
         job.due = at(63);
         w.put(job);
         const auto seen = w.load("a");
         auto request = w.claim_of(*seen, "r1");
         request.next_due = at(125);
         CHECK(w.ask(request).what == claimed::claimed);
         CHECK(w.seen("a").due == at(125));
       }},
  };
}

inline rules standing_rules() {
  return {
      {"nobody claims a fire of a job that is paused, parked or has ended",
       [](world& w) {
         for (const auto state : {job_state::paused, job_state::parked, job_state::ended}) {
           const auto id = "job-" + std::to_string(static_cast<int>(state));
           w.add(id);
           w.set_state(id, state);
           CHECK(w.claim(id, "r1").what == claimed::paused);
           CHECK(w.seen(id).cursor == at(60));
           CHECK(w.seen(id).active == 0);
         }
       }},
      {"nobody claims a fire of a job that is gone, also when the id has been added again",
       [](world& w) {
         w.add("a");
         const auto before = w.load("a");
         w.remove("a");
         CHECK(w.ask(w.claim_of(*before, "r1")).what == claimed::gone);
         auto by_id = w.claim_of(*before, "r2");
         by_id.handle.reset();
         CHECK(w.ask(by_id).what == claimed::gone);
         w.add("a");
         CHECK(w.ask(w.claim_of(*before, "r3")).what == claimed::gone);
         CHECK(w.ask(by_id).what == claimed::moved);
         CHECK(w.seen("a").active == 0);
       }},
      {"a resumed job can be claimed where it stood",
       [](world& w) {
         w.add("a");
         w.set_state("a", job_state::paused);
         w.set_state("a", job_state::active);
         CHECK(w.claim("a", "r1").what == claimed::claimed);
         CHECK(w.seen("a").last_fire == at(60));
       }},
      {"a claim without a next cursor leaves a job that waits for its run, or with `ends` one that has ended",
       [](world& w) {
         w.add("waits");
         w.add("over");
         const auto job = w.load("waits");
         auto request = w.claim_of(*job, "r1");
         request.next_cursor.reset();
         w.ask(request);
         CHECK_FALSE(w.seen("waits").cursor);
         CHECK(w.seen("waits").state == job_state::active);
         w.claim_last("over", "r2");
         CHECK_FALSE(w.seen("over").cursor);
         CHECK(w.seen("over").state == job_state::ended);
       }},
      {"a claim that ends a job of which nothing runs or waits removes it, unless it is to be kept",
       [](world& w) {
         job_options keep;
         keep.keep = true;
         w.add("gone");
         w.add("kept", keep);
         w.put(w.declared("declared"));
         for (const auto* id : {"gone", "kept", "declared"}) {
           const auto job = w.load(id);
           auto request = w.claim_of(*job, "r1");
           request.next_cursor.reset();
           request.ends = true;
           request.runs.clear();
           request.left_out.push_back({outcome_kind::missed, at(60), at(60), 1, {}, {}});
           CHECK(w.ask(request).what == claimed::claimed);
         }
         CHECK_FALSE(w.exists("gone"));
         CHECK(w.seen("kept").state == job_state::ended);
         CHECK(w.seen("declared").state == job_state::ended);
         CHECK(w.ledger("gone").size() == 1);
       }},
      {"skip_next is counted down by the claim that used it, never below nothing",
       [](world& w) {
         auto given = w.record("a");
         given.skip_next = 3;
         w.put(given);
         for (const std::uint32_t left : {1u, 0u}) {
           const auto job = w.load("a");
           auto request = w.claim_of(*job, "r1");
           request.runs.clear();
           request.skips_used = 2;
           request.left_out.push_back({outcome_kind::skipped, at(60), at(60), 2, {}, "skip_next"});
           w.ask(request);
           CHECK(w.seen("a").skip_next == left);
         }
       }},
  };
}

inline rules repeated_claim_rules() {
  return {
      {"a claim that is sent again wins what it won, and changes nothing",
       [](world& w) {
         w.add("a");
         const auto job = w.load("a");
         const auto request = w.claim_of(*job, "r1");
         const auto first = w.ask(request);
         const auto again = w.ask(request);
         CHECK(again.what == claimed::claimed);
         REQUIRE(again.runs.size() == 1);
         CHECK(again.runs[0].what == place::won);
         CHECK(again.runs[0].fence == first.runs[0].fence);
         CHECK(w.seen("a").cursor == at(120));
         CHECK(w.seen("a").active == 1);
       }},
      {"a claim that is sent again after the job was paused, changed, or removed has won all the same",
       [](world& w) {
         for (const auto* id : {"paused", "changed", "removed"}) w.add(id);
         for (const auto* id : {"paused", "changed", "removed"}) {
           const auto job = w.load(id);
           const auto request = w.claim_of(*job, id);
           const auto fence = w.ask(request).runs.at(0).fence;
           if (request.id == "paused") w.set_state(id, job_state::paused);
           if (request.id == "changed") w.run_now(id, at(500));
           if (request.id == "removed") w.remove(id);
           const auto again = w.ask(request);
           CAPTURE(id);
           CHECK(again.what == claimed::claimed);
           REQUIRE(again.runs.size() == 1);
           CHECK(again.runs[0].fence == fence);
         }
       }},
      {"a claim that found no place and is sent again finds none, and is recorded once",
       [](world& w) {
         w.add("a");
         w.win("a", "r1");
         const auto job = w.load("a");
         const auto request = w.claim_of(*job, "r2");
         for (int times = 0; times < 2; ++times) {
           const auto answer = w.ask(request);
           CHECK(answer.what == claimed::claimed);
           REQUIRE(answer.runs.size() == 1);
           CHECK(answer.runs[0].what == place::skipped);
         }
         CHECK(w.ledger("a").size() == 1);
       }},
      {"a claim that was queued and is sent again waits once, and names the same run to be cancelled",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::cancel_running;
         w.add("a", options);
         const auto fence = w.win("a", "r1");
         const auto job = w.load("a");
         const auto request = w.claim_of(*job, "r2");
         for (int times = 0; times < 2; ++times) {
           const auto answer = w.ask(request);
           CHECK(answer.what == claimed::claimed);
           REQUIRE(answer.runs.size() == 1);
           CHECK(answer.runs[0].what == place::queued);
           CHECK(answer.runs[0].cancel_run == "r1");
         }
         w.finish("a", "r1", fence, outcome_kind::cancelled);
         CHECK(w.take("a", "r3", at(200)).what == take_answer::kind::won);
         CHECK_FALSE(w.seen("a").next_waiting);
         CHECK(w.ask(request).what == claimed::moved);  // It has run on: there is nothing to say again.
       }},
  };
}

inline rules claim_rules() {
  rules all;
  for (const auto& part : {cursor_rules, standing_rules, repeated_claim_rules}) {
    for (const auto& each : part()) all.push_back(each);
  }
  return all;
}

}  // namespace carillon::contract
