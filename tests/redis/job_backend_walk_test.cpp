#include <doctest/doctest.h>
#include <cstdint>

#include "contract/job_store_walk.hpp"
#include "redis/backend_world.hpp"
#include "support/deaf_listener.hpp"

namespace carillon::testing {

TEST_CASE("whatever is done to a store in Redis, its ledger accounts for every nominal time once") {
  deaf_listener nobody;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    backend_world world;
    plain_store store{world.backend, 2};
    world.run(store.open("member-a", nobody));
    job_store_walk walk{world, store, seed};
    walk.run(400);
    world.run(store.close());
  }
}

}  // namespace carillon::testing
