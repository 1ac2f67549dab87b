#pragma once
#include <carillon/job/run.hpp>
#include <stdexcept>

#include "contract/store_world.hpp"
#include "support/deaf_listener.hpp"

namespace carillon::contract {

using enum job_state;
using put = put_answer::kind;

/// Adding, changing, removing, listing jobs.
inline rules adding_rules() {
  return {
      {"a job that is added is there as it was given, with a revision and a birth",
       [](world& w) {
         auto given = w.record("a");
         given.note = "from yesterday";
         given.skip_next = 2;
         given.skip_at = {at(120), at(240)};
         const auto answer = w.put(given);
         CHECK(answer.what == put::added);
         const auto job = w.seen("a");
         CHECK(*job.definition == *given.definition);
         CHECK(job.state == active);
         CHECK(job.cursor == at(60));
         CHECK(job.due == at(60));
         CHECK(job.anchor == at(0));
         CHECK(job.note == "from yesterday");
         CHECK(job.skip_next == 2);
         CHECK(job.skip_at == given.skip_at);
         CHECK(job.revision == answer.revision);
         CHECK(job.revision > 0);
         CHECK(job.born > 0);
         CHECK(job.active == 0);
         CHECK_FALSE(job.next_waiting);
         CHECK_FALSE(job.last_fire);
         CHECK(job.counters == job_counters{});
       }},
      {"a job is there as it was given with arguments as deep as there may be",
       [](world& w) {
         auto given = w.record("a");
         auto definition = *given.definition;
         definition.arguments = std::string(deepest_value, '[') + std::string(deepest_value, ']');
         given.definition = std::make_shared<const job_definition>(std::move(definition));
         w.put(given);
         CHECK(*w.seen("a").definition == *given.definition);
       }},
      {"adding the same definition again changes nothing, whatever the policy",
       [](world& w) {
         w.add("a");
         w.win("a", "r1");
         const auto before = w.seen("a");
         for (const auto policy : {on_conflict::refuse, on_conflict::keep, on_conflict::replace}) {
           const auto answer = w.put(w.declared("a"), policy);
           CHECK(answer.what == put::unchanged);
           CHECK(answer.revision == before.revision);
         }
         CHECK(w.seen("a").cursor == before.cursor);
       }},
      {"a job that is declared again with the same text belongs to whoever declares it",
       [](world& w) {
         w.add("a");
         auto declared = w.record("a");
         auto definition = *declared.definition;
         definition.origin = "jobs.toml";
         declared.definition = std::make_shared<const job_definition>(definition);
         CHECK(w.put(declared, on_conflict::keep).what == put::unchanged);
         CHECK(w.seen("a").definition->origin == "jobs.toml");
       }},
      {"what replaces a parked job takes its note along",
       [](world& w) {
         auto parked = w.record("a");
         parked.state = job_state::parked;
         parked.note = "nobody knows its task";
         w.put(parked);
         auto other = w.record("a");
         auto definition = *other.definition;
         definition.task = "known";
         other.definition = std::make_shared<const job_definition>(definition);
         CHECK(w.put(other, on_conflict::replace).what == put::replaced);
         CHECK(w.seen("a").state == active);
         CHECK(w.seen("a").note.empty());
       }},
      {"another definition of an id is refused, or dropped, by policy",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         CHECK(w.put(w.record("a", {}, "every 5s"), on_conflict::refuse).what == put::conflict);
         CHECK(w.put(w.record("a", {}, "every 5s"), on_conflict::keep).what == put::unchanged);
         CHECK(w.seen("a").revision == before.revision);
         CHECK(*w.seen("a").definition == *before.definition);
       }},
      {"a job that is replaced keeps its birth, counters and runs, and has the cursor that it is given",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         w.finish("a", "r1", fence, outcome_kind::failed);
         w.run_now("a", at(500));
         w.win("a", "r2");
         const auto before = w.seen("a");
         auto wanted = w.record("a", {}, "every 5s");
         wanted.cursor = wanted.due = at(65);
         const auto answer = w.put(wanted, on_conflict::replace);
         CHECK(answer.what == put::replaced);
         CHECK(answer.revision > before.revision);
         const auto job = w.seen("a");
         CHECK(job.definition->when.text() == wanted.definition->when.text());
         CHECK(job.cursor == at(65));
         CHECK(job.born == before.born);
         CHECK(job.counters == before.counters);
         CHECK(job.active == 1);
         CHECK(job.next_waiting == at(500));
       }},
      {"a job that is replaced while it is paused stays paused",
       [](world& w) {
         w.add("a");
         w.set_state("a", paused);
         w.put(w.record("a", {}, "every 5s"), on_conflict::replace);
         CHECK(w.seen("a").state == paused);
       }},
      {"revisions and births grow when a job is removed and added again",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         const auto fence = w.win("a", "r1");
         w.finish("a", "r1", fence);
         CHECK(w.remove("a") == change_answer::done);
         CHECK_FALSE(w.exists("a"));
         CHECK(w.add("a") == put::added);
         const auto job = w.seen("a");
         CHECK(job.revision > before.revision);
         CHECK(job.born > before.born);
         CHECK(job.counters == job_counters{});
         CHECK(w.win("a", "r2") > fence);
       }},
  };
}

