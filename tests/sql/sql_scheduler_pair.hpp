#pragma once
#include <carillon/sql/job_store.hpp>
#include <memory>
#include <string>
#include <utility>

#include "sql/sql_world.hpp"
#include "support/scheduler_pair.hpp"

namespace carillon::testing {

/// Two schedulers on one database.
class sql_scheduler_pair : temporary_folder, public scheduler_pair {
 public:
  explicit sql_scheduler_pair(const test_database& database, bool operates)
      : scheduler_pair{stores_at(database.new_url(*this)), operates} {}

 private:
  static store_maker stores_at(std::string url) {
    sql::job_store_options how;
    how.url = std::move(url);
    how.partitions = 4;
    how.timeout = std::chrono::seconds{20};  // A busy machine is no finding.
    how.lease = std::chrono::seconds{30};
    how.connections = 2;
    how.look_for_changes = milliseconds{20};
    return [how](loop_world& where) mutable {
      how.logger = where.logger;
      return std::make_shared<sql::job_store>(how);
    };
  }
};

}  // namespace carillon::testing
