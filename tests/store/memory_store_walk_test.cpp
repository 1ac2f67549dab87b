#include <doctest/doctest.h>
#include <carillon/store/memory_store.hpp>
#include <cstdint>
#include "contract/job_store_walk.hpp"
#include "support/simulation.hpp"

namespace carillon::testing {

TEST_CASE("whatever is done to a memory store, its ledger accounts for every nominal time once") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    simulation world;
    memory_store store;
    job_store_walk walk{world, store, seed};
    walk.run(400);
  }
}

}  // namespace carillon::testing
