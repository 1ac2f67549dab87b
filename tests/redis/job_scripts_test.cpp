#include <doctest/doctest.h>
#include <cstdint>
#include <string>
#include <vector>

#include "redis/script_world.hpp"
#include "redis/scripts.hpp"

namespace carillon::testing {

namespace {

using claimed = claim_answer::kind;
using place = run_answer::kind;

job_options two_at_once() {
  job_options two;
  two.max_instances = 2;
  return two;
}

}  // namespace

TEST_SUITE("redis scripts") {
  TEST_CASE("every script of a partition refuses another store, and changes nothing") {
    script_world w;
    w.add("a");
    w.win("a", "r1");
    const auto before = w.content();
    const redis::words keys{w.key("store")};
    const redis::words arguments(w.store.id - 1, 100, "member", "x", 1);
    namespace scripts = redis::scripts;
    for (const auto* script :
         {&scripts::add, &scripts::awaited, &scripts::result, &scripts::claim, &scripts::enqueue,
          &scripts::finish, &scripts::history, &scripts::list, &scripts::load, &scripts::look, &scripts::page,
          &scripts::reap, &scripts::remove, &scripts::stop, &scripts::take, &scripts::update}) {
      CAPTURE(script->name);
      CHECK(w.run(w.connection.run(*script, keys, arguments)).text() == "OTHER STORE");
    }
    CHECK(w.content() == before);
  }

  TEST_CASE("a backend whose store was emptied says that it is another one") {
    script_world w;
    w.add("a");
    w.cli({"DEL", w.key("store")});
    try {
      w.seen("a");
      FAIL("it answered");
    } catch (const boost::system::system_error& why) {
      CHECK(why.code() == errc::other_store);
    }
  }

  TEST_CASE("steps of one batch see what those before them have done") {
    script_world w;
    w.add("a", two_at_once());
    auto first = w.claim_of("a", "r1"), second = w.claim_of("a", "r2"), third = w.claim_of("a", "r3");
    const auto minute = milliseconds{60'000};
    for (auto [each, cursor] : {std::pair{&second, at(120)}, std::pair{&third, at(180)}}) {
      each->expected_cursor = each->runs[0].occurrence = each->runs[0].due = cursor;
      each->next_cursor = cursor + minute;
    }
    const auto answers = w.claim({first, second, second, third});
    CHECK(answers[0].runs.at(0).what == place::won);
    CHECK(answers[1].runs.at(0).what == place::won);
    CHECK(answers[2].what == claimed::claimed);  // The same again.
    CHECK(answers[2].runs.at(0).fence == answers[1].runs[0].fence);
    CHECK(answers[3].runs.at(0).what == place::skipped);
    CHECK(w.seen("a").active == 2);
    CHECK(w.seen("a").cursor == at(240));
  }

  TEST_CASE("a hundred jobs are claimed and finished by a call each") {
    script_world w;
    std::vector<claim_request> claims;
    std::vector<std::string> ids, run_ids;
    for (int k = 0; k < 100; ++k) ids.push_back("job-" + std::to_string(k));
    for (const auto& id : ids) {
      w.add(id);
      run_ids.push_back("run of " + id);
    }
    for (std::size_t k = 0; k < ids.size(); ++k) {
      auto request = contract::world::claim_of({w.seen(ids[k]), {}}, run_ids[k]);
      request.id = ids[k];
      claims.push_back(request);
    }
    const auto answers = w.claim(claims);
    CHECK(w.look().runs.size() == 100);
    const auto result = contract::world::ended(outcome_kind::succeeded);
    std::vector<run_report> reports;
    std::vector<finish_step> steps;
    for (std::size_t k = 0; k < ids.size(); ++k)
      reports.push_back(contract::world::report(ids[k], run_ids[k], answers.at(k).runs.at(0).fence, result));
    for (const auto& each : reports) steps.push_back({&each, 0});
    for (const auto& each : w.run(w.backend.finish(0, steps))) CHECK(each.what == finish_answer::kind::done);
    CHECK(w.look().runs.empty());
    CHECK(w.ledger().size() == 100);
  }

  TEST_CASE("a claim may plan thousands of runs") {
    script_world w;
    job_options many;
    many.max_instances = 10'000;
    w.add("a", many);
    auto request = w.claim_of("a", "r0");
    std::vector<std::string> run_ids;
    for (int k = 1; k < 5'000; ++k) run_ids.push_back("r" + std::to_string(k));
    for (const auto& id : run_ids) request.runs.push_back({at(60), at(60), id});
    CHECK(w.claim({request}).at(0).runs.back().what == place::won);
    CHECK(w.seen("a").active == 5'000);
    CHECK(w.run(w.backend.ask_to_stop("a", "", cancel_reason::user)) == 5'000);
  }

  TEST_CASE("runs of a job that was removed and added again end in the ledger, and nowhere else") {
    script_world w;
    job_options again = two_at_once();
    again.on_lost = lost_action::rerun;
    w.add("a", again);
    const auto before = w.seen("a");
    const auto finished = w.win("a", "r1"), died = w.win("a", "r2");
    w.run(w.backend.remove("a", std::nullopt, false));
    w.add("a", again);
    auto request = contract::world::claim_of({before, {}}, "r3");
    CHECK(w.claim({request}, before.born).at(0).what == claimed::gone);
    CHECK(w.take("a", "r4", before.born).what == take_answer::kind::gone);
    CHECK(w.finish("a", "r1", finished, before.born).what == finish_answer::kind::done);
    CHECK(w.reap("a", "r2", died));
    const auto job = w.seen("a");
    CHECK(job.born > before.born);
    CHECK(job.counters == job_counters{});
    CHECK(job.active == 0);
    CHECK_FALSE(job.next_waiting);  // What was lost belonged to the other one: nothing is run again.
    CHECK(w.ledger("a").size() == 2);
    CHECK(w.finish("a", "r1", finished, before.born).what == finish_answer::kind::done);
    CHECK(w.ledger("a").size() == 2);
  }

  TEST_CASE("a finish that is sent again after the job has gone with it is answered for a while") {
    script_world w;
    w.add("a");
    auto request = w.claim_of("a", "r1");
    request.next_cursor.reset();
    request.ends = true;
    const auto fence = w.claim({request}).at(0).runs.at(0).fence;
    for (int times = 0; times < 2; ++times) {
      const auto answer = w.finish("a", "r1", fence);
      CHECK(answer.what == finish_answer::kind::done);
      CHECK(answer.removed_now);
    }
    CHECK(std::stoi(w.cli({"TTL", w.key("ended:" + std::to_string(fence))})) > 3'000);
    CHECK(w.finish("a", "r1", fence + 1).what == finish_answer::kind::stale);
    CHECK(w.ledger("a").size() == 1);
  }

  TEST_CASE("the ends of all runs that a job may have at once are remembered") {
    script_world w;
    w.add("a", two_at_once());
    const auto first = w.win("a", "r1"), second = w.win("a", "r2");
    w.finish("a", "r1", first);
    w.finish("a", "r2", second);
    CHECK(w.finish("a", "r1", first).what == finish_answer::kind::done);
    CHECK(w.finish("a", "r2", second).what == finish_answer::kind::done);
    w.finish("a", "r3", w.win("a", "r3"));
    CHECK(w.finish("a", "r1", first).what == finish_answer::kind::stale);
    CHECK(w.seen("a").counters.succeeded == 3);
  }

  TEST_CASE("a change is known again by its token, and a run that is put down") {
    script_world w;
    w.add("a");
    job_change change;
    change.skip_next = 3;
    change.token = "t1";
    const auto revision = w.seen("a").revision;
    CHECK(w.run(w.backend.update("a", revision, change)) == change_answer::done);
    const auto changed = w.seen("a").revision;
    CHECK(w.run(w.backend.update("a", revision, change)) == change_answer::done);
    change.token = "t2";
    CHECK(w.run(w.backend.update("a", revision, change)) == change_answer::conflict);
    CHECK(w.seen("a").revision == changed);

    extra_run extra;
    extra.id = "a";
    extra.occurrence = extra.at = at(10);
    extra.token = "t3";
    for (int times = 0; times < 3; ++times) CHECK(w.run(w.backend.enqueue(extra)));
    CHECK(w.take("a", "r1").what == take_answer::kind::won);
    CHECK_FALSE(w.seen("a").next_waiting);
    CHECK(std::stoi(w.cli({"TTL", w.key("token:t3")})) > 3'000);
  }

  TEST_CASE("a run is reaped once, by its fence, and run again if its job wants that") {
    script_world w;
    job_options again;
    again.on_lost = lost_action::rerun;
    w.add("a", again);
    const auto fence = w.win("a", "r1");
    CHECK_FALSE(w.reap("a", "r1", fence - 1));
    CHECK_FALSE(w.reap("b", "r1", fence));
    CHECK(w.reap("a", "r1", fence));
    CHECK_FALSE(w.reap("a", "r1", fence));
    CHECK(w.finish("a", "r1", fence).what == finish_answer::kind::stale);
    const auto taken = w.take("a", "r2");
    CHECK(taken.what == take_answer::kind::won);
    CHECK(taken.why == waiting_reason::rerun);
    CHECK(taken.attempt == 2);
    CHECK(taken.fence > fence);
    const auto entries = w.ledger("a");
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].result.message == "its instance died");
    CHECK_FALSE(entries[0].final);

    CHECK(w.reap("a", "r2", taken.fence));
    CHECK(w.take("a", "r2").what == take_answer::kind::none_due);  // a copy that was long under way
    CHECK(w.seen("a").active == 0);
    CHECK(w.seen("a").next_waiting);
    const auto left = std::stoi(w.cli({"TTL", w.key("taken:r2")}));
    CHECK(left > 3500);
    CHECK(left <= 3600);
    CHECK(w.take("a", "r3").attempt == 3);
  }

  TEST_CASE(
      "a run that was asked to stop is not run again when it is lost, and leaves its place to who waits") {
    script_world w;
    job_options again;
    again.on_lost = lost_action::rerun;
    again.on_overlap = overlap_action::cancel_running;
    w.add("a", again);
    const auto fence = w.win("a", "r1");
    CHECK(w.claim({w.claim_of("a", "r2")}).at(0).runs.at(0).cancel_run == "r1");
    CHECK(w.reap("a", "r1", fence));
    const auto entries = w.ledger("a");
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].final);
    CHECK(w.take("a", "r3").why == waiting_reason::queued);
    CHECK(w.seen("a").next_waiting == std::nullopt);
  }

  TEST_CASE("runs that are to stop are marked, and whose they are is told") {
    script_world w;
    job_options cancelling = two_at_once();
    cancelling.on_overlap = overlap_action::cancel_running;
    w.add("a", cancelling);
    w.win("a", "r1");
    w.win("a", "r2");
    CHECK(w.claim({w.claim_of("a", "r3")}).at(0).runs.at(0).cancel_run == "r1");
    CHECK(w.until([&] { return !w.heard.stops.empty(); }));
    CHECK(w.heard.stops == std::vector<std::string>{"a/1 r1 overlap"});
    w.heard.stops.clear();
    CHECK(w.run(w.backend.ask_to_stop("a", "", cancel_reason::user)) == 2);
    CHECK(w.until([&] { return w.heard.stops.size() == 2; }));
    CHECK(w.heard.stops == std::vector<std::string>{"a/1 r1 user", "a/1 r2 user"});
    for (const auto& each : w.look().runs) CHECK(each.stop == cancel_reason::user);
    CHECK(w.run(w.backend.ask_to_stop("nobody", "", cancel_reason::user)) == 0);
  }

  TEST_CASE("one run that is to stop is marked, and the others are not") {
    script_world w;
    w.add("a", two_at_once());
    w.win("a", "r1");
    w.win("a", "r2");
    CHECK(w.run(w.backend.ask_to_stop("a", "r2", cancel_reason::user)) == 1);
    CHECK(w.until([&] { return !w.heard.stops.empty(); }));
    CHECK(w.heard.stops == std::vector<std::string>{"a/1 r2 user"});
    for (const auto& each : w.look().runs)
      CHECK(each.stop == (each.run_id == "r2" ? cancel_reason::user : cancel_reason::none));
    CHECK(w.run(w.backend.ask_to_stop("a", "r3", cancel_reason::user)) == 0);
    CHECK(w.run(w.backend.ask_to_stop("b", "r1", cancel_reason::user)) == 0);
  }

  TEST_CASE("times to be left out lie beside the record, which earlier versions go on reading") {
    script_world w;
    w.add("a");
    const auto record = w.cli({"HGET", w.key("jobs"), "a"});
    CHECK(w.cli({"EXISTS", w.key("skips")}) == "0");
    const auto job = w.seen("a");
    job_change what;
    what.skip_at = std::vector<instant>{job.due};
    CHECK(w.run(w.backend.update("a", job.revision, what)) == change_answer::done);
    CHECK(w.seen("a").skip_at == *what.skip_at);
    CHECK(w.cli({"HGET", w.key("jobs"), "a"}).size() == record.size());
    CHECK(w.run(w.backend.remove("a", std::nullopt, false)) == change_answer::done);
    CHECK(w.cli({"EXISTS", w.key("skips")}) == "0");
  }

  TEST_CASE("what runs leave behind lies beside the records, and what leaves nothing writes nothing more") {
    script_world w;
    job_options carrying;
    carrying.carries = true;
    w.add("a", carrying);
    w.finish("a", "r1", w.win("a", "r1"));
    CHECK(w.cli({"EXISTS", w.key("carried")}) == "0");
    CHECK(w.cli({"EXISTS", w.key("result:r1")}) == "0");
    const auto length = w.cli({"HGET", w.key("jobs"), "a"}).size();
    const auto fence = w.win("a", "r2");
    const auto result = contract::world::ended(outcome_kind::succeeded);
    auto report = contract::world::report("a", "r2", fence, result);
    report.value = "[1]";
    report.keep_value = milliseconds{90'000};
    report.carry = "[2]";
    const std::vector<finish_step> steps{{&report, 0}};
    CHECK(w.run(w.backend.finish(0, steps)).at(0).what == finish_answer::kind::done);
    CHECK(w.cli({"GET", w.key("result:r2")}) == "[1]");
    const auto left = std::stoi(w.cli({"PTTL", w.key("result:r2")}));
    CHECK(left > 60'000);
    CHECK(left <= 90'000);
    CHECK(w.cli({"HGET", w.key("carried"), "a"}) == "[2]");
    CHECK(w.cli({"HGET", w.key("jobs"), "a"}).size() == length);
    CHECK(w.run(w.backend.remove("a", std::nullopt, false)) == change_answer::done);
    CHECK(w.cli({"EXISTS", w.key("carried")}) == "0");
  }

  TEST_CASE("numbers only grow, whatever Redis's clock says") {
    script_world w;
    w.add("a");
    w.cli({"SET", w.key("seq"), "4102444800000000"});  // As if the clock had once been in the year 2100.
    const auto first = w.win("a", "r1");
    CHECK(first == 4'102'444'800'000'001);
    w.finish("a", "r1", first);
    CHECK(w.win("a", "r2") > first + 1);
    CHECK(w.ledger("a").at(0).number > 0);
  }
}

}  // namespace carillon::testing
