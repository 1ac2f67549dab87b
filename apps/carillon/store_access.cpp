#include "carillon/store_access.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "carillon/config.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/store_kinds.hpp"

namespace carillon::app {

bool is_database(std::string_view url) {
  static constexpr std::array<std::string_view, 5> schemes{
      "sqlite:", "postgresql:", "postgres:", "mysql:", "mariadb:"};
  return std::ranges::any_of(schemes, [&](auto scheme) { return url.starts_with(scheme); });
}

std::optional<parse_error> fault_of_store(std::string_view url) {
  if (is_database(url)) return fault_of_database(url);
  static constexpr std::array<std::string_view, 5> schemes{
      "redis:", "rediss:", "redis+sentinel:", "rediss+sentinel:", "unix:"};
  if (std::ranges::any_of(schemes, [&](auto scheme) { return url.starts_with(scheme); }))
    return fault_of_redis(url);
  const auto colon = url.find(':');
  const auto message = colon == std::string_view::npos
                           ? std::string{"no scheme"}
                           : fmt::format("'{}' is no kind of store", shown(url.substr(0, colon + 1), 30));
  return parse_error{message, 0, std::string{ways_to_a_store}};
}

std::optional<parse_error> fault_of_daemon_store(std::string_view url) {
  if (url == memory_store_name) return std::nullopt;
  auto fault = fault_of_store(url);
  if (fault && fault->hint == ways_to_a_store) fault->hint = fmt::format("memory:, {}", ways_to_a_store);
  return fault;
}

std::shared_ptr<job_store> make_shared_store(boost::asio::io_context& io, const shared_store_choice& how) {
  return is_database(how.url) ? make_database_store(how) : make_redis_store(io, how);
}

std::string address_of(const std::string& url) {
  return is_database(url) ? address_of_database(url) : address_of_redis(url);
}

}  // namespace carillon::app
