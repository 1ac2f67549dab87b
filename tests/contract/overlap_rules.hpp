#pragma once
#include "contract/claim_rules.hpp"
#include "contract/store_world.hpp"

namespace carillon::contract {

/// What becomes of a fire that finds no place.
inline rules overlap_rules() {
  return {
      {"no more runs are active than max_instances allows, and the fire that finds none free is skipped",
       [](world& w) {
         job_options two;
         two.max_instances = 2;
         w.add("a", two);
         w.win("a", "r1");
         w.win("a", "r2");
         const auto answer = w.claim("a", "r3");
         CHECK(answer.what == claimed::claimed);
         CHECK(answer.runs.at(0).what == place::skipped);
         CHECK(w.seen("a").active == 2);
         CHECK(w.seen("a").cursor == at(240));
         CHECK(w.seen("a").counters.skipped == 1);
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 1);
         CHECK(ledger[0].result.kind == outcome_kind::skipped);
         CHECK(ledger[0].result.message == "overlap");
         CHECK(ledger[0].first == at(180));
       }},
      {"of several runs in one claim as many win as there are places, the oldest first",
       [](world& w) {
         job_options two;
         two.max_instances = 2;
         w.add("a", two);
         const auto job = w.load("a");
         auto request = w.claim_of(*job, "r1");
         request.runs.push_back({at(120), at(120), "r2"});
         request.runs.push_back({at(180), at(180), "r3"});
         request.next_cursor = at(240);
         request.now = at(200);
         const auto answer = w.ask(request);
         REQUIRE(answer.runs.size() == 3);
         CHECK(answer.runs[0].what == place::won);
         CHECK(answer.runs[1].what == place::won);
         CHECK(answer.runs[1].fence > answer.runs[0].fence);
         CHECK(answer.runs[2].what == place::skipped);
         CHECK(w.seen("a").last_fire == at(180));
       }},
      {"fires are queued up to the limit, and further ones are skipped",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::queue;
         options.queue_limit = 2;
         w.add("a", options);
         w.win("a", "r1");
         CHECK(w.claim("a", "r2").runs.at(0).what == place::queued);
         const auto second = w.claim("a", "r3");
         CHECK(second.runs.at(0).what == place::queued);
         CHECK(second.next_waiting == at(120));
         CHECK(w.claim("a", "r4").runs.at(0).what == place::skipped);
         CHECK(w.seen("a").active == 1);
       }},
      {"queued fires run one after another in the order of their times, each with its own due time",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::queue;
         options.queue_limit = 2;
         w.add("a", options);
         const auto fence = w.win("a", "r1");
         const auto job = w.load("a");
         auto late = w.claim_of(*job, "r2");
         late.now = at(125);
         w.ask(late);
         w.claim("a", "r3");
         CHECK(w.take("a", "r4", at(200)).what == take_answer::kind::full);
         w.finish("a", "r1", fence);
         const auto first = w.take("a", "r5", at(200));
         CHECK(first.what == take_answer::kind::won);
         CHECK(first.occurrence == at(120));
         CHECK(first.due == at(120));
         CHECK(first.attempt == 1);
         CHECK(first.why == waiting_reason::queued);
         CHECK(first.fence > fence);
         w.finish("a", "r5", first.fence);
         CHECK(w.take("a", "r6", at(200)).occurrence == at(180));
       }},
      {"retries and runs asked for by a person do not fill the queue",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::queue;
         w.add("a", options);
         w.win("a", "r1");
         w.run_now("a", at(60));
         CHECK(w.claim("a", "r2").runs.at(0).what == place::queued);
       }},
      {"cancel_running names the oldest active run once, and lets the fire wait for its place",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::cancel_running;
         options.max_instances = 2;
         w.add("a", options);
         const auto fence = w.win("a", "r1");
         w.win("a", "r2");
         const auto answer = w.claim("a", "r3");
         CHECK(answer.runs.at(0).what == place::queued);
         CHECK(answer.runs.at(0).cancel_run == "r1");
         CHECK(w.seen("a").active == 2);  // It counts until it has ended.
         w.finish("a", "r1", fence, outcome_kind::cancelled);
         CHECK(w.take("a", "r4", at(180)).occurrence == at(180));
       }},
      {"cancel_running keeps the latest fire waiting, and skips the one that waited",
       [](world& w) {
         job_options options;
         options.on_overlap = overlap_action::cancel_running;
         w.add("a", options);
         const auto fence = w.win("a", "r1");
         CHECK(w.claim("a", "r2").runs.at(0).cancel_run == "r1");
         const auto later = w.claim("a", "r3");
         CHECK(later.runs.at(0).what == place::queued);
         CHECK(later.runs.at(0).cancel_run ==
               "r1");  // Said again: whoever asked it to stop may not have heard the answer.
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 1);
         CHECK(ledger[0].first == at(120));
         CHECK(ledger[0].result.message == "overlap");
         w.finish("a", "r1", fence, outcome_kind::cancelled);
         CHECK(w.take("a", "r4", at(180)).occurrence == at(180));
         CHECK_FALSE(w.seen("a").next_waiting);
       }},
      {"a run that waits and is due goes before a new fire",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(50));
         CHECK(w.claim("a", "r1").runs.at(0).what == place::skipped);
         CHECK(w.take("a", "r2", at(60)).why == waiting_reason::run_now);
       }},
      {"a run that waits for a later time takes nobody's place",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(61));
         CHECK(w.claim("a", "r1").runs.at(0).what == place::won);
         CHECK(w.seen("a").next_waiting == at(61));
       }},
      {"a new limit counts from the next claim on",
       [](world& w) {
         w.add("a");
         w.win("a", "r1");
         job_options two;
         two.max_instances = 2;
         job_change what;
         what.definition = w.record("a", two).definition;
         w.update("a", what);
         CHECK(w.claim("a", "r2").runs.at(0).what == place::won);
         what.definition = w.record("a").definition;
         w.update("a", what);
         CHECK(w.seen("a").active == 2);
         CHECK(w.claim("a", "r3").runs.at(0).what == place::skipped);
       }},
  };
}

}  // namespace carillon::contract
