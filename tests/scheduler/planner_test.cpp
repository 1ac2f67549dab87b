#include "scheduler/planner.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant start{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

/// A job every 10 s since `start`, whose cursor is at its first fire; times are seconds since `start`.
struct planned {
  trigger when{"every 10s"};
  binding bound{1, start, zone{}};
  job_options options;
  std::int64_t cursor = 10;
  std::uint32_t skip_next = 0;
  std::uint32_t free_places = 1;
  bool catching_up = false;
  std::vector<instant> skip_at{};

  planner_job job() const {
    const auto nominal = start + std::chrono::seconds{cursor};
    return {when,      bound,       options,     {nominal, when.due(bound, nominal)},
            skip_next, free_places, catching_up, skip_at};
  }
  fire_plan at(milliseconds now) const { return plan_fires(job(), start + now); }
};

std::string seconds(instant time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time - start).count());
}

/// "missed 10-30 (3); run 40; next 50"
std::string in_words(const fire_plan& plan) {
  std::string words;
  for (const auto& stretch : plan.left_out) {
    words += std::string{name(stretch.kind)} + " " + seconds(stretch.first) + "-" + seconds(stretch.last) +
             " (" + std::to_string(stretch.count) + ")" +
             (stretch.into ? " into " + seconds(*stretch.into) : "") +
             (stretch.reason.empty() ? "" : " " + stretch.reason) + "; ";
  }
  for (const auto& run : plan.runs) words += "run " + seconds(run.nominal) + "; ";
  words += plan.next ? "next " + seconds(plan.next->nominal) : plan.ends ? "ends" : "no next";
  if (plan.more) words += ", more";
  return words;
}

}  // namespace

