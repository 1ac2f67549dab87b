#include <doctest/doctest.h>
#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "redis/script_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::string_view_literals;

job_options run_again() {
  job_options options;
  options.on_lost = lost_action::rerun;
  options.max_instances = 2;
  return options;
}

/// A partition with the jobs "a" and "b", and ways to damage what lies there of "a".
struct damaged_world : script_world {
  damaged_world() {
    for (const auto* id : {"a", "b"}) add(id, run_again());
  }

  void damage_job(std::string_view text = "?") { cli({"HSET", key("jobs"), "a", std::string{text}}); }
  /// The part that a fire does not need, which is packed apart.
  void damage_rest() {
    cli({"EVAL",
         "local job = cmsgpack.unpack(redis.call('HGET', KEYS[1], 'a')) job[#job] = string.sub(job[#job], 1, "
         "-4) "
         "return redis.call('HSET', KEYS[1], 'a', cmsgpack.pack(job))",
         "1", key("jobs")});
  }
  void damage_run(const std::string& run_id) { cli({"HSET", key("runs"), run_id, "?"}); }
  /// Puts a waiting run before all others that nobody can read.
  void damage_waiting(instant when) {
    const auto score = std::to_string(when.time_since_epoch().count());
    cli({"ZADD", key("wait:a"), score, "0000000000000001?"});
    cli({"ZADD", key("waiting"), score, "a"});
  }
  std::string cannot_read(const std::string& what, const std::string& name) const {
    return "the record of " + what + " in " + key(name) +
           " cannot be read, and nothing was done: carillon doctor says what to do";
  }
  /// What lies there of "a".
  std::string kept() const {
    return cli({"EVAL",
                "return redis.sha1hex(table.concat({redis.call('HGET', KEYS[1] .. 'jobs', 'a') or '-', "
                "redis.call('DUMP', KEYS[1] .. 'wait:a') or '-', redis.call('ZSCORE', KEYS[1] .. 'due', 'a') "
                "or '-', "
                "redis.call('ZSCORE', KEYS[1] .. 'waiting', 'a') or '-', redis.call('HGET', KEYS[1] .. "
                "'runs', 'r1') "
                "or '-'}))",
                "1", key("")});
  }

