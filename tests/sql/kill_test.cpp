#include <doctest/doctest.h>

#include <cstdlib>
#include <thread>

#include "sql/sql_world.hpp"
#include "sql/trial.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

/// CARILLON_SQL_KILLS asks for another number.
std::uint64_t wanted_kills() {
  const auto* const given = std::getenv("CARILLON_SQL_KILLS");
  return given ? std::stoull(given) : 20;
}

std::string integrity_of(const std::string& url) {
  const auto where = sql::parse_database_url(url).value();
  sql::session with{where, 30s};
  with.connect();
  return with.ask(sql::query{"PRAGMA integrity_check"}, "t").at(0).at(0).text;
}

void expect_all_well(trial& all) {
  const auto wrong = all.check_all();
  if (!wrong.empty()) all.keep();
  CHECK_MESSAGE(wrong.empty(), wrong);
  MESSAGE(all.bodies(), " marks of bodies, ", all.entries(), " entries of the ledger");
  CHECK(all.entries() > 100);  // So that the checker had something to look at.
}

/// Two processes; one that dies is followed by another.
struct pair_of_processes {
  trial& all;
  std::size_t which[2] = {all.start(), all.start()};

  void kill_one() {
    auto& one = which[all.below(2)];
    all.kill(one);
    one = all.start();
  }
  void look_after() {
    for (auto& one : which) {
      if (!all.running(one)) one = all.start();
    }
  }
  void wait(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      look_after();
      std::this_thread::sleep_for(50ms);
    }
  }
};

void survive(sql_server& server) {
  trial_options how;
  how.url = server.url() + "?namespace=" + new_name_space();
  how.fires_for = 24s;
  trial all{how};
  pair_of_processes two{all};
  for (int round = 0; round < 2; ++round) {
    two.wait(2'500ms);
    two.kill_one();
    two.wait(1'500ms);
    round == 0 ? server.stop() : server.kill();
    std::this_thread::sleep_for(1'500ms);
    server.start();
  }
  two.wait(2s);
  server.pause();  // It hangs for longer than a lease.
  std::this_thread::sleep_for(3s);
  server.resume();
  while (!all.is_over()) two.wait(200ms);
  two.look_after();
  expect_all_well(all);
}

}  // namespace

TEST_SUITE("sql kills") {
  TEST_CASE("a process on SQLite that is killed at any moment goes on where it was when it starts again") {
    temporary_folder folder;
    const auto kills = wanted_kills();
    trial_options how;
    how.url = "sqlite:" + folder.path("jobs.db");
    how.seed = kills;
    how.fires_for = 3s + kills * 700ms;
    trial all{how};
    std::uint64_t killed = 0;
    for (; killed < kills && !all.is_over(); ++killed) {
      const auto one = all.start();
      // Some while they start, most when they are at work.
      std::this_thread::sleep_for(
          std::chrono::milliseconds{all.below(4) == 0 ? all.below(100) : 100 + all.below(900)});
      CHECK(all.running(one));
      all.kill(one);
      REQUIRE(integrity_of(how.url) == "ok");
    }
    CHECK(killed >= kills / 4);  // As many as a slow machine has time for.
    all.start();
    expect_all_well(all);
    CHECK(integrity_of(how.url) == "ok");
    MESSAGE(killed, " processes were killed");
  }

  TEST_CASE(
      "two processes on one PostgreSQL outlive each other's deaths, and its end, its death and its silence") {
    sql_server server{sql_server::kind::postgresql};
    survive(server);
  }

  TEST_CASE(
      "two processes on one MariaDB outlive each other's deaths, and its end, its death and its silence") {
    sql_server server{sql_server::kind::mariadb};
    survive(server);
  }
}

}  // namespace carillon::testing
