#pragma once
#include <algorithm>

#include "contract/store_world.hpp"

namespace carillon::contract {

/// A job that follows others, and has no times of its own.
inline job_record follower(std::string id, std::string_view when, const job_options& options = {}) {
  auto made = world::record(std::move(id), options, when);
  made.cursor.reset();
  made.due = {};
  return made;
}

/// Waits until something is so: in a shared store those who follow are told a moment after the end.
inline bool comes(world& w, const std::function<bool()>& is_so) {
  for (int tries = 0; tries < 1'000 && !is_so(); ++tries) w.load("nobody");
  return is_so();
}

inline bool waits(world& w, const std::string& id) {
  return comes(w, [&] { return w.seen(id).next_waiting.has_value(); });
}

/// Ends a run that follows, and the ledger knows what it followed.
inline void run_follower(world& w, const std::string& id, std::string_view run_id, std::string_view of_run) {
  REQUIRE(waits(w, id));
  const auto run = w.take(id, run_id, at(1'000'000'000));
  REQUIRE(run.what == take_answer::kind::won);
  REQUIRE(run.follows);
  CHECK(run.follows->run == of_run);
  w.finish(id, std::string{run_id}, run.fence);
}

/// How often the fires of a job were left out for a reason.
inline auto left_out(world& w, const std::string& id, std::string_view why) {
  return std::ranges::count_if(w.ledger(id), [&](const ledger_entry& entry) {
    return entry.result.kind == outcome_kind::skipped && entry.result.message == why && entry.follows &&
           entry.extra && entry.final;
  });
}

/// Jobs that run after others.
inline rules follow_rules() {
  return {
      {"the end of a run fires the jobs that follow it, for its occurrence",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a"));
         w.put(follower("c", "(after x) or (after a)"));
         CHECK_FALSE(w.seen("b").next_waiting);
         w.finish("a", "a1", w.win("a", "a1"));
         REQUIRE(waits(w, "b"));
         const auto run = w.take("b", "b1", at(1'000'000'000));
         CHECK(run.what == take_answer::kind::won);
         CHECK(run.occurrence == at(60));
         CHECK(run.why == waiting_reason::follows);
         CHECK(run.extra);
         CHECK(run.attempt == 1);
         REQUIRE(run.follows);
         CHECK(*run.follows == followed_run{"a", "a1", outcome_kind::succeeded});
         CHECK(w.take("b", "b1", at(1'000'000'000)).follows);  // Asked again.
         w.finish("b", "b1", run.fence);
         const auto entry = w.ledger("b").at(0);
         CHECK(entry.extra);
         REQUIRE(entry.follows);
         CHECK(entry.follows->run == "a1");
         run_follower(w, "c", "c1", "a1");
         CHECK(w.seen("b").state == job_state::active);
       }},
      {"only ends of the kind that a job follows fire it",
       [](world& w) {
         w.add("a");
         w.put(follower("good", "after a"));
         w.put(follower("bad", "after a on failure"));
         w.put(follower("any", "after a on either"));
         job_options many;
         many.max_instances = 100;
         w.put(follower("all", "after a on either", many));
         w.finish("a", "a1", w.win("a", "a1"), outcome_kind::failed);
         run_follower(w, "bad", "r1", "a1");
         run_follower(w, "any", "r2", "a1");
         w.finish("a", "a2", w.win("a", "a2"), outcome_kind::timed_out);
         run_follower(w, "bad", "r3", "a2");
         run_follower(w, "any", "r4", "a2");
         w.finish("a", "a3", w.win("a", "a3"), outcome_kind::cancelled);
         run_follower(w, "any", "r5", "a3");
         w.finish("a", "a4", w.win("a", "a4"));
         run_follower(w, "good", "r6", "a4");
         run_follower(w, "any", "r7", "a4");
         for (const auto* run : {"a1", "a2", "a3", "a4"})
           run_follower(w, "all", std::string{"all-"} + run, run);
         CHECK(w.ledger("good").size() == 1);
         CHECK(w.ledger("bad").size() == 2);
       }},
      {"an attempt that is tried again is no end, and that of the last attempt is one",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a on either"));
         w.fail_and_retry("a", "a1", w.win("a", "a1"), at(70));
         const auto again = w.take("a", "a2", at(70));
         REQUIRE(again.what == take_answer::kind::won);
         w.finish("a", "a2", again.fence, outcome_kind::failed);
         run_follower(w, "b", "b1", "a2");
         CHECK(w.ledger("b").size() == 1);
       }},
      {"an end that is reported twice fires once",
       [](world& w) {
         w.add("a");
         job_options many;
         many.max_instances = 10;
         w.put(follower("b", "after a", many));
         const auto fence = w.win("a", "a1");
         w.finish("a", "a1", fence);
         w.finish("a", "a1", fence);
         run_follower(w, "b", "b1", "a1");
         w.finish("a", "a2", w.win("a", "a2"));
         run_follower(w, "b", "b2", "a2");
         CHECK_FALSE(w.seen("b").next_waiting);
       }},
      {"a run that follows and fails is tried again as one that follows",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a"));
         w.finish("a", "a1", w.win("a", "a1"));
         REQUIRE(waits(w, "b"));
         const auto first = w.take("b", "b1", at(1'000'000'000));
         w.fail_and_retry("b", "b1", first.fence, at(70));
         const auto again = w.take("b", "b2", at(1'000'000'000));
         CHECK(again.attempt == 2);
         CHECK(again.why == waiting_reason::retry);
         REQUIRE(again.follows);
         CHECK(again.follows->run == "a1");
       }},
      {"who follows one that follows another is fired by its end, for the same occurrence",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a"));
         w.put(follower("c", "after b"));
         w.finish("a", "a1", w.win("a", "a1"));
         run_follower(w, "b", "b1", "a1");
         REQUIRE(waits(w, "c"));
         const auto run = w.take("c", "c1", at(1'000'000'000));
         CHECK(run.occurrence == at(60));
         CHECK(run.follows->job == "b");
       }},
      {"a job that is paused leaves out what it follows, and one that is to skip its next fires",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a"));
         w.set_state("b", job_state::paused);
         w.finish("a", "a1", w.win("a", "a1"));
         CHECK(comes(w, [&] { return left_out(w, "b", "paused") == 1; }));
         CHECK(w.seen("b").counters.skipped == 1);
         job_change what;
         what.state = job_state::active;
         what.skip_next = 1;
         w.update("b", std::move(what));
         w.finish("a", "a2", w.win("a", "a2"));
         CHECK(comes(w, [&] { return left_out(w, "b", "skip_next") == 1; }));
         CHECK(w.seen("b").skip_next == 0);
         CHECK_FALSE(w.seen("b").next_waiting);
         w.finish("a", "a3", w.win("a", "a3"));
         run_follower(w, "b", "b1", "a3");
       }},
      {"what follows and finds no place is left out, or waits: as a fire",
       [](world& w) {
         w.add("a");
         job_options queues;
         queues.on_overlap = overlap_action::queue;
         w.put(follower("skips", "after a"));
         w.put(follower("queues", "after a", queues));
         for (const auto* run : {"a1", "a2", "a3"}) w.finish("a", run, w.win("a", run));
         CHECK(comes(w, [&] { return left_out(w, "skips", "overlap") == 2; }));
         CHECK(comes(w, [&] { return left_out(w, "queues", "overlap") == 1; }));
         run_follower(w, "skips", "s1", "a1");
         run_follower(w, "queues", "q1", "a1");
         run_follower(w, "queues", "q2", "a2");
       }},
      {"what follows may have the run ended whose place it needs",
       [](world& w) {
         w.add("a");
         job_options cancels;
         cancels.on_overlap = overlap_action::cancel_running;
         w.put(follower("b", "after a", cancels));
         w.finish("a", "a1", w.win("a", "a1"));
         REQUIRE(waits(w, "b"));
         const auto first = w.take("b", "b1", at(1'000'000'000));
         w.finish("a", "a2", w.win("a", "a2"));
         REQUIRE(waits(w, "b"));
         CHECK(w.take("b", "b2", at(1'000'000'000)).what == take_answer::kind::full);
         w.finish("a", "a3", w.win("a", "a3"));
         CHECK(comes(w, [&] { return left_out(w, "b", "overlap") == 1; }));
         w.finish("b", "b1", first.fence, outcome_kind::cancelled);
         run_follower(w, "b", "b3", "a3");
       }},
      {"nobody follows a job who has been removed, or follows another by now; nor the run of a removed job",
       [](world& w) {
         w.add("a");
         w.add("x");
         w.put(follower("gone", "after a on either"));
         w.put(follower("changed", "after a on either"));
         w.put(follower("stays", "after a on either"));
         w.remove("gone");
         job_change what;
         what.definition = follower("changed", "after x").definition;
         w.update("changed", std::move(what));
         w.finish("a", "a1", w.win("a", "a1"));
         run_follower(w, "stays", "s1", "a1");
         CHECK_FALSE(w.seen("changed").next_waiting);
         w.finish("x", "x1", w.win("x", "x1"));
         run_follower(w, "changed", "c1", "x1");
         const auto fence = w.win("a", "a2");
         w.remove("a");
         w.finish("a", "a2", fence);
         w.add("a");
         w.finish("a", "a3", w.win("a", "a3"));
         run_follower(w, "stays", "s2", "a3");
       }},
      {"a job may follow one that is added later, and have times of its own",
       [](world& w) {
         auto both = world::record("b", {}, "(every 60s) or (after a)");
         w.put(both);
         w.add("a");
         w.finish("b", "b1", w.win("b", "b1"));
         w.finish("a", "a1", w.win("a", "a1"));
         run_follower(w, "b", "b2", "a1");
         CHECK(w.seen("b").cursor == at(120));
       }},
      {"a run that is lost with its instance has failed for those who follow",
       [](world& w) {
         w.add("a");
         w.put(follower("b", "after a on failure"));
         w.put(follower("c", "after a"));
         w.win("a", "a1");
         w.leave();
         REQUIRE(waits(w, "b"));
         CHECK_FALSE(w.seen("c").next_waiting);
       }},
  };
}

}  // namespace carillon::contract
