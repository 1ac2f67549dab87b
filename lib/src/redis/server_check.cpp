#include "redis/server_check.hpp"

#include <charconv>

namespace carillon::redis {

namespace {

constexpr int least_major = 6, least_minor = 2;

/// The value of a line `name:value`; empty: there is none.
std::string_view value_of(std::string_view info, std::string_view name) {
  for (std::size_t from = 0; from < info.size();) {
    const auto end = std::min(info.find("\r\n", from), info.size());
    const auto line = info.substr(from, end - from);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
      return line.substr(name.size() + 1);
    from = end + 2;
  }
  return {};
}

/// Valkey says which Redis it stands for in `redis_version` as well.
std::optional<std::string> fault_of_version(std::string_view version) {
  int major = 0, minor = 0;
  const auto* const end = version.data() + version.size();
  const auto dot = std::from_chars(version.data(), end, major).ptr;
  if (dot != end) std::from_chars(dot + 1, end, minor);
  if (version.empty() || major > least_major || (major == least_major && minor >= least_minor)) return {};
  return "this Redis is version " + std::string{version} + ": 6.2 or newer is needed";
}

}  // namespace

std::optional<std::string> fault_of_server(std::string_view info) {
  if (auto fault = fault_of_version(value_of(info, "redis_version"))) return fault;
  const auto role = value_of(info, "role");
  if (role == "slave") {
    return "this Redis is a replica of " + std::string{value_of(info, "master_host")} + ":" +
           std::string{value_of(info, "master_port")} + ": connect to that one, or through Sentinel";
  }
  const auto policy = value_of(info, "maxmemory_policy");
  if (!policy.empty() && policy != "noeviction") {
    return "this Redis drops keys when its memory is full (maxmemory-policy " + std::string{policy} +
           "), and so would lose jobs: set maxmemory-policy to noeviction";
  }
  return {};
}

}  // namespace carillon::redis
