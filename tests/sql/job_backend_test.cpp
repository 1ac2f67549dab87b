#include <doctest/doctest.h>

#include "contract/job_store.hpp"
#include "contract/job_store_walk.hpp"
#include "sql/sql_world.hpp"
#include "support/plain_store.hpp"

namespace carillon::testing {

namespace {

struct noting_ids final : store_listener {
  std::vector<std::string> ids;
  void on_job_changed(const std::string& id, std::uint64_t) override { ids.push_back(id); }
};

/// One backend as a store: each step sent once.
class sql_backend_under_test final : public contract::store_under_test {
 public:
  explicit sql_backend_under_test(const test_database& database) : world_{database} {
    world_.run(store_.open("a", heard_));
  }
  ~sql_backend_under_test() override { world_.run(world_.backend.close()); }
  job_store& store() override { return store_; }
  job_store& other() override { return store_; }
  void run(loop_awaitable<void> work) override { world_.run(std::move(work)); }
  std::vector<std::string> told(bool) override {
    world_.io.restart();
    world_.io.poll();  // What it tells of itself is posted before the answer.
    std::ranges::sort(heard_.ids);
    const auto twice = std::ranges::unique(heard_.ids);
    heard_.ids.erase(twice.begin(), twice.end());
    return std::exchange(heard_.ids, {});
  }

 private:
  sql_backend_world world_;
  plain_store store_{world_.backend, 4};
  noting_ids heard_;
};

}  // namespace

TEST_SUITE("sql job_backend") {
  TEST_CASE("each of its steps keeps the contract of job_store") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      SUBCASE(database.name.c_str()) {
        contract::keeps_the_contract_of_job_store(
            [&] { return std::make_unique<sql_backend_under_test>(database); });
        contract::keeps_the_contract_of_results(
            [&] { return std::make_unique<sql_backend_under_test>(database); });
      }
    }
  }

  TEST_CASE("whatever is done to it, its ledger accounts for every nominal time once") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      noting_ids nobody;
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        CAPTURE(seed);
        sql_backend_world world{database};
        plain_store store{world.backend, 2};
        world.run(store.open("member-a", nobody));
        job_store_walk walk{world, store, seed};
        walk.run(300);
        world.run(store.close());
        world.run(world.backend.close());
      }
    }
  }
}

}  // namespace carillon::testing
