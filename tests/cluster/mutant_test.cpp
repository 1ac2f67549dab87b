#include <doctest/doctest.h>
#include <set>

#include "cluster.hpp"

using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// The rules that broken workers break; seeds are tried until one does.
std::set<std::string> broken_by(const std::string& mutant, const std::vector<fault_kind>& faults) {
  std::set<std::string> rules;
  for (std::uint64_t seed = 1; seed <= 5 && rules.empty(); ++seed) {
    cluster_options how;
    how.seed = seed;
    how.duration = 9s;
    how.worker = CARILLON_CLUSTER_WORKER "-" + mutant;
    how.faults = faults;
    cluster all{how, std::make_unique<single_server>()};
    for (const auto& each : all.run().findings) rules.insert(each.rule);
  }
  return rules;
}

}  // namespace

TEST_SUITE("cluster mutants") {
  TEST_CASE("claims that compare no cursor are found: two instances run one occurrence") {
    const auto broken = broken_by("compare", {fault_kind::freeze, fault_kind::kill, fault_kind::late});
    CHECK(broken.contains("run twice"));
  }

  TEST_CASE("an end that is accepted of a run which was given up is found: its time ends twice") {
    const auto broken = broken_by("fence", {fault_kind::late, fault_kind::freeze});
    CHECK(broken.contains("several final entries"));
  }

  TEST_CASE("runs that go on without a lease are found: they run beside those that took their places") {
    const auto broken = broken_by("lease", {fault_kind::black_hole, fault_kind::refuse});
    CHECK(broken.contains("too many at once"));
  }
}