inline rules tombstone_rules() {
  return {
      {"a removed job whose record stays is not in the way of another definition",
       [](world& w) {
         w.put(w.declared("a"));
         const auto before = w.seen("a");
         CHECK(w.remove("a", true) == change_answer::done);
         CHECK(w.seen("a").state == removed);
         CHECK_FALSE(w.seen("a").cursor);
         CHECK(w.ids().empty());
         auto wanted = w.record("a", {}, "every 5s");
         CHECK(w.put(wanted).what == put::added);
         CHECK(w.seen("a").state == active);
         CHECK(w.seen("a").born > before.born);
       }},
      {"a removed job whose record stays is not added by declaring the same again",
       [](world& w) {
         w.put(w.declared("a"));
         w.remove("a", true);
         for (const auto policy : {on_conflict::refuse, on_conflict::keep, on_conflict::replace}) {
           CHECK(w.put(w.declared("a"), policy).what == put::unchanged);
         }
         CHECK(w.seen("a").state == removed);
         CHECK(w.put(w.record("a")).what == put::added);  // By somebody, at run time.
       }},
      {"nothing can be done to a removed job but to remove its record",
       [](world& w) {
         w.put(w.declared("a"));
         const auto job = w.load("a");
         w.remove("a", true);
         CHECK(w.set_state("a", active) == change_answer::gone);
         CHECK(w.remove("a", true) == change_answer::gone);
         CHECK_FALSE(w.run_now("a", at(60)));
         CHECK(w.take("a", "r1", at(60)).what == take_answer::kind::gone);
         CHECK(w.ask(w.claim_of(*job, "r2")).what == claim_answer::kind::gone);
         CHECK(w.remove("a", false) == change_answer::done);
         CHECK_FALSE(w.exists("a"));
       }},
  };
}

