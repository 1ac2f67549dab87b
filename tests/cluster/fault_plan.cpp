#include "fault_plan.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <random>

namespace carillon::testing {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, fault_kinds> names{
    "kill",  "freeze",      "terminate",  "skew",       "refuse",       "black hole",  "late arrival",
    "delay", "cut answers", "half close", "redis kill", "redis freeze", "redis flush", "fail over"};

// How long a fault lasts, in thousandths of a lease.
std::pair<std::uint64_t, std::uint64_t> bounds_of(fault_kind kind) {
  switch (kind) {
    case fault_kind::kill:
    case fault_kind::terminate:
    case fault_kind::skew: return {50, 2'000};
    case fault_kind::freeze: return {600, 2'500};
    case fault_kind::redis_kill: return {50, 1'000};
    case fault_kind::redis_freeze: return {200, 1'800};
    case fault_kind::redis_flush: return {0, 0};
    case fault_kind::failover: return {3'000, 4'000};
    default: return {100, 2'500};
  }
}

}  // namespace

std::string_view name(fault_kind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }
bool is_of_instance(fault_kind kind) noexcept { return kind < fault_kind::redis_kill; }

std::vector<fault> plan_faults(const plan_options& how) {
  std::mt19937_64 random{how.seed};
  const auto draw = [&](std::uint64_t from, std::uint64_t to) { return from + random() % (to - from + 1); };
  const auto pace = static_cast<std::uint64_t>(how.pace.count());
  std::vector<milliseconds> free_from(how.instances + 1);  // The last is the server's.
  std::vector<fault> plan;
  for (auto at = 1'000ms;; at += milliseconds{draw(pace / 2, pace + pace / 2)}) {
    fault made;
    made.at = at;
    made.kind = how.kinds[draw(0, how.kinds.size() - 1)];
    const auto [shortest, longest] = bounds_of(made.kind);
    made.lasts = how.lease * draw(shortest, longest) / 1'000;
    made.instance = static_cast<std::uint32_t>(draw(0, how.instances - 1));
    if (!is_of_instance(made.kind)) made.instance = 0;
    if (at >= how.duration) return plan;
    auto& free = free_from[is_of_instance(made.kind) ? made.instance : how.instances];
    if (at < free || at + made.lasts > how.duration) continue;
    free = at + made.lasts + how.lease / 4;
    plan.push_back(made);
  }
}

std::string words(const std::vector<fault>& plan) {
  std::string text;
  for (const auto& each : plan) {
    text += fmt::format("  {:7.3f} s  {}", static_cast<double>(each.at.count()) / 1e3, name(each.kind));
    if (is_of_instance(each.kind)) text += fmt::format(" instance {}", each.instance);
    text += fmt::format(", {} ms\n", each.lasts.count());
  }
  return text;
}

}  // namespace carillon::testing
