#include <boost/asio/use_future.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <future>

#include "sql/sql_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// A scheduler with a job in memory, and one in each kind of database, in real time.
struct memory_and_databases : loop_world {
  memory_and_databases() {
    add(scheduler, "memory");
    for (const auto& database : test_databases()) {
      const auto is_postgresql = database.name == "PostgreSQL";
      sql::job_store_options kept;
      kept.url = is_postgresql ? postgresql.url() : database.new_url(folder);
      kept.lease = 30s;
      kept.timeout = 20s;
      kept.look_for_changes = 20ms;
      kept.logger = logger;
      add(scheduler.store(database.name, sql::job_store{kept}), database.name);
    }
    heard = scheduler.on(event::store_lost | event::store_back, [this](const event& what) {
      told.push_back(std::string{name(what.kind)} + " " + what.store);
    });
    running = true;
    boost::asio::co_spawn(io, scheduler.run(), [this](std::exception_ptr why) {
      running = false;
      failure = why;
    });
  }
  ~memory_and_databases() { stop(); }
  void stop() {
    if (!running) return;
    shutdown_options at_once;
    at_once.drain = 0ms;
    auto over = scheduler.shutdown(at_once, boost::asio::use_future);
    until([&] { return !running; });
  }
  void add(carillon::scheduler& where, const std::string& id) {
    job_options options;
    options.misfire_grace.reset();
    where.add(id, trigger{"every 100ms"}, [this, id] { ++runs[id]; }, options);
  }
  bool goes_on(const std::string& id) {
    const auto before = runs[id];
    return until([&] { return runs[id] > before + 2; });
  }
  scheduler_options options() {
    scheduler_options how;
    how.logger = logger;
    how.instance = "one";
    return how;
  }
  template <typename T>
  T answer(std::future<T> from) {
    REQUIRE(until([&] { return from.wait_for(0s) == std::future_status::ready; }));
    return from.get();
  }

  temporary_folder folder;
  sql_server postgresql{sql_server::kind::postgresql};
  carillon::scheduler scheduler{io, options()};
  std::map<std::string, int> runs;
  std::vector<std::string> told;
  subscription heard;
  bool running = false;
  std::exception_ptr failure;
};

}  // namespace

TEST_SUITE("several stores, in SQL databases and in memory") {
  TEST_CASE("each keeps its jobs; one that goes away keeps none of the others from running") {
    memory_and_databases world;
    for (const auto* id : {"memory", "SQLite", "PostgreSQL", "MariaDB"}) CHECK(world.goes_on(id));
    for (const auto& database : test_databases()) {
      const auto page = world.answer(world.scheduler.in(database.name).list({}, boost::asio::use_future));
      REQUIRE(page.jobs.size() == 1);
      CHECK(page.jobs.front().id() == database.name);
    }
    world.postgresql.stop();
    REQUIRE(world.until([&] { return !world.told.empty(); }));
    CHECK(world.told.front() == "store_lost PostgreSQL");
    for (const auto* id : {"memory", "SQLite", "MariaDB"}) CHECK(world.goes_on(id));
    world.postgresql.start();
    REQUIRE(world.until([&] { return world.told.back() == "store_back PostgreSQL"; }));
    CHECK(world.goes_on("PostgreSQL"));
    CHECK(world.told.size() == 2);
    world.stop();
    CHECK(!world.running);
    CHECK(!world.failure);
  }

  TEST_CASE("a job moves from one database to another, and on into memory") {
    memory_and_databases world;
    REQUIRE(world.goes_on("SQLite"));
    world.answer(world.scheduler.in("SQLite").move_to("SQLite", "MariaDB", boost::asio::use_future));
    CHECK(world.goes_on("SQLite"));
    const auto left = world.answer(world.scheduler.in("SQLite").get("SQLite", boost::asio::use_future));
    CHECK(left->state == job_state::removed);
    CHECK(world.answer(world.scheduler.in("MariaDB").get("SQLite", boost::asio::use_future)));
    world.answer(world.scheduler.in("MariaDB").move_to("SQLite", "default", boost::asio::use_future));
    CHECK(world.goes_on("SQLite"));
    CHECK(world.answer(world.scheduler.get("SQLite", boost::asio::use_future)));
    CHECK(world.goes_on("MariaDB"));
  }
}

}  // namespace carillon::testing
