// The cluster test by hand: as long, as large and with as many seeds as wanted, and its figures.
//
// Arguments are NAME=VALUE: seed (the first), seeds (how many), seconds (of faults, each), instances, jobs,
// lease and pace (both in milliseconds).
#include <fmt/format.h>
#include <iostream>

#include "cluster.hpp"
#include "figures.hpp"
#include "worker_arguments.hpp"

using namespace carillon::testing;
using std::chrono::milliseconds;

namespace {

std::vector<fault_kind> all_faults() {
  std::vector<fault_kind> kinds;
  for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
    const auto each = static_cast<fault_kind>(kind);
    // Those of the server befall all; what is flushed is not there to be checked.
    if (each == fault_kind::failover || each == fault_kind::redis_flush) continue;
    kinds.insert(kinds.end(), is_of_instance(each) ? 3 : 1, each);
  }
  return kinds;
}

bool run_one(const cluster_options& how, figures& total) try {
  cluster all{how, std::make_unique<single_server>()};
  const auto result = all.run();
  const auto counted = figures_of(result);
  total.add(counted);
  const bool well = result.findings.empty() && result.crashes.empty();
  if (!well) all.keep();
  std::cout << (well ? fmt::format("seed {}: well\n", how.seed) : result.text) << counted.words()
            << std::endl;
  return well;
} catch (const std::exception& failed) {
  // What the other seeds show is not lost for it.
  std::cout << fmt::format("seed {}: {}\n", how.seed, failed.what()) << std::endl;
  return false;
}

}  // namespace

int main(int count, char** words) try {
  const worker_arguments with{count, words};
  cluster_options how;
  how.instances = static_cast<std::uint32_t>(with.number("instances", 4));
  how.jobs = static_cast<std::uint32_t>(with.number("jobs", 600));
  how.duration = std::chrono::seconds{with.number("seconds", 60)};
  how.lease = milliseconds{with.number("lease", 10'000)};
  how.pace = milliseconds{with.number("pace", 2'000)};
  how.faults = all_faults();
  const auto first = with.number("seed", 1);
  figures total;
  std::uint64_t failed = 0;
  for (how.seed = first; how.seed < first + with.number("seeds", 1); ++how.seed)
    failed += !run_one(how, total);
  std::cout << "in all: " << total.words();
  if (failed > 0) std::cout << failed << " seeds failed\n";
  return failed > 0 ? 1 : 0;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 2;
}