inline rules changing_rules() {
  return {
      {"a change is made at the revision that it expects, and at no other",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         job_change what;
         what.skip_next = 3;
         CHECK(w.wait(w.store().update("a", before.revision - 1, what)) == change_answer::conflict);
         CHECK(w.seen("a").skip_next == 0);
         CHECK(w.wait(w.store().update("a", before.revision, what)) == change_answer::done);
         CHECK(w.seen("a").skip_next == 3);
         CHECK(w.seen("a").revision > before.revision);
         CHECK(w.wait(w.store().update("a", before.revision, what)) == change_answer::conflict);
         CHECK(w.wait(w.store().update("b", before.revision, what)) == change_answer::gone);
       }},
      {"times to be left out are kept as they are written, over claims and whatever else happens to the job",
       [](world& w) {
         w.add("a");
         CHECK(w.seen("a").skip_at.empty());
         std::vector<instant> times;
         for (int k = 1; k <= 1'000; ++k) times.push_back(at(60 * k));
         job_change what;
         what.skip_at = times;
         CHECK(w.update("a", what) == change_answer::done);
         CHECK(w.seen("a").skip_at == times);
         w.run_once("a");
         w.set_state("a", paused);
         auto other = w.record("a", {}, "every 5s");
         w.put(other, on_conflict::replace);
         CHECK(w.seen("a").skip_at == times);
         what.skip_at->clear();
         CHECK(w.update("a", what) == change_answer::done);
         CHECK(w.seen("a").skip_at.empty());
       }},
      {"a job that is removed and added again leaves out nothing of what it did before",
       [](world& w) {
         for (const bool tombstone : {false, true}) {
           auto given = w.declared("a");
           given.skip_at = {at(60)};
           w.put(given);
           w.remove("a", tombstone);
           w.put(w.record("a", {}, "every 5s"));
           CHECK(w.seen("a").skip_at.empty());
           w.remove("a");
         }
       }},
      {"waiting runs can be dropped, with an entry each, and what is active stays",
       [](world& w) {
         w.add("a");
         const auto fence = w.win("a", "r1");
         w.fail_and_retry("a", "r1", fence, at(500));
         w.run_now("a", at(300));
         w.run_now("a", at(400));
         CHECK(w.take("a", "r2", at(300)).what == take_answer::kind::won);
         job_change what;
         what.drop_waiting = true;
         CHECK(w.update("a", what) == change_answer::done);
         const auto job = w.seen("a");
         CHECK_FALSE(job.next_waiting);
         CHECK(job.active == 1);
         CHECK(job.counters.skipped == 2);
         const auto ledger = w.ledger("a");
         REQUIRE(ledger.size() == 3);
         CHECK(ledger[0].result.message == "cancelled");
         CHECK(ledger[0].first == at(60));  // The retry.
         CHECK_FALSE(ledger[0].extra);
         CHECK(ledger[1].result.kind == outcome_kind::skipped);
         CHECK(ledger[1].first == at(400));
         CHECK(ledger[1].extra);
         CHECK(w.take("a", "r3", at(600)).what == take_answer::kind::none_due);
       }},
      {"of two changes at one revision one is made",
       [](world& w) {
         w.add("a");
         const auto revision = w.seen("a").revision;
         job_change mine, yours;
         mine.note = "mine";
         yours.note = "yours";
         CHECK(w.wait(w.store().update("a", revision, mine)) == change_answer::done);
         CHECK(w.wait(w.other().update("a", revision, yours)) == change_answer::conflict);
         CHECK(w.seen("a").note == "mine");
       }},
      {"a change that is sent again by its token is done, and changes nothing more, whatever the job has "
       "become",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a").revision;
         job_change what;
         what.note = "mine";
         what.token = "t1";
         CHECK(w.wait(w.store().update("a", before, what)) == change_answer::done);
         const auto after = w.seen("a").revision;
         CHECK(w.wait(w.other().update("a", before, what)) == change_answer::done);
         CHECK(w.seen("a").revision == after);
         what.token = "t2";
         CHECK(w.wait(w.store().update("a", before, what)) == change_answer::conflict);
         w.remove("a");
         what.token = "t1";
         CHECK(w.wait(w.store().update("a", before, what)) == change_answer::done);
         CHECK_FALSE(w.exists("a"));
       }},
      {"a change of the cursor is refused when the cursor is not the one that it was computed from",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a");
         w.win("a", "r1");
         job_change what;
         what.cursor = job_change::cursor_move{at(300), at(300), before.cursor};
         CHECK(w.wait(w.store().update("a", before.revision, what)) == change_answer::conflict);
         CHECK(w.seen("a").cursor == at(120));
         what.cursor->from = at(120);
         CHECK(w.wait(w.store().update("a", before.revision, what)) == change_answer::done);
         CHECK(w.seen("a").cursor == at(300));
       }},
      {"a change leaves alone what it does not name",
       [](world& w) {
         w.add("a");
         job_change what;
         what.note = "looked at";
         w.update("a", what);
         auto job = w.seen("a");
         CHECK(job.note == "looked at");
         CHECK(job.cursor == at(60));
         CHECK(job.state == active);
         job_change move;
         move.cursor = job_change::cursor_move{std::nullopt, {}, {}};
         move.anchor = at(30);
         w.update("a", move);
         job = w.seen("a");
         CHECK_FALSE(job.cursor);
         CHECK(job.anchor == at(30));
         CHECK(job.note == "looked at");
       }},
      {"a change with the definition of another job is an error",
       [](world& w) {
         w.add("a");
         job_change what;
         what.definition = w.record("b").definition;
         CHECK_THROWS_AS(w.update("a", what), std::invalid_argument);
         CHECK(w.seen("a").id() == "a");
       }},
      {"a job is removed at the revision that is expected, and at no other",
       [](world& w) {
         w.add("a");
         const auto before = w.seen("a").revision;
         w.run_now("a", at(1));
         CHECK(w.wait(w.store().remove("a", before, false)) == change_answer::conflict);
         CHECK(w.wait(w.store().remove("a", w.seen("a").revision, false)) == change_answer::done);
         CHECK(w.remove("a") == change_answer::gone);
       }},
      {"a change that lets a job end does not remove it",
       [](world& w) {
         w.add("a");
         CHECK(w.set_state("a", ended) == change_answer::done);
         CHECK(w.seen("a").state == ended);
       }},
  };
}

