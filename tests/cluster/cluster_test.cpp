#include "cluster.hpp"

#include <doctest/doctest.h>
#include <cstdlib>

#include "figures.hpp"

using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

/// CARILLON_CLUSTER_SEED runs another seed.
std::uint64_t seed() {
  const auto* given = std::getenv("CARILLON_CLUSTER_SEED");
  return given ? std::stoull(given) : 1;
}

figures expect_all_well(cluster_options how, std::unique_ptr<servers> common) {
  how.seed = seed();
  cluster all{how, std::move(common)};
  const auto result = all.run();
  const auto counted = figures_of(result);
  const bool well = result.findings.empty() && result.crashes.empty();
  if (!well) all.keep();
  CHECK_MESSAGE(well, result.text);
  MESSAGE(counted.words());
  // So that the checker had something to look at.
  CHECK(counted.bodies > how.jobs / 2);
  CHECK(!counted.faults.empty());
  return counted;
}

}  // namespace

TEST_SUITE("cluster") {
  TEST_CASE(
      "whoever is killed, frozen or told to leave, every occurrence is fired once, by whoever is left") {
    cluster_options how;
    how.faults = {fault_kind::kill, fault_kind::kill, fault_kind::freeze, fault_kind::freeze,
                  fault_kind::terminate};
    const auto counted = expect_all_well(how, std::make_unique<single_server>());
    // A lease and a heartbeat, and whatever a busy machine adds.
    CHECK(counted.take_over.quantile(1) < how.lease * 4 / 3 + 60s);
  }

  TEST_CASE("whoever is cut off, and however, nothing is fired twice and nothing is lost") {
    cluster_options how;
    how.faults = {fault_kind::refuse, fault_kind::black_hole,  fault_kind::late,
                  fault_kind::delay,  fault_kind::cut_answers, fault_kind::half_close};
    expect_all_well(how, std::make_unique<single_server>());
  }

  TEST_CASE("instances whose clocks are an hour off fire with the others") {
    cluster_options how;
    how.faults = {fault_kind::skew};
    expect_all_well(how, std::make_unique<single_server>());
  }
}

TEST_SUITE("cluster servers") {
  TEST_CASE("a server that dies, hangs and comes back with what it wrote loses nothing") {
    cluster_options how;
    how.pace = 2s;
    how.faults = {fault_kind::redis_kill, fault_kind::redis_kill, fault_kind::redis_freeze, fault_kind::kill};
    expect_all_well(how, std::make_unique<single_server>());
  }

  TEST_CASE("a server that is emptied is given the jobs of the programs again") {
    cluster_options how;
    how.pace = 2s;
    how.faults = {fault_kind::redis_flush, fault_kind::kill};
    expect_all_well(how, std::make_unique<single_server>());
  }

  TEST_CASE("after a fail-over no instance runs again what it ran before") {
    cluster_options how;
    how.duration = 20s;
    how.pace = 5s;
    how.faults = {fault_kind::failover};
    how.checks.writes_were_lost = true;
    expect_all_well(how, std::make_unique<replicated_servers>());
  }
}
