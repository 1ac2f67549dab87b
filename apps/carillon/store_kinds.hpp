#pragma once
#include <carillon/error.hpp>
#include <carillon/store/job_store.hpp>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "carillon/store_access.hpp"

// What store_access.hpp chooses from by the URL. Stores in Redis: in shared/, or unshared/ where the program
// is built without; in SQL databases: in database/, or no_database/.

namespace carillon::app {

std::optional<parse_error> fault_of_redis(std::string_view url);
std::shared_ptr<job_store> make_redis_store(boost::asio::io_context& io, const shared_store_choice& how);
std::string address_of_redis(const std::string& url);

std::optional<parse_error> fault_of_database(std::string_view url);
std::shared_ptr<job_store> make_database_store(const shared_store_choice& how);
std::string address_of_database(const std::string& url);

}  // namespace carillon::app
