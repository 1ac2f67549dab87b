// What must hold for every trigger, tried on random ones. A failure names the text, the zone and the seed.
#include <doctest/doctest.h>

#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdlib>
#include <vector>

#include "support/random_trigger.hpp"
#include "trigger/evaluate.hpp"
#include "trigger/node.hpp"

namespace carillon {

namespace {

constexpr int most_fires = 40;
constexpr milliseconds tick{1};

std::uint64_t first_seed() {
  const auto* given = std::getenv("CARILLON_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20'260'101;
}

/// Fires after `now`, as far as they can be found.
std::vector<instant> chain(const trigger& when, const binding& bound, instant now) {
  std::vector<instant> fires;
  auto found = when.next(bound, now);
  while (found && *found && fires.size() < most_fires) {
    fires.push_back(**found);
    found = when.next(bound, **found);
  }
  return fires;
}

void check_order(const trigger& when, const binding& bound, instant now, const std::vector<instant>& fires) {
  auto last = now;
  for (const auto fire : fires) {
    REQUIRE(fire > last);
    const auto before = when.previous(bound, fire);
    if (before && *before) {
      CHECK(**before <= last);
      if (last != now) CHECK(**before == last);
    }
    last = fire;
  }
  for (const auto fire : fires) {
    const auto again = when.previous(bound, fire + tick);
    if (again) CHECK(*again == fire);
    CHECK(when.due(bound, fire) >= fire);
  }
}

void check_counts(const trigger& when, const binding& bound, instant now, const std::vector<instant>& fires) {
  if (fires.empty()) return;
  const auto all = when.count(bound, now, fires.back());
  if (!all) return;
  CHECK(*all == fires.size());
  const auto middle = fires[fires.size() / 2];
  CHECK(when.count(bound, now, middle).value() == fires.size() / 2 + 1);
  CHECK(when.count(bound, middle, fires.back()).value() == fires.size() - fires.size() / 2 - 1);
  CHECK(when.count(bound, now, fires.front() - tick).value() == 0);
  CHECK(when.latest(bound, now, fires.back()).value() == fires.back());
  CHECK(when.latest(bound, fires.back() - tick, fires.back()).value() == fires.back());
}

/// The wall times of a rule under its policies: none in a skipped gap, none twice under first or second.
void check_walls(const trigger& when, const zone& where, const std::vector<instant>& fires) {
  const auto& how = when.node().how;
  const bool elapsed = std::holds_alternative<rules::interval>(when.node().rule) ||
                       std::holds_alternative<rules::window>(when.node().rule) ||
                       is_combination(when.node().rule);
  if (elapsed || how.immediately) return;
  const auto policy = resolve(how.gap, how.overlap, follows_real_time(when.node().rule));
  const bool once = policy.overlap != overlap_policy::both;
  for (std::size_t i = 0; i < fires.size(); ++i) {
    const auto wall = where.to_wall(fires[i]);
    const auto shown = where.lookup(wall);
    if (shown.kind != wall_kind::overlap) continue;
    if (policy.overlap == overlap_policy::first && policy.gap == gap_policy::skip)
      CHECK(fires[i] == shown.first);
    if (policy.overlap == overlap_policy::second && policy.gap == gap_policy::skip)
      CHECK(fires[i] == shown.second);
    if (once && i > 0 && policy.gap == gap_policy::skip) CHECK(where.to_wall(fires[i - 1]) != wall);
  }
  if (policy.gap != gap_policy::skip) return;
  for (const auto fire : fires) {  // the rule must hold the very wall time
    search_budget budget;
    const question asked{{.seed = 7, .anchor = fire - std::chrono::days{400}, .where = where}, fire, budget};
    const bool anchored = std::holds_alternative<rules::clock>(when.node().rule) ||
                          std::holds_alternative<std::shared_ptr<const rules::calendar>>(when.node().rule);
    if (anchored) break;
    CHECK(next_wall(when.node(), asked, where.to_wall(fire) - tick) == where.to_wall(fire));
  }
}

void check_trigger(std::uint64_t seed) {
  testing::random_trigger random{seed};
  const auto text = random.text();
  const auto where = random.where();
  const auto now = random.near_change(where);
  CAPTURE(seed);
  CAPTURE(text);
  CAPTURE(where.name());
  CAPTURE(format_instant(now, where));
  const auto parsed = parse_trigger(text);
  if (!parsed) {  // only what can never fire
    INFO(parsed.error().to_string());
    CHECK(text.find("cron") != std::string::npos);
    return;
  }
  CAPTURE(parsed->text());
  CHECK(parse_trigger(parsed->text()).value() == *parsed);
  const auto& when = *parsed;
  const binding bound{
      .seed = seed_of(text), .anchor = now - std::chrono::hours{random.number(0, 30)}, .where = where};
  const auto fires = chain(when, bound, now);
  check_order(when, bound, now, fires);
  check_counts(when, bound, now, fires);
  check_walls(when, when.node().how.where.value_or(where), fires);
}

}  // namespace

TEST_CASE("random triggers keep their promises") {
  const auto seed = first_seed();
  MESSAGE("seed ", seed, " (CARILLON_SEED sets another)");
  const int number = std::getenv("CARILLON_TRIGGERS") ? std::atoi(std::getenv("CARILLON_TRIGGERS")) : 1'000;
  for (int i = 0; i < number; ++i) check_trigger(seed + static_cast<std::uint64_t>(i));
}

}  // namespace carillon