inline rules listing_rules() {
  return {
      {"jobs are listed in pages, in the order of their ids, each once",
       [](world& w) {
         for (const auto* id : {"d", "a", "c", "e", "b"}) w.add(id);
         job_query query;
         query.limit = 2;
         std::vector<std::string> seen;
         std::size_t pages = 0;
         for (bool more = true; more; ++pages) {
           const auto page = w.wait(w.store().list(query));
           CHECK(page.jobs.size() <= 2);
           for (const auto& job : page.jobs) seen.push_back(job.id());
           more = page.next_after.has_value();
           if (more) query.after = *page.next_after;
         }
         CHECK(seen == std::vector<std::string>{"a", "b", "c", "d", "e"});
         CHECK(pages == 3);
       }},
      {"a page that holds the last job says that there are no more",
       [](world& w) {
         for (const auto* id : {"a", "b"}) w.add(id);
         job_query query;
         query.limit = 2;
         CHECK_FALSE(w.wait(w.store().list(query)).next_after);
         query.limit = 0;
         const auto page = w.wait(w.store().list(query));
         CHECK(page.jobs.size() == 1);
         CHECK(page.next_after == "a");
         query.after = "b";
         CHECK(w.wait(w.store().list(query)).jobs.empty());
       }},
      {"jobs are listed by prefix, tags, state and task, all of which must fit",
       [](world& w) {
         job_options red, both;
         red.tags = {"red"};
         both.tags = {"blue", "red"};
         w.add("mail-1", red);
         w.add("mail-2", both);
         w.add("post", both);
         w.set_state("mail-2", paused);
         w.put(w.declared("mail-0"));
         w.remove("mail-0", true);
         job_query query;
         query.id_prefix = "mail-";
         CHECK(w.ids(query) == std::vector<std::string>{"mail-1", "mail-2"});
         query.tags = {"red", "blue"};
         CHECK(w.ids(query) == std::vector<std::string>{"mail-2"});
         query.state = active;
         CHECK(w.ids(query).empty());
         query = {};
         query.tags = {"blue"};
         CHECK(w.ids(query) == std::vector<std::string>{"mail-2", "post"});
         query = {};
         query.task = "post";
         CHECK(w.ids(query) == std::vector<std::string>{"post"});
         query = {};
         query.state = removed;
         CHECK(w.ids(query) == std::vector<std::string>{"mail-0"});
       }},
      {"pages of a prefix go on after a job whose id is the prefix",
       [](world& w) {
         for (const auto* id : {"mail", "mail-1", "mails", "maim"}) w.add(id);
         job_query query;
         query.id_prefix = "mail";
         query.limit = 1;
         const auto page = w.wait(w.store().list(query));
         CHECK(page.jobs.at(0).id() == "mail");
         query.limit = 10;
         query.after = page.next_after.value();
         CHECK(w.ids(query) == std::vector<std::string>{"mail-1", "mails"});
       }},
      {"listing goes on after an id that has been removed meanwhile",
       [](world& w) {
         for (const auto* id : {"a", "b", "c"}) w.add(id);
         job_query query;
         query.limit = 1;
         query.after = w.wait(w.store().list(query)).next_after.value();
         w.remove("a");
         CHECK(w.ids(query) == std::vector<std::string>{"b"});
       }},
  };
}

inline rules notice_rules() {
  return {
      {"whoever has opened a store is told of jobs that are added, changed and removed, by anybody",
       [](world& w) {
         w.told();
         w.add("a");
         CHECK(w.told() == std::vector<std::string>{"a"});
         w.wait(w.other().add(w.record("b"), on_conflict::refuse));
         CHECK(w.told() == std::vector<std::string>{"b"});
         w.set_state("a", paused);
         CHECK(w.told() == std::vector<std::string>{"a"});
         w.run_now("b", at(1));
         CHECK(w.told() == std::vector<std::string>{"b"});
         w.put(w.record("a", {}, "every 5s"), on_conflict::replace);
         w.remove("b");
         CHECK(w.told() == std::vector<std::string>{"a", "b"});
       }},
      {"nobody is told of what changed nothing",
       [](world& w) {
         w.add("a");
         w.told();
         w.add("a");
         w.put(w.record("a", {}, "every 5s"), on_conflict::keep);
         job_change what;
         w.wait(w.store().update("a", 1, what));
         w.remove("b");
         CHECK(w.told().empty());
       }},
      {"a store that is open cannot be opened again, and once closed tells nothing",
       [](world& w) {
         testing::deaf_listener nobody;
         CHECK_THROWS_AS(w.wait(w.store().open("a", nobody)), std::logic_error);
         w.leave();
         w.add("a");
         CHECK(w.told().empty());
       }},
  };
}

inline rules job_rules() {
  rules all;
  for (const auto& part : {adding_rules, tombstone_rules, changing_rules, listing_rules, notice_rules}) {
    for (const auto& each : part()) all.push_back(each);
  }
  return all;
}

}  // namespace carillon::contract
