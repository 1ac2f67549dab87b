#include "carillon/store_kinds.hpp"

namespace carillon::app {
namespace {

const parse_error built_without_sql{"this program was built without SQL databases", 0,
                                    "build it with -D CARILLON_BUILD_SQL=ON"};

}  // namespace

std::optional<parse_error> fault_of_database(std::string_view) { return built_without_sql; }

std::shared_ptr<job_store> make_database_store(const shared_store_choice&) {
  throw parse_failure(built_without_sql);
}

std::string address_of_database(const std::string&) { throw parse_failure(built_without_sql); }

diagnosis examine_database(const doctor_request&) { throw parse_failure(built_without_sql); }

}  // namespace carillon::app
