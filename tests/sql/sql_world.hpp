#pragma once
#include <carillon/sql/job_store.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sql/job_backend.hpp"
#include "sql/member_backend.hpp"
#include "support/loop_world.hpp"
#include "support/sql_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::testing {

/// A kind of database, and where stores of tests are in it.
struct test_database {
  std::string name;
  /// The URL of a store that nobody has used, in `folder` if it is a file.
  std::string (*new_url)(const temporary_folder& folder);
  bool is_server;
};

inline std::string new_name_space() {
  static int made = 0;
  return "test_" + std::to_string(++made);
}

/// Servers that all tests of this program share: each has tables of its own.
inline sql_server& shared_postgresql() {
  static sql_server server{sql_server::kind::postgresql};
  return server;
}
inline sql_server& shared_mariadb() {
  static sql_server server{sql_server::kind::mariadb};
  return server;
}

inline const std::vector<test_database>& test_databases() {
  static const std::vector<test_database> all{
      {"SQLite", [](const temporary_folder& folder) { return "sqlite:" + folder.path("jobs.db"); }, false},
      {"PostgreSQL",
       [](const temporary_folder&) { return shared_postgresql().url() + "?namespace=" + new_name_space(); },
       true},
      {"MariaDB",
       [](const temporary_folder&) { return shared_mariadb().url() + "?namespace=" + new_name_space(); },
       true}};
  return all;
}

/// The backends of a store of its own, as `sql::job_store` makes them.
class sql_backend_world : temporary_folder, public loop_world {
 public:
  explicit sql_backend_world(const test_database& database) : url{database.new_url(*this)} {}
  ~sql_backend_world() {
    pool->stop();
    io.restart();
    io.poll();
  }

 private:
  std::shared_ptr<sql::store_tables> new_tables() const {
    auto made = std::make_shared<sql::store_tables>();
    made->where = sql::parse_database_url(url).value();
    made->ledger_length = 100'000;
    made->logger = logger;
    made->teller = 1;
    return made;
  }

 public:
  std::string url;
  std::shared_ptr<sql::store_tables> tables = new_tables();
  std::shared_ptr<sql::worker_pool> pool =
      std::make_shared<sql::worker_pool>(tables->where, 1, std::chrono::seconds{20});
  sql::job_backend backend{tables, pool, std::chrono::milliseconds{20}};
  sql::member_backend members{tables, pool};
};

}  // namespace carillon::testing