TEST_SUITE("planner") {
  TEST_CASE("nothing is planned before the cursor is due") {
    CHECK(planned{}.at(9'999ms).empty());
    CHECK(in_words(planned{}.at(10s)) == "run 10; next 20");
  }

  TEST_CASE("what piled up is one decision") {
    struct row {
      coalesce_policy coalesce;
      std::optional<milliseconds> grace;
      milliseconds now;
      const char* plan;
    };
    const row rows[] = {
        {coalesce_policy::latest, 30s, 19'999ms, "run 10; next 20"},
        {coalesce_policy::latest, 30s, 20s, "coalesced 10-10 (1) into 20; run 20; next 30"},
        {coalesce_policy::latest, 30s, 40s, "coalesced 10-30 (3) into 40; run 40; next 50"},
        {coalesce_policy::latest, 30s, 41s, "missed 10-10 (1); coalesced 20-30 (2) into 40; run 40; next 50"},
        {coalesce_policy::latest, 5s, 45s, "missed 10-30 (3); run 40; next 50"},
        {coalesce_policy::latest, 5s, 46s, "missed 10-40 (4); next 50"},
        {coalesce_policy::latest, 0s, 40s, "missed 10-30 (3); run 40; next 50"},
        {coalesce_policy::latest, std::nullopt, 100s, "coalesced 10-90 (9) into 100; run 100; next 110"},
        {coalesce_policy::earliest, 30s, 40s, "coalesced 20-40 (3) into 10; run 10; next 50"},
        {coalesce_policy::earliest, 15s, 40s,
         "missed 10-20 (2); coalesced 40-40 (1) into 30; run 30; next 50"},
        {coalesce_policy::earliest, 30s, 10s, "run 10; next 20"},
    };
    for (const auto& [coalesce, grace, now, expected] : rows) {
      planned job;
      job.options.coalesce = coalesce;
      job.options.misfire_grace = grace;
      CAPTURE(expected);
      CHECK(in_words(job.at(now)) == expected);
    }
  }

  TEST_CASE("with `all`, as many run as there are places, and the rest keeps the cursor") {
    planned job;
    job.options.coalesce = coalesce_policy::all;
    job.options.misfire_grace = std::nullopt;
    job.free_places = 2;
    CHECK(in_words(job.at(50s)) == "run 10; run 20; next 30, more");
    job.free_places = 9;
    CHECK(in_words(job.at(50s)) == "run 10; run 20; run 30; run 40; run 50; next 60");
    job.free_places = 0;
    CHECK(in_words(job.at(50s)) == "run 10; next 20, more");  // The overlap policy decides about one.
    job.catching_up = true;
    CHECK(in_words(job.at(50s)) == "no next, more");
  }

  TEST_CASE(
      "with `all`, the oldest beyond catch_up are missed, in one stretch with those that are too late") {
    planned job;
    job.options.coalesce = coalesce_policy::all;
    job.options.catch_up = 2;
    job.options.misfire_grace = 35s;
    job.free_places = 9;
    CHECK(in_words(job.at(60s)) == "missed 10-40 (4); run 50; run 60; next 70");
  }

  TEST_CASE("fires that are to be skipped are counted before anything is coalesced or missed") {
    planned job;
    job.skip_next = 2;
    CHECK(in_words(job.at(10s)) == "skipped 10-10 (1) skip_next; next 20");
    CHECK(job.at(10s).skips_used == 1);
    CHECK(in_words(job.at(100s)) ==
          "skipped 10-20 (2) skip_next; missed 30-60 (4); coalesced 70-90 (3) into 100; run 100; next 110");
    CHECK(job.at(100s).skips_used == 2);
  }

  TEST_CASE("fires that are left out by their times are skipped, and the others go on as without them") {
    struct row {
      coalesce_policy coalesce;
      std::optional<milliseconds> grace;
      std::vector<int> times;
      milliseconds now;
      const char* plan;
    };
    using enum coalesce_policy;
    const std::optional<milliseconds> never;
    const row rows[] = {
        {latest, 30s, {20}, 10s, "run 10; next 20"},
        {latest, 30s, {10}, 10s, "skipped 10-10 (1) skip_at; next 20"},
        {latest, 30s, {10}, 20s, "skipped 10-10 (1) skip_at; run 20; next 30"},
        {latest, 30s, {13}, 10s, "run 10; next 20"},
        {latest, 30s, {13}, 20s, "coalesced 10-10 (1) into 20; run 20; next 30"},
        {latest, never, {50}, 50s, "coalesced 10-30 (3) into 40; skipped 50-50 (1) skip_at; run 40; next 60"},
        {latest,
         never,
         {30},
         50s,
         "coalesced 10-20 (2) into 50; skipped 30-30 (1) skip_at; coalesced 40-40 (1) into 50; run 50; next "
         "60"},
        {latest,
         never,
         {20, 30},
         50s,
         "coalesced 10-10 (1) into 50; skipped 20-20 (1) skip_at; skipped 30-30 (1) skip_at; "
         "coalesced 40-40 (1) into 50; run 50; next 60"},
        {latest,
         never,
         {10, 20, 30, 40, 50},
         50s,
         "skipped 10-10 (1) skip_at; skipped 20-20 (1) skip_at; skipped 30-30 (1) skip_at; "
         "skipped 40-40 (1) skip_at; skipped 50-50 (1) skip_at; next 60"},
        {latest,
         15s,
         {20},
         60s,
         "missed 10-10 (1); skipped 20-20 (1) skip_at; missed 30-40 (2); coalesced 50-50 (1) into 60; run "
         "60; "
         "next 70"},
        {earliest,
         never,
         {10, 40},
         50s,
         "skipped 10-10 (1) skip_at; coalesced 30-30 (1) into 20; skipped 40-40 (1) skip_at; "
         "coalesced 50-50 (1) into 20; run 20; next 60"},
    };
    for (const auto& [coalesce, grace, times, now, expected] : rows) {
      planned job;
      job.options.coalesce = coalesce;
      job.options.misfire_grace = grace;
      for (const int time : times) job.skip_at.push_back(start + std::chrono::seconds{time});
      CAPTURE(expected);
      CHECK(in_words(job.at(now)) == expected);
    }
  }

  TEST_CASE("with `all`, a fire that is left out takes no place, and is told of once") {
    planned job;
    job.options.coalesce = coalesce_policy::all;
    job.options.misfire_grace = std::nullopt;
    job.free_places = 2;
    job.skip_at = {start + 20s, start + 40s};
    CHECK(in_words(job.at(60s)) == "skipped 20-20 (1) skip_at; run 10; run 30; next 40, more");
    job.cursor = 40;
    CHECK(in_words(job.at(60s)) == "skipped 40-40 (1) skip_at; run 50; run 60; next 70");
  }

  TEST_CASE("a fire that is left out by its time does not count for skip_next") {
    planned job;
    job.options.misfire_grace = std::nullopt;
    job.skip_next = 2;
    job.skip_at = {start + 20s};
    const auto plan = job.at(40s);
    CHECK(in_words(plan) ==
          "skipped 10-10 (1) skip_next; skipped 20-20 (1) skip_at; skipped 30-30 (1) skip_next; run 40; next "
          "50");
    CHECK(plan.skips_used == 2);
  }

  TEST_CASE("a fixed delay whose next fire is left out waits for the one after it") {
    planned job;
    job.when = trigger{"every 10s fixed_delay"};
    job.skip_at = {start + 10s};
    CHECK(in_words(job.at(12s)) == "skipped 10-10 (1) skip_at; next 22");
  }

  TEST_CASE("ten years of a job every second are planned at once") {
    planned job;
    job.when = trigger{"every 1s"};
    job.cursor = 1;
    const auto plan = job.at(std::chrono::days{3650});
    REQUIRE(plan.left_out.size() == 2);
    CHECK(plan.left_out[0].count + plan.left_out[1].count + plan.runs.size() == 3650u * 86'400u);
  }

  TEST_CASE("a trigger that is over ends the job") {
    planned job;
    job.when = trigger{"every 10s limit 3"};
    CHECK(in_words(job.at(30s)) == "coalesced 10-20 (2) into 30; run 30; ends");
  }

  TEST_CASE("a fixed delay has no next before its run has ended") {
    planned job;
    job.when = trigger{"every 10s fixed_delay"};
    CHECK(in_words(job.at(10s)) == "run 10; no next");
    CHECK(in_words(job.at(100s)) == "missed 10-10 (1); next 110");
    CHECK(fire_after_run(job.when, job.bound, start + 25s)->nominal == start + 35s);
  }

  TEST_CASE("a fire with jitter is due at its nominal time plus the jitter, not before") {
    planned job;
    job.when = trigger{"every 10s jitter 9s"};
    const auto nominal = start + 10s;
    const auto due = job.when.due(job.bound, nominal);
    REQUIRE(due > nominal);
    CHECK(job.at(due - start - 1ms).empty());
    const auto plan = job.at(due - start);
    REQUIRE(plan.runs.size() == 1);
    CHECK(plan.runs[0] == fire{nominal, due});
  }

  TEST_CASE("a cursor that the trigger does not name is a fire like any other") {
    planned job;
    job.cursor = 13;
    CHECK(in_words(job.at(13s)) == "run 13; next 20");
    CHECK(in_words(job.at(31s)) == "coalesced 13-20 (2) into 30; run 30; next 40");
  }

  TEST_CASE("what a pause has passed over is left out with its reason") {
    planned job;
    CHECK(in_words(plan_to_leave_out(job.job(), start + 35s, "paused")) ==
          "skipped 10-30 (3) paused; next 40");
    CHECK(plan_to_leave_out(job.job(), start + 5s, "paused").empty());
  }

  TEST_CASE("the first fire of a job") {
    const binding bound{1, start, zone{}};
    const auto first = [&](const char* when, std::optional<instant> first_time = {}) {
      const auto found = first_fire(trigger{when}, bound, start, first_time);
      return found ? seconds(found->nominal) : "none";
    };
    CHECK(first("every 10s") == "10");
    CHECK(first("every 10s immediately") == "0");
    CHECK(first("at 2024-01-01T00:00:20Z") == "20");
    CHECK(first("at 2023-12-31T23:59:50Z") == "-10");
    CHECK(first("every 1h until 2023-06-01") == "none");
    CHECK(first("every 10s", start + 3s) == "3");
  }
}
