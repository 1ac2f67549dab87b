#include <doctest/doctest.h>
#include <fmt/format.h>
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
  explicit open_store(loop_world& world_, const std::string& url, std::chrono::milliseconds lease = 60s)
      : world{world_}, store{options(url, lease)} {
    served_work work;
    work.tasks = {"a"};
    store.serve(work);
    world.run(store.open("a", heard));
    world.run(add("a"));
  }
  ~open_store() { world.run(store.close()); }

  sql::job_store_options options(const std::string& url, std::chrono::milliseconds lease) const {
    sql::job_store_options how;
    how.url = url;
    how.lease = lease;
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
  /// Whether steps that need one table or another are answered.
  loop_awaitable<bool> touches_all(std::string id) {
    auto adding = add(id);
    co_await std::move(adding);
    auto history = store.history({});
    co_await std::move(history);
    auto putting = puts_down(std::move(id));
    const bool put = co_await std::move(putting);
    co_return put;
  }
  loop_awaitable<bool> puts_down(std::string id) {
    extra_run run;
    run.id = id;
    auto putting = store.enqueue(run);
    const auto number = co_await std::move(putting);
    co_return number != 0;
  }
  loop_awaitable<put_answer::kind> puts(std::string id, on_conflict policy) {
    auto job = contract::world::record(std::move(id));
    auto adding = store.add(std::move(job), policy);
    const auto answer = co_await std::move(adding);
    co_return answer.what;
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

  TEST_CASE(
      "a store that has lost a table, or the rows that say which it is, is another one, once, and whole") {
    for (const auto& database : test_databases()) {
      std::vector<std::string> damages{"DROP TABLE {}jobs", "DELETE FROM {}parts"};
      if (!database.is_server) {
        for (const auto* more : {"DROP TABLE {}ledger", "DROP TABLE {}tokens", "DROP TABLE {}definitions",
                                 "DROP TABLE {}members", "DROP TABLE {}meta", "DELETE FROM {}meta"})
          damages.emplace_back(more);
      }
      for (const auto& damage : damages) {
        CAPTURE(database.name);
        CAPTURE(damage);
        temporary_folder folder;
        loop_world world;
        const auto url = database.new_url(folder);
        open_store opened{world, url, 20s};
        const auto where = sql::parse_database_url(url).value();
        sql::session with{where, 20s};
        with.connect();
        with.run(fmt::format(fmt::runtime(damage), with.speaks().table("")));
        CHECK(world.run(opened.touches_all("b")));
        CHECK(world.until([&] { return opened.heard.replaced == 1; }));
        CHECK(world.run(opened.touches_all("c")));
        CHECK(world.run(opened.store.load("c")));
        CHECK(world.until([&] { return opened.store.health().healthy; }));
        CHECK(opened.heard.replaced == 1);
      }
    }
  }

  TEST_CASE("a store that is another one again and again is opened with pauses between, and can be left") {
    temporary_folder folder;
    loop_world world;
    const auto url = "sqlite:" + folder.path("jobs.db");
    open_store opened{world, url, 2s};
    const auto where = sql::parse_database_url(url).value();
    sql::session with{where, 20s};
    with.connect();
    with.run("CREATE TRIGGER t BEFORE INSERT ON carillon_jobs BEGIN INSERT INTO nowhere VALUES (1); END");
    // Each attempt lasts for a lease, within which a machine that is slow may open it only once.
    for (int times = 0; times < 10 && opened.heard.replaced < 2; ++times)
      CHECK_THROWS_AS(world.run(opened.add("b")), boost::system::system_error);
    CHECK(opened.heard.replaced > 1);
    CHECK(opened.heard.replaced < 20);
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
      const auto listed = world.run(opened.store.list({})).jobs;
      REQUIRE(listed.size() == 2);
      CHECK(listed[0].state == job_state::parked);
      CHECK(listed[0].note.find("the record of job 'a' in ") == 0);
      CHECK(listed[0].note.find("its 'cursor' is not as this version writes it") != std::string::npos);
      CHECK(listed[1].state == job_state::active);
      CHECK(world.run(opened.store.load("b")));
      try {
        world.run(opened.puts_down("a"));
        FAIL("it was read");
      } catch (const boost::system::system_error& refused) {
        CHECK(refused.code() == errc::store_refused);
        CHECK(std::string{refused.what()}.find("the record of job 'a' in") == 0);
        CHECK(std::string{refused.what()}.find("its 'cursor' is not as this version writes it") !=
              std::string::npos);
      }
      CHECK(world.run(opened.puts_down("b")));
      CHECK(world.logged("job 'a'") >= 1);
    }
  }

  TEST_CASE("what is added takes the place of a row that cannot be read, and such a row can be removed") {
    temporary_folder folder;
    loop_world world;
    const auto url = "sqlite:" + folder.path("jobs.db");
    open_store opened{world, url};
    const auto where = sql::parse_database_url(url).value();
    sql::session with{where, 20s};
    with.connect();
    for (const auto* id : {"b", "c", "d", "e"}) world.run(opened.add(id));
    with.run("UPDATE carillon_jobs SET content = '{broken'");
    with.run("UPDATE carillon_jobs SET state = 1 WHERE id = 'b'");
    using put = put_answer::kind;
    CHECK(world.run(opened.puts("a", on_conflict::refuse)) == put::added);
    CHECK(world.run(opened.store.load("a"))->record.state == job_state::active);
    CHECK(world.logged("the record of job 'a' in carillon_jobs could not be read and was replaced") == 1);
    CHECK(world.run(opened.puts("b", on_conflict::refuse)) == put::added);
    CHECK(world.run(opened.store.load("b"))->record.state == job_state::paused);
    CHECK(world.run(opened.store.remove("c", std::nullopt, false)) == change_answer::done);
    CHECK_FALSE(world.run(opened.store.load("c")));
    // One that was removed by a person stays so when the same is declared again.
    CHECK(world.run(opened.store.remove("d", std::nullopt, true)) == change_answer::done);
    CHECK(world.run(opened.store.load("d"))->record.state == job_state::removed);
    CHECK(world.run(opened.store.load("d"))->record.note == "");
    CHECK(world.run(opened.puts("e", on_conflict::keep)) == put::added);
    CHECK(world.run(opened.store.load("e"))->record.note == "");
    CHECK(world.run(opened.puts("e", on_conflict::replace)) == put::unchanged);
  }

  TEST_CASE("a job whose definition cannot be read keeps the rest, and can be given another or be removed") {
    temporary_folder folder;
    loop_world world;
    const auto url = "sqlite:" + folder.path("jobs.db");
    {
      open_store before{world, url};
      world.run(before.add("b"));
      CHECK(world.run(before.puts_down("a")));
    }
    const auto where = sql::parse_database_url(url).value();
    sql::session with{where, 20s};
    with.connect();
    with.run("UPDATE carillon_definitions SET content = '{broken'");
    loop_world later;
    open_store opened{later, url};
    const auto there = later.run(opened.store.load("a"));
    REQUIRE(there);
    CHECK(there->record.state == job_state::parked);
    CHECK(there->record.note.find("the definition of job 'a' in carillon_definitions cannot be read") == 0);
    CHECK(there->record.next_waiting);
    CHECK_THROWS_AS(later.run(opened.puts_down("a")), boost::system::system_error);
    CHECK(later.run(opened.puts("a", on_conflict::refuse)) == put_answer::kind::conflict);
    CHECK(later.run(opened.puts("a", on_conflict::keep)) == put_answer::kind::unchanged);
    CHECK(later.run(opened.store.load("a"))->record.state == job_state::parked);
    job_change what;
    what.note = "no definition";
    CHECK_THROWS_AS(later.run(opened.store.update("a", there->record.revision, what)),
                    boost::system::system_error);
    what.definition = contract::world::record("a").definition;
    what.note = "";
    CHECK(later.run(opened.store.update("a", there->record.revision, what)) == change_answer::done);
    const auto mended = later.run(opened.store.load("a"));
    CHECK(mended->record.state == job_state::active);
    CHECK(mended->record.next_waiting);
    CHECK(mended->record.definition->same_but_origin(*what.definition));
    CHECK(later.run(opened.store.remove("b", std::nullopt, false)) == change_answer::done);
    CHECK_FALSE(later.run(opened.store.load("b")));
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
