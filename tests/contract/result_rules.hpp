#pragma once
#include "contract/store_world.hpp"

namespace carillon::contract {

namespace detail {

inline job_options carrying() {
  job_options options;
  options.carries = true;
  return options;
}

/// Claims the next fire of a job and asks for what it carries; the answer.
inline claim_answer claim_carrying(world& w, const std::string& id, std::string_view run_id) {
  const auto job = w.load(id);
  auto request = w.claim_of(*job, run_id);
  request.carries = true;
  return w.ask(request);
}

inline finish_answer finish_with(world& w, const std::string& id, std::string_view run_id,
                                 std::uint64_t fence, std::optional<std::string_view> carry,
                                 std::string_view value = {}) {
  const auto result = w.ended(outcome_kind::succeeded);
  auto report = w.report(id, run_id, fence, result);
  report.carry = carry;
  report.value = value;
  report.keep_value = milliseconds{3'600'000};
  return w.ask(report);
}

inline std::uint64_t put_down(world& w, const std::string& id, instant when, std::string token = "t1") {
  extra_run run;
  run.id = id;
  run.occurrence = run.at = when;
  run.token = std::move(token);
  run.awaited = true;
  return w.wait(w.store().enqueue_awaited(run));
}

inline awaited_end end_of(world& w, const std::string& id, std::uint64_t number) {
  return w.wait(w.other().end_of(id, number));
}

using end_kind = awaited_end::kind;

}  // namespace detail

/// What runs return, and what a job carries.
inline rules data_rules() {
  return {
      {"what a run that succeeded returned can be read by its id",
       [](world& w) {
         w.add("a");
         detail::finish_with(w, "a", "r1", w.win("a", "r1"), std::nullopt, R"({"pages":42})");
         detail::finish_with(w, "a", "r2", w.win("a", "r2"), std::nullopt);
         CHECK(w.wait(w.store().result("a", "r1", at(62))) == R"({"pages":42})");
         CHECK(w.wait(w.other().result("a", "r1", at(62))) == R"({"pages":42})");
         CHECK_FALSE(w.wait(w.store().result("a", "r2", at(62))).has_value());
         CHECK_FALSE(w.wait(w.store().result("a", "r3", at(62))).has_value());
       }},
      {"a value that is to be kept for no time is not",
       [](world& w) {
         w.add("a");
         const auto result = w.ended(outcome_kind::succeeded);
         auto report = w.report("a", "r1", w.win("a", "r1"), result);
         report.value = "1";
         w.ask(report);
         CHECK_FALSE(w.wait(w.store().result("a", "r1", at(61))).has_value());
       }},
      {"a run carries data to the next, in one step with its end",
       [](world& w) {
         w.add("a", detail::carrying());
         const auto first = detail::claim_carrying(w, "a", "r1");
         CHECK(first.carried.empty());
         detail::finish_with(w, "a", "r1", first.runs.at(0).fence, R"({"page":1})");
         CHECK(w.seen("a").carried == R"({"page":1})");
         const auto second = detail::claim_carrying(w, "a", "r2");
         CHECK(second.carried == R"({"page":1})");
         detail::finish_with(w, "a", "r2", second.runs.at(0).fence, std::nullopt);
         CHECK(w.seen("a").carried == R"({"page":1})");
         const auto third = detail::claim_carrying(w, "a", "r3");
         detail::finish_with(w, "a", "r3", third.runs.at(0).fence, "");
         CHECK(w.seen("a").carried.empty());
         CHECK(detail::claim_carrying(w, "a", "r4").carried.empty());
       }},
      {"a claim that is sent again is told what the job carries, too; one that did not ask is not",
       [](world& w) {
         auto job = w.record("a", detail::carrying());
         job.carried = "[1]";
         w.put(job);
         const auto seen = w.load("a");
         auto request = w.claim_of(*seen, "r1");
         request.carries = true;
         CHECK(w.ask(request).carried == "[1]");
         CHECK(w.ask(request).carried == "[1]");
         w.add("b");
         CHECK(w.claim("b", "r2").carried.empty());
       }},
      {"a run that waited is told what the job carries when it is taken",
       [](world& w) {
         auto job = w.record("a", detail::carrying());
         job.carried = "[1]";
         w.put(job);
         w.run_now("a", at(10));
         take_request request;
         request.id = "a";
         request.now = at(10);
         request.member = "a";
         request.run_id = "r1";
         request.carries = true;
         for (int times = 0; times < 2; ++times) {
           const auto answer = w.ask(w.store(), request);
           CHECK(answer.what == take_answer::kind::won);
           CHECK(answer.carried == "[1]");
         }
       }},
      {"a finish under another fence carries nothing and keeps nothing",
       [](world& w) {
         w.add("a", detail::carrying());
         const auto fence = w.win("a", "r1");
         CHECK(detail::finish_with(w, "a", "r1", fence + 1, "1", "2").what == finish_answer::kind::stale);
         CHECK(w.seen("a").carried.empty());
         CHECK_FALSE(w.wait(w.store().result("a", "r1", at(62))).has_value());
       }},
      {"of runs that overlap the one that ends last carries",
       [](world& w) {
         auto options = detail::carrying();
         options.max_instances = 2;
         w.add("a", options);
         const auto first = detail::claim_carrying(w, "a", "r1"),
                    second = detail::claim_carrying(w, "a", "r2");
         detail::finish_with(w, "a", "r2", second.runs.at(0).fence, "2");
         detail::finish_with(w, "a", "r1", first.runs.at(0).fence, "1");
         CHECK(w.seen("a").carried == "1");
       }},
      {"what a job carries is changed, stays with a replacement, and goes with the job",
       [](world& w) {
         w.add("a", detail::carrying());
         job_change change;
         change.carried = "[2]";
         const auto before = w.seen("a").revision;
         CHECK(w.update("a", change) == change_answer::done);
         CHECK(w.seen("a").carried == "[2]");
         CHECK(w.seen("a").revision > before);
         w.put(w.record("a", detail::carrying(), "every 61s"), on_conflict::replace);
         CHECK(w.seen("a").carried == "[2]");
         change.carried = "";
         w.update("a", change);
         CHECK(w.seen("a").carried.empty());
         change.carried = "[3]";
         w.update("a", change);
         w.remove("a");
         w.add("a", detail::carrying());
         CHECK(w.seen("a").carried.empty());
         change.carried = "[4]";
         w.update("a", change);
         w.remove("a", true);
         CHECK(w.seen("a").carried.empty());
       }},
      {"the end of a run whose job was removed carries nothing into the new one of its id",
       [](world& w) {
         w.add("a", detail::carrying());
         const auto fence = w.win("a", "r1");
         w.remove("a");
         w.add("a", detail::carrying());
         detail::finish_with(w, "a", "r1", fence, "1");
         CHECK(w.seen("a").carried.empty());
       }},
  };
}

/// Runs that somebody waits for.
inline rules awaiting_rules() {
  return {
      {"how a run ended that somebody waits for is known afterwards, with what it returned",
       [](world& w) {
         w.add("a");
         const auto number = detail::put_down(w, "a", at(10));
         REQUIRE(number != 0);
         CHECK(detail::end_of(w, "a", number).what == detail::end_kind::pending);
         const auto taken = w.take("a", "r1", at(10));
         REQUIRE(taken.what == take_answer::kind::won);
         CHECK(taken.extra);
         CHECK(detail::end_of(w, "a", number).what == detail::end_kind::pending);
         detail::finish_with(w, "a", "r1", taken.fence, std::nullopt, "[7]");
         for (int times = 0; times < 2; ++times) {
           const auto end = detail::end_of(w, "a", number);
           REQUIRE(end.what == detail::end_kind::ended);
           CHECK(end.value == "[7]");
           CHECK(end.entry.result.kind == outcome_kind::succeeded);
           CHECK(end.entry.run == "r1");
           CHECK(end.entry.attempt == 1);
           CHECK(end.entry.extra);
           CHECK(end.entry.finished == at(61));
         }
       }},
      {"it ends with its last attempt",
       [](world& w) {
         w.add("a");
         const auto number = detail::put_down(w, "a", at(10));
         const auto first = w.take("a", "r1", at(10));
         w.fail_and_retry("a", "r1", first.fence, at(20));
         CHECK(detail::end_of(w, "a", number).what == detail::end_kind::pending);
         const auto second = w.take("a", "r2", at(20));
         w.finish("a", "r2", second.fence, outcome_kind::failed);
         const auto end = detail::end_of(w, "a", number);
         REQUIRE(end.what == detail::end_kind::ended);
         CHECK(end.entry.result.kind == outcome_kind::failed);
         CHECK(end.entry.result.message == "no luck");
         CHECK(end.entry.attempt == 2);
         CHECK(end.entry.run == "r2");
       }},
      {"put down again under its token it is the same run",
       [](world& w) {
         w.add("a");
         const auto number = detail::put_down(w, "a", at(10), "t1");
         CHECK(detail::put_down(w, "a", at(10), "t1") == number);
         CHECK(detail::put_down(w, "a", at(10), "t2") != number);
         CHECK(detail::put_down(w, "b", at(10), "t3") == 0);
       }},
      {"of several that wait each has its own end",
       [](world& w) {
         w.add("a");
         const auto one = detail::put_down(w, "a", at(10), "t1"),
                    two = detail::put_down(w, "a", at(10), "t2");
         w.run_now("a", at(10));
         const auto first = w.take("a", "r1", at(10));
         detail::finish_with(w, "a", "r1", first.fence, std::nullopt, "1");
         CHECK(detail::end_of(w, "a", one).value == "1");
         CHECK(detail::end_of(w, "a", two).what == detail::end_kind::pending);
         const auto second = w.take("a", "r2", at(10));
         detail::finish_with(w, "a", "r2", second.fence, std::nullopt, "2");
         CHECK(detail::end_of(w, "a", two).value == "2");
         CHECK(detail::end_of(w, "a", one).value == "1");
       }},
      {"one that is dropped before it begins has ended: skipped, with the reason",
       [](world& w) {
         w.add("a");
         w.add("b");
         const auto one = detail::put_down(w, "a", at(10), "t1"),
                    two = detail::put_down(w, "b", at(10), "t2");
         job_change change;
         change.drop_waiting = true;
         w.update("a", change);
         w.remove("b");
         const auto cancelled = detail::end_of(w, "a", one), removed = detail::end_of(w, "b", two);
         REQUIRE(cancelled.what == detail::end_kind::ended);
         CHECK(cancelled.entry.result.kind == outcome_kind::skipped);
         CHECK(cancelled.entry.result.message == "cancelled");
         CHECK(cancelled.entry.run.empty());
         REQUIRE(removed.what == detail::end_kind::ended);
         CHECK(removed.entry.result.message == "removed");
       }},
      {"one whose job is removed while it runs ends with its body",
       [](world& w) {
         w.add("a");
         const auto number = detail::put_down(w, "a", at(10));
         const auto taken = w.take("a", "r1", at(10));
         w.remove("a");
         CHECK(detail::end_of(w, "a", number).what == detail::end_kind::pending);
         detail::finish_with(w, "a", "r1", taken.fence, std::nullopt, "1");
         const auto end = detail::end_of(w, "a", number);
         REQUIRE(end.what == detail::end_kind::ended);
         CHECK(end.value == "1");
       }},
      {"one whose instance leaves has ended: lost",
       [](world& w) {
         w.add("a");
         const auto number = detail::put_down(w, "a", at(10));
         w.take("a", "r1", at(10));
         w.leave();
         const auto end = detail::end_of(w, "a", number);
         REQUIRE(end.what == detail::end_kind::ended);
         CHECK(end.entry.result.kind == outcome_kind::lost);
       }},
      {"a run that nobody waits for leaves no end, and one that never was is unknown",
       [](world& w) {
         w.add("a");
         w.run_now("a", at(10));
         const auto number = w.seen("a").revision;
         const auto taken = w.take("a", "r1", at(10));
         w.finish("a", "r1", taken.fence);
         CHECK(detail::end_of(w, "a", number).what == detail::end_kind::unknown);
         CHECK(detail::end_of(w, "a", 12345).what == detail::end_kind::unknown);
       }},
      {"who listens is told when it has ended",
       [](world& w) {
         w.add("a");
         detail::put_down(w, "a", at(10));
         const auto taken = w.take("a", "r1", at(10));
         w.told();
         w.finish("a", "r1", taken.fence);
         w.seen("a");  // What is told is posted.
         CHECK(w.told() == std::vector<std::string>{"a"});
       }},
  };
}

}  // namespace carillon::contract
