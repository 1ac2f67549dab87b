#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "cluster.hpp"

using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// Whether the checker finds that broken workers break a rule; seeds are tried until it does.
bool is_found(const std::string& mutant, const std::string& rule, const std::vector<fault_kind>& faults) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    cluster_options how;
    how.seed = seed;
    how.duration = 9s;
    how.worker = CARILLON_CLUSTER_WORKER "-" + mutant;
    how.faults = faults;
    cluster all{how, std::make_unique<single_server>()};
    for (const auto& each : all.run().findings)
      if (each.rule == rule) return true;
  }
  return false;
}

}  // namespace

TEST_SUITE("cluster mutants") {
  TEST_CASE("claims that compare no cursor are found: two instances run one occurrence") {
    CHECK(is_found("compare", "attempt twice", {fault_kind::freeze, fault_kind::kill, fault_kind::late}));
  }

  TEST_CASE("an end that is accepted of a run which was given up is found: its time ends twice") {
    CHECK(is_found("fence", "several final entries", {fault_kind::late, fault_kind::freeze}));
  }

  TEST_CASE("runs that go on without a lease are found: they run beside those that took their places") {
    CHECK(is_found("lease", "too many at once", {fault_kind::black_hole, fault_kind::refuse}));
  }
}
