#pragma once
#include <carillon/error.hpp>
#include <carillon/store/job_store.hpp>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "carillon/doctor.hpp"
#include "carillon/store_access.hpp"

// What store_access.hpp chooses from by the URL. Stores in Redis: in shared/, or unshared/ where the program
// is built without; in SQL databases: in database/, or no_database/.

namespace carillon::app {

std::optional<parse_error> fault_of_redis(std::string_view url);
std::shared_ptr<job_store> make_redis_store(boost::asio::io_context& io, const shared_store_choice& how);
std::string address_of_redis(const std::string& url);
/// Looks at all of it, and mends what is asked for and safe.
diagnosis examine_redis(const doctor_request& request);

std::optional<parse_error> fault_of_database(std::string_view url);
std::shared_ptr<job_store> make_database_store(const shared_store_choice& how);
std::string address_of_database(const std::string& url);
/// Looks at all of it, and writes nothing.
diagnosis examine_database(const doctor_request& request);

}  // namespace carillon::app
