#include <doctest/doctest.h>
#include <carillon/sql/job_store.hpp>

#include "contract/store_world.hpp"
#include "sql/sql_world.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

struct outage_notes final : store_listener {
  void on_job_changed(const std::string&, std::uint64_t) override {}
  void on_reachable(bool answers, const std::string&) override { reached.push_back(answers); }
  void on_store_replaced() override { ++replaced; }
  std::vector<bool> reached;
  int replaced = 0;
};

/// A store that is open, with short times.
struct open_store {
  explicit open_store(loop_world& world_, const std::string& url) : world{world_}, store{options(url)} {
    served_work work;
    work.tasks = {"a"};
    store.serve(work);
    world.run(store.open("a", heard));
    world.run(add("a"));
  }
  ~open_store() { world.run(store.close()); }

  sql::job_store_options options(const std::string& url) const {
    sql::job_store_options how;
    how.url = url;
    how.lease = 60s;
    how.timeout = 3s;
    how.look_for_changes = 20ms;
    how.logger = world.logger;
    return how;
  }
  loop_awaitable<bool> add(std::string id) {
    auto job = contract::world::record(std::move(id));
    co_await store.add(std::move(job), on_conflict::keep);
    co_return true;
  }
  /// Waits until the last that was told of the database is whether it answers.
  bool hears(bool answers) {
    return world.until([&] { return !heard.reached.empty() && heard.reached.back() == answers; });
  }

  loop_world& world;
  outage_notes heard;
  sql::job_store store;
};

void outlive_outages(sql_server& server) {
  loop_world world;
  open_store opened{world, server.url() + "?namespace=" + new_name_space()};
  server.stop();
  CHECK(opened.hears(false));
  CHECK_FALSE(opened.store.health().healthy);
  server.start();
  CHECK(opened.hears(true));
  CHECK(world.run(opened.store.load("a")));
  server.pause();
  CHECK(opened.hears(false));
  server.resume();
  CHECK(opened.hears(true));
  // Told once each, in turn.
  for (std::size_t k = 1; k < opened.heard.reached.size(); ++k)
    CHECK(opened.heard.reached[k] != opened.heard.reached[k - 1]);
  server.kill();
  server.start();
  CHECK(world.run(opened.store.load("a")));
}

}  // namespace

TEST_SUITE("sql outage") {
  TEST_CASE("a PostgreSQL that ends, hangs or dies is told once, and used again when it is back") {
    sql_server server{sql_server::kind::postgresql};
    outlive_outages(server);
  }

  TEST_CASE("a MariaDB that ends, hangs or dies is told once, and used again when it is back") {
    sql_server server{sql_server::kind::mariadb};
    outlive_outages(server);
  }

  TEST_CASE("a file that was deleted, and tables that were dropped, are another store") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      loop_world world;
      const auto url = database.new_url(folder);
      open_store opened{world, url};
      if (database.is_server) {
        const auto where = sql::parse_database_url(url).value();
        sql::session with{where, 20s};
        with.connect();
        for (const auto* table : {"meta", "parts", "jobs", "definitions", "ledger", "tokens", "changes",
                                  "members", "works", "results", "ends", "groups", "followers", "untold"})
          with.run("DROP TABLE " + with.speaks().table(table));
      } else {
        for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(folder.path("jobs.db") + end);
      }
      world.run(opened.add("b"));
      CHECK(world.until([&] { return opened.heard.replaced == 1; }));
      CHECK_FALSE(world.run(opened.store.load("a")));
      CHECK(world.run(opened.store.load("b")));
    }
  }

  TEST_CASE("a row that cannot be read stops its own job and no other") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      temporary_folder folder;
      loop_world world;
      const auto url = database.new_url(folder);
      open_store opened{world, url};
      world.run(opened.add("b"));
      const auto where = sql::parse_database_url(url).value();
      sql::session with{where, 20s};
      with.connect();
      with.run("UPDATE " + with.speaks().table("jobs") +
               " SET content = '{\"cursor\":\"soon\"}' WHERE id = 'a'");
      CHECK(world.run(opened.store.list({})).jobs.size() == 1);
      CHECK(world.run(opened.store.load("b")));
      try {
        world.run(opened.add("a"));
        FAIL("it was read");
      } catch (const boost::system::system_error& refused) {
        CHECK(refused.code() == errc::store_refused);
        CHECK(std::string{refused.what()}.find("the record of job 'a' in") == 0);
        CHECK(std::string{refused.what()}.find("its 'cursor' is not as this version writes it") !=
              std::string::npos);
      }
      CHECK(world.logged("job 'a'") >= 1);
    }
  }

  TEST_CASE("the ledger keeps no more than it is to keep, and no older") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_backend_world world{database};
      world.tables->ledger_length = 10;
      outage_notes nobody;
      struct deaf final : backend_listener {
        void on_change(std::uint32_t, std::uint64_t, const job_brief&) override {}
        void on_stop_asked(const std::string&, const std::string&, cancel_reason) override {}
        void on_gap() override {}
        void on_reachable(bool, const std::string&) override {}
      } deaf;
      world.run(world.backend.open(2, deaf));
      const auto job = contract::world::record("a");
      const add_step adds{&job, on_conflict::refuse};
      const auto part = partition_of("a", 2);
      const auto added = world.run(world.backend.add(part, std::span(&adds, 1)));
      auto revision = added.at(0).revision;
      for (int k = 0; k < 5; ++k) {
        job_change what;
        what.ledger.resize(5);
        CHECK(world.run(world.backend.update("a", revision, what)) == change_answer::done);
        const std::string id = "a";
        revision = world.run(world.backend.load(part, std::span(&id, 1))).at(0)->revision;
      }
      CHECK(world.run(world.backend.history({})).entries.size() == 25);
      world.run(world.backend.look(0, instant{}));
      CHECK(world.run(world.backend.history({})).entries.size() == 10);
      world.run(world.backend.close());
    }
  }
}

}  // namespace carillon::testing
