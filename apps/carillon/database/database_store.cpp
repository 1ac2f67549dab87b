#include <carillon/sql/job_store.hpp>

#include <algorithm>

#include "carillon/store_kinds.hpp"

namespace carillon::app {

std::optional<parse_error> fault_of_database(std::string_view url) { return sql::fault_of_url(url); }

std::shared_ptr<job_store> make_database_store(const shared_store_choice& how) {
  sql::job_store_options options;
  options.url = how.url;
  if (how.lease) options.lease = *how.lease;
  if (how.history) options.ledger_length = std::max<std::size_t>(*how.history, 1);
  options.partitions = how.partitions;
  options.create = how.create;
  options.logger = how.log;
  return std::make_shared<sql::job_store>(options);
}

std::string address_of_database(const std::string& url) { return sql::address_of(url); }

}  // namespace carillon::app
