#include "carillon/store_access.hpp"

#include <algorithm>
#include <array>

#include "carillon/store_kinds.hpp"

namespace carillon::app {

bool is_database(std::string_view url) {
  static constexpr std::array<std::string_view, 5> schemes{
      "sqlite:", "postgresql:", "postgres:", "mysql:", "mariadb:"};
  return std::ranges::any_of(schemes, [&](auto scheme) { return url.starts_with(scheme); });
}

std::optional<parse_error> fault_of_store(std::string_view url) {
  return is_database(url) ? fault_of_database(url) : fault_of_redis(url);
}

std::shared_ptr<job_store> make_shared_store(boost::asio::io_context& io, const shared_store_choice& how) {
  return is_database(how.url) ? make_database_store(how) : make_redis_store(io, how);
}

std::string address_of(const std::string& url) {
  return is_database(url) ? address_of_database(url) : address_of_redis(url);
}

}  // namespace carillon::app
