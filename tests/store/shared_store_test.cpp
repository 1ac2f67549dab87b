#include <doctest/doctest.h>
#include <carillon/store/shared_store.hpp>
#include <cstdint>
#include <set>

#include "contract/job_store.hpp"
#include "contract/job_store_walk.hpp"
#include "support/shared_world.hpp"

using namespace carillon;
using namespace carillon::testing;

namespace {

/// Instances "a" and "b" of one store; "b" can run nothing, so that every job is "a"'s.
class shared_store_under_test final : public contract::store_under_test {
 public:
  job_store& store() override { return a_.store; }
  job_store& other() override { return b_.store; }
  void run(loop_awaitable<void> work) override {
    world_.run_on(a_.strand, std::move(work));
    world_.settle();
  }
  std::vector<std::string> told(bool) override {
    const std::set<std::string> told(a_.told.changed.begin(), a_.told.changed.end());
    a_.told.changed.clear();
    return {told.begin(), told.end()};
  }

 private:
  shared_world world_;
  shared_world::instance& a_{world_.add("a", {"a", "b"})};
  shared_world::instance& b_{world_.add("b", {})};
};

}  // namespace

TEST_CASE("a shared store keeps the contract of job_store") {
  contract::keeps_the_contract_of_job_store([] { return std::make_unique<shared_store_under_test>(); });
  contract::keeps_the_contract_of_results([] { return std::make_unique<shared_store_under_test>(); });
}

TEST_CASE("whatever is done to a shared store, its ledger accounts for every nominal time once") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    shared_world world;
    auto& a = world.add("a", {"a", "b", "c"});
    job_store_walk walk{world, a.store, seed};
    walk.run(400);
  }
}
