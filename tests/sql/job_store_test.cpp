#include <doctest/doctest.h>
#include <carillon/sql/job_store.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "contract/job_store.hpp"
#include "contract/job_store_walk.hpp"
#include "sql/sql_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

constexpr const char* marker = "nothing more is to be told";

struct told_ids final : store_listener {
  std::vector<std::string> ids;
  std::vector<std::string> stops;
  std::vector<bool> reached;
  int ownership = 0;
  void on_job_changed(const std::string& id, std::uint64_t) override { ids.push_back(id); }
  void on_stop_asked(const std::string& job, const std::string& run, cancel_reason) override {
    stops.push_back(job + " " + run);
  }
  void on_reachable(bool answers, const std::string&) override { reached.push_back(answers); }
  void on_ownership_changed() override { ++ownership; }
};

/// Instances "a" and "b" of one store; "b" can run nothing, so that every job is "a"'s.
class two_sql_stores : temporary_folder, public loop_world {
 public:
  explicit two_sql_stores(const test_database& database) : url{database.new_url(*this)} {
    served_work work;
    work.tasks = {"a", "b", "c", marker};
    a.serve(work);
    run(a.open("a", heard));
    run(b.open("b", nobody));
  }
  ~two_sql_stores() {
    run(b.close());
    run(a.close());
  }

  sql::job_store_options options() const {
    sql::job_store_options how;
    how.url = url;
    how.partitions = 4;
    how.lease = 30s;
    how.timeout = 20s;
    how.connections = 2;
    how.look_for_changes = 20ms;
    how.logger = logger;
    return how;
  }

  std::string url;
  told_ids heard, nobody;
  sql::job_store a{options()}, b{options()};
};

class sql_store_under_test final : public contract::store_under_test {
 public:
  explicit sql_store_under_test(const test_database& database) : world_{database} {}
  job_store& store() override { return world_.a; }
  job_store& other() override { return world_.b; }
  void run(loop_awaitable<void> work) override { world_.run(std::move(work)); }
  std::vector<std::string> told(bool closed) override {
    // What another instance does after all else is heard after it. Nobody hears anything of a store that is
    // closed.
    auto last = contract::world::record(marker);
    world_.run(world_.b.add(std::move(last), on_conflict::refuse));
    world_.run(world_.b.remove(marker, std::nullopt, false));
    auto& ids = world_.heard.ids;
    world_.until([&] { return std::ranges::count(ids, marker) >= 2; }, closed ? 500ms : 30s);
    std::erase(ids, marker);
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return std::exchange(ids, {});
  }

 private:
  two_sql_stores world_;
};

loop_awaitable<bool> adding(job_store& store, std::string id) {
  auto job = contract::world::record(std::move(id));
  co_await store.add(std::move(job), on_conflict::refuse);
  co_return true;
}

}  // namespace

TEST_SUITE("sql job_store") {
  TEST_CASE("keeps the contract of job_store") {
    // The rules of one and the same logic over each database: job_backend_test.cpp. Here with two instances.
    contract::keeps_the_contract_of_job_store(
        [] { return std::make_unique<sql_store_under_test>(test_databases()[0]); });
    contract::keeps_the_contract_of_results(
        [] { return std::make_unique<sql_store_under_test>(test_databases()[0]); });
  }

  TEST_CASE("whatever is done to it, its ledger accounts for every nominal time once") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      two_sql_stores world{database};
      job_store_walk walk{world, world.a, 100};
      walk.run(300);
    }
  }

  TEST_CASE("instances see each other, and hear at once of what another has changed, and of who leaves") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      two_sql_stores world{database};
      CHECK(world.run(world.a.members()).size() == 2);
      world.run(adding(world.b, "a"));
      CHECK(world.until([&] { return std::ranges::count(world.heard.ids, "a") == 1; }));
      CHECK(world.until([&] { return world.heard.ownership == 2; }));  // Its own coming, and that of b.
      world.run(world.b.close());
      CHECK(world.until([&] { return world.heard.ownership == 3; }));
      CHECK(world.run(world.a.members()).size() == 1);
    }
  }

  TEST_CASE("a run is asked to stop by another instance") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      two_sql_stores world{database};
      world.run(adding(world.a, "a"));
      const auto job = world.run(world.a.load("a"));
      REQUIRE(job);
      const auto request = contract::world::claim_of(*job, "r1");
      CHECK(world.run(world.a.claim(request)).what == claim_answer::kind::claimed);
      CHECK(world.run(world.b.stop_runs("a", "r2", cancel_reason::user)) == 0);
      CHECK(world.run(world.b.stop_runs("a", "r1", cancel_reason::user)) == 1);
      CHECK(world.until([&] { return world.heard.stops == std::vector<std::string>{"a r1"}; }));
      world.heard.stops.clear();
      CHECK(world.run(world.b.stop_runs("a", "", cancel_reason::user)) == 1);
      CHECK(world.until([&] { return world.heard.stops == std::vector<std::string>{"a r1"}; }));
    }
  }

  TEST_CASE("whose a job is is seen by its task and its executor, in pages") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_backend_world world{database};
      struct deaf final : backend_listener {
        void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
        void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
        void on_gap() override {}
        void on_reachable(bool, const std::string&) override {}
      } nobody;
      world.run(world.backend.open(1, nobody));
      std::vector<job_record> jobs;
      for (const auto* id : {"a", "b", "c"}) {
        job_options options;
        options.executor = std::string{"executor of "} + id;
        jobs.push_back(contract::world::record(id, options));
        auto definition = *jobs.back().definition;
        definition.task = std::string{"task of "} + id;
        jobs.back().definition = std::make_shared<const job_definition>(std::move(definition));
      }
      std::vector<add_step> steps;
      for (const auto& job : jobs) steps.push_back({&job, on_conflict::refuse});
      const auto added = world.run(world.backend.add(0, steps));
      extra_run wanted;
      wanted.id = "b";
      wanted.occurrence = wanted.at = contract::at(5);
      CHECK(world.run(world.backend.enqueue(wanted)));
      const auto page = world.run(world.backend.page(0, "a", 1));
      REQUIRE(page.jobs.size() == 1);
      CHECK(page.jobs[0].id == "b");
      CHECK(page.jobs[0].task == "task of b");
      CHECK(page.jobs[0].executor == "executor of b");
      CHECK(page.jobs[0].revision > added.at(1).revision);
      CHECK(page.jobs[0].state == job_state::active);
      CHECK(page.jobs[0].waits);
      CHECK(page.next_after == "b");
      const auto last = world.run(world.backend.page(0, "b", 1));
      CHECK(last.jobs.at(0).id == "c");
      CHECK_FALSE(last.jobs.at(0).waits);
      CHECK_FALSE(last.next_after);
      world.run(world.backend.close());
    }
  }

  TEST_CASE("jobs are there when everybody has left and comes again") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      two_sql_stores world{database};
      world.run(adding(world.a, "a"));
      world.run(world.b.close());
      world.run(world.a.close());
      world.run(world.a.open("a", world.heard));
      CHECK(world.run(world.a.load("a")));
    }
  }

  TEST_CASE("a store that is not there is not made by who only looks") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      loop_world world;
      sql::job_store_options how;
      how.url = database.new_url(folder);
      how.create = false;
      sql::job_store store{how};
      told_ids nobody;
      try {
        world.run(store.open("a", nobody));
        FAIL("it was opened");
      } catch (const boost::system::system_error& refused) {
        CHECK(refused.code() == errc::no_store);
      }
      CHECK(std::filesystem::is_empty(folder.path()));
    }
  }
}

}  // namespace carillon::testing
