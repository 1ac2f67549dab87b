#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>

#include "sql/server_facts.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

sql::server_facts good_file() {
  sql::server_facts facts;
  facts.kind = sql::database_kind::sqlite;
  facts.product = "SQLite";
  facts.version = "3.40.1";
  facts.free = std::uint64_t{1} << 30;
  facts.settings = {{"journal_mode", "wal"}};
  return facts;
}

sql::server_facts good_postgresql() {
  sql::server_facts facts;
  facts.kind = sql::database_kind::postgresql;
  facts.product = "PostgreSQL";
  facts.version = "15.8 (Debian 15.8-0+deb12u1)";
  facts.clock_offset = 3ms;
  facts.connections = 9;
  facts.settings = {{"server_encoding", "UTF8"},
                    {"default_transaction_isolation", "read committed"},
                    {"default_transaction_read_only", "off"},
                    {"fsync", "on"},
                    {"full_page_writes", "on"},
                    {"synchronous_commit", "on"},
                    {"max_connections", "100"}};
  return facts;
}

sql::server_facts good_mariadb() {
  sql::server_facts facts;
  facts.kind = sql::database_kind::mysql;
  facts.product = "MariaDB";
  facts.version = "10.11.6-MariaDB-0+deb12u1";
  facts.clock_offset = -3ms;
  facts.connections = 9;
  facts.settings = {{"read_only", "OFF"},       {"log_bin", "ON"},
                    {"binlog_format", "MIXED"}, {"innodb_flush_log_at_trx_commit", "1"},
                    {"max_connections", "151"}, {"max_allowed_packet", "16777216"}};
  return facts;
}

struct expected_finding {
  std::string_view words;
  bool unfit;
};
/// Of facts that are good but for one, what is said of that one, and nothing else.
bool only_says(const sql::server_facts& facts, const expected_finding& what) {
  const auto found = sql::findings_about(facts);
  if (found.size() == 1 && found[0].unfit == what.unfit && !found[0].advice.empty() &&
      !found[0].at_stake.empty() && found[0].message.find(what.words) != std::string::npos)
    return true;
  for (const auto& each : found) MESSAGE(each.message);
  return false;
}

}  // namespace

TEST_SUITE("sql server findings") {
  TEST_CASE("of a database that is as it should be there is nothing to say") {
    for (const auto& facts : {good_file(), good_postgresql(), good_mariadb()})
      CHECK(sql::findings_about(facts).empty());
  }

  TEST_CASE("versions are compared by their numbers") {
    CHECK(sql::is_at_least("10.11.6-MariaDB", {10, 2}));
    CHECK(sql::is_at_least("10.2", {10, 2}));
    CHECK_FALSE(sql::is_at_least("10.1.48-MariaDB", {10, 2}));
    CHECK(sql::is_at_least("18beta1", {9, 5}));
    CHECK_FALSE(sql::is_at_least("9.4.26", {9, 5}));
    CHECK(sql::is_at_least("", {9, 5}));
  }

  TEST_CASE("what is wrong with a file is told") {
    auto facts = good_file();
    facts.version = "3.22.0";
    CHECK(only_says(facts, {"this is SQLite 3.22.0", true}));
    facts = good_file();
    facts.damage = {"Tree 2 page 9: btreeInitPage() returns error code 11", "x", "y"};
    CHECK(only_says(facts, {"btreeInitPage() returns error code 11 (and 2 more)", true}));
    facts = good_file();
    facts.not_writable = "/var/lib/jobs";
    CHECK(only_says(facts, {"this user cannot write /var/lib/jobs", true}));
    facts = good_file();
    facts.free = 1 << 20;
    CHECK(only_says(facts, {"there are 1024 KiB left on the disk", true}));
    facts = good_file();
    facts.network = "NFS";
    CHECK(only_says(facts, {"file system of a network (NFS)", false}));
    facts = good_file();
    facts.settings["journal_mode"] = "delete";
    CHECK(only_says(facts, {"journal mode is delete", false}));
  }

  TEST_CASE("what is wrong with a PostgreSQL is told") {
    auto facts = good_postgresql();
    facts.version = "9.4.26";
    CHECK(only_says(facts, {"this is PostgreSQL 9.4.26", true}));
    facts = good_postgresql();
    facts.is_standby = true;
    facts.settings["default_transaction_read_only"] = "on";
    CHECK(only_says(facts, {"a standby", true}));
    facts.is_standby = false;
    CHECK(only_says(facts, {"can write nothing", true}));
    struct change {
      const char *name, *value;
      expected_finding what;
    };
    for (const auto& [name, value, what] :
         {change{"server_encoding", "LATIN1", {"encoding is LATIN1", false}},
          change{"default_transaction_isolation", "serializable", {"begin as serializable", false}},
          change{"fsync", "off", {"fsync is off", false}},
          change{"synchronous_commit", "off", {"synchronous_commit is off", false}},
          change{"max_connections", "12", {"9 of 12 connections", false}}}) {
      facts = good_postgresql();
      facts.settings[name] = value;
      CHECK(only_says(facts, what));
    }
    facts = good_postgresql();
    facts.weak_tables = {{"carillon_jobs", "unlogged"}};
    CHECK(only_says(facts, {"table carillon_jobs is unlogged", false}));
    facts = good_postgresql();
    facts.clock_offset = -4s;
    CHECK(only_says(facts, {"the server's clock is 4000 ms behind this machine's", false}));
    facts = good_postgresql();
    facts.latency = 80ms;
    CHECK(only_says(facts, {"takes 80 ms to answer", false}));
  }

  TEST_CASE("what is wrong with a MariaDB or a MySQL is told") {
    auto facts = good_mariadb();
    facts.version = "10.1.48-MariaDB";
    CHECK(only_says(facts, {"this is MariaDB 10.1.48", true}));
    facts = good_mariadb();
    facts.product = "MySQL", facts.version = "5.6.51";
    CHECK(only_says(facts, {"this is MySQL 5.6.51", true}));
    facts = good_mariadb();
    facts.settings["read_only"] = "ON";
    CHECK(only_says(facts, {"read_only", true}));
    facts = good_mariadb();
    facts.settings["binlog_format"] = "STATEMENT";
    CHECK(only_says(facts, {"binlog_format STATEMENT", true}));
    facts.settings["log_bin"] = "OFF";
    CHECK(sql::findings_about(facts).empty());
    facts = good_mariadb();
    facts.weak_tables = {{"carillon_jobs", "MyISAM"}};
    CHECK(only_says(facts, {"carillon_jobs is kept by MyISAM", true}));
    facts = good_mariadb();
    facts.settings["innodb_flush_log_at_trx_commit"] = "2";
    CHECK(only_says(facts, {"innodb_flush_log_at_trx_commit is 2", false}));
    facts = good_mariadb();
    facts.settings["max_allowed_packet"] = "1048576";
    CHECK(only_says(facts, {"max_allowed_packet", false}));
  }

  TEST_CASE("what unfits a database comes before what is only to be known") {
    auto facts = good_postgresql();
    facts.settings["fsync"] = "off";
    facts.latency = 80ms;
    facts.is_standby = true;
    const auto found = sql::findings_about(facts);
    REQUIRE(found.size() == 3);
    CHECK(found[0].unfit);
    CHECK_FALSE(found[1].unfit);
  }
}

}  // namespace carillon::testing