  std::vector<step_answer<finish_answer>> finish_both(std::uint64_t of_a, std::uint64_t of_b,
                                                      outcome_kind kind = outcome_kind::succeeded) {
    const auto result = contract::world::ended(kind);
    const auto first = contract::world::report("a", "r1", of_a, result);
    const auto second = contract::world::report("b", "r2", of_b, result);
    const std::vector<finish_step> steps{{&first, 0}, {&second, 0}};
    return run(backend.finish(0, steps));
  }
  std::vector<step_answer<take_answer>> take_both() {
    take_request first, second;
    first.id = "a", first.run_id = "t1", second.id = "b", second.run_id = "t2";
    first.now = second.now = at(1'000);
    const std::vector<take_step> steps{{&first, 0}, {&second, 0}};
    return run(backend.take(0, "a/1", steps));
  }
  std::vector<bool> reap_both(std::uint64_t of_a, std::uint64_t of_b) {
    const std::vector<reap_step> steps{{"r1", "a", of_a, "its instance died"},
                                       {"r2", "b", of_b, "its instance died"}};
    return run(backend.reap(0, steps, at(1'000)));
  }
  std::vector<step_answer<put_answer>> add_both(on_conflict policy) {
    const auto first = contract::world::record("a", {}), second = contract::world::record("b", {});
    const std::vector<add_step> steps{{&first, policy}, {&second, policy}};
    return run(backend.add(0, steps));
  }
  void enqueue(const std::string& id) {
    extra_run extra;
    extra.id = id;
    extra.occurrence = extra.at = at(10);
    REQUIRE(run(backend.enqueue(extra)));
  }
  template <typename Call>
  std::string refusal_of(Call call) {
    try {
      run(call());
    } catch (const boost::system::system_error& why) {
      CHECK(why.code() == errc::store_refused);
      return words_of(why);
    }
    return "";
  }
};

}  // namespace

TEST_SUITE("unreadable records") {
  TEST_CASE("of a job stop its own steps, which say what is unreadable, and no others") {
    damaged_world w;
    const auto claims = std::vector{w.claim_of("a", "r1"), w.claim_of("b", "r2")};
    const auto of_a = w.win("a", "r1"), of_b = w.win("b", "r2");
    for (const auto* id : {"a", "b"}) w.enqueue(id);
    for (const auto text : {"?"sv, "\x90"sv, "\x93\x01\x02\x03"sv, "\xa3xyz"sv, "\xdc\x00"sv}) {
      CAPTURE(text);
      w.damage_job(text);
      const auto before = w.kept();
      const auto why = w.cannot_read("job 'a'", "jobs");
      const auto again = w.claim(claims);
      CHECK(again.at(0).refused == why);
      CHECK(again.at(1).refused.empty());
      CHECK(w.finish_both(of_a, of_b).at(0).refused == why);
      CHECK(w.take_both().at(0).refused == why);
      const auto put = w.add_both(on_conflict::keep);
      CHECK(put.at(0).refused == why);
      CHECK(put.at(1).what == put_answer::kind::unchanged);
      CHECK(w.reap_both(of_a, of_b) == std::vector{false, false});
      job_change change;
      change.skip_next = 1;
      extra_run extra;
      extra.id = "a";
      CHECK(w.refusal_of([&] { return w.backend.update("a", 1, change); }) == why);
      CHECK(w.refusal_of([&] { return w.backend.remove("a", std::nullopt, false); }) == why);
      CHECK(w.refusal_of([&] { return w.backend.enqueue(extra); }) == why);
      CHECK(w.kept() == before);
    }
    CHECK(w.seen("b").counters.succeeded == 1);
    CHECK(w.seen("b").active == 1);  // What was taken; the other has ended.
    CHECK(w.logged(w.cannot_read("job 'a'", "jobs")) == 1);
  }

  TEST_CASE("of a job whose rare fields alone are unreadable leave a plain fire alone") {
    damaged_world w;
    const auto late = w.seen("a");
    w.damage_rest();
    const auto before = w.kept();
    const auto why = w.cannot_read("job 'a'", "jobs");
    auto request = contract::world::claim_of({late, {}}, "r1");
    auto leaving_out = request;
    leaving_out.left_out.push_back({outcome_kind::missed, at(60), at(60), 1, {}, {}});
    CHECK(w.claim({leaving_out}).at(0).refused == why);
    auto last = request;
    last.next_cursor.reset();
    last.ends = true;
    CHECK(w.claim({last}).at(0).refused == why);
    CHECK(w.kept() == before);

    const auto won = w.claim({request, w.claim_of("b", "r2")});
    REQUIRE(won.at(0).runs.at(0).what == run_answer::kind::won);
    const auto of_a = won[0].runs[0].fence, of_b = won[1].runs.at(0).fence;
    const auto failed = w.finish_both(of_a, of_b, outcome_kind::failed);
    CHECK(failed.at(0).refused == why);
    CHECK(failed.at(1).what == finish_answer::kind::done);
    CHECK(w.reap_both(of_a, of_b) == std::vector{false, false});
    CHECK(w.finish_both(of_a, of_b).at(0).what == finish_answer::kind::done);
  }

  TEST_CASE("of a run stop what would end that run, and nothing else of its job") {
    damaged_world w;
    const auto of_a = w.win("a", "r1"), of_b = w.win("b", "r2");
    w.damage_run("r1");
    const auto why = w.cannot_read("run 'r1'", "runs");
    const auto ended = w.finish_both(of_a, of_b);
    CHECK(ended.at(0).refused == why);
    CHECK(ended.at(1).what == finish_answer::kind::done);
    CHECK(w.reap_both(of_a, of_b) == std::vector{false, false});
    CHECK(w.logged(why) == 1);
    CHECK(w.win("a", "r3") > of_a);
    CHECK(w.run(w.backend.ask_to_stop("a", "", cancel_reason::user)) == 1);
  }

  TEST_CASE("of a waiting run stop what would take it, and what would go before it") {
    damaged_world w;
    for (const auto* id : {"a", "b"}) w.enqueue(id);
    w.damage_waiting(at(5));
    const auto why = w.cannot_read("a waiting run of 'a'", "wait:a");
    const auto before = w.kept();
    const auto taken = w.take_both();
    CHECK(taken.at(0).refused == why);
    CHECK(taken.at(1).what == take_answer::kind::won);
    const auto claimed = w.claim({w.claim_of("a", "r1"), w.claim_of("b", "r2")});
    CHECK(claimed.at(0).refused == why);
    CHECK(claimed.at(1).runs.at(0).what == run_answer::kind::won);
    CHECK(w.kept() == before);

    CHECK(w.run(w.backend.remove("a", std::nullopt, false)) == change_answer::done);
    const auto entries = w.ledger("a");
    REQUIRE(entries.size() == 2);  // Of the damaged one is known when it was due.
    CHECK(std::ranges::any_of(entries, [](const auto& each) { return each.first == at(5); }));
  }

  TEST_CASE("that are looked for and not there are looked for no more") {
    damaged_world w;
    w.cli({"ZADD", w.key("waiting"), "5", "a"});
    w.enqueue("b");
    const auto taken = w.take_both();
    CHECK(taken.at(0).what == take_answer::kind::none_due);
    CHECK(taken.at(1).what == take_answer::kind::won);
    CHECK_FALSE(w.seen("a").next_waiting);
  }
}

}  // namespace carillon::testing
