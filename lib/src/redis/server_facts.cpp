#include "redis/server_facts.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::redis {

namespace {

template <typename Number>
Number number_of(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Of "ip=127.0.0.1,port=7001,state=online,offset=14,lag=1" that of `lag`.
std::string_view part_of(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    const auto part = list.substr(0, end);
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return part.substr(name.size() + 1);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return {};
}

void take_replica(server_facts& facts, std::string_view list) {
  const auto lag = part_of(list, "lag");
  if (lag.empty()) return;
  facts.replica_lag_s = std::max(facts.replica_lag_s.value_or(0), number_of<std::int64_t>(lag));
}

void take_role(server_facts& facts, std::string_view name, std::string_view value) {
  if (name == "redis_mode" || name == "server_mode") {  // Valkey's name for it.
    if (value == "sentinel") facts.what = server_facts::role::sentinel;
    if (value == "cluster") facts.cluster = true;
  } else if (name == "role") {
    if (value == "slave") facts.what = server_facts::role::replica;
  } else if (name == "master_host") {
    facts.master = std::string(value) + facts.master;
  } else if (name == "master_port") {
    facts.master += ":" + std::string(value);
  } else if (name == "connected_slaves") {
    facts.replicas = number_of<int>(value);
  } else if (name.starts_with("slave") && name.size() > 5 && name[5] >= '0' && name[5] <= '9') {
    take_replica(facts, value);
  }
}

void take_data(server_facts& facts, std::string_view name, std::string_view value) {
  if (name == "loading") {
    facts.loading = value == "1";
  } else if (name == "maxmemory") {
    facts.maxmemory = number_of<std::uint64_t>(value);
  } else if (name == "used_memory") {
    facts.used_memory = number_of<std::uint64_t>(value);
  } else if (name == "maxmemory_policy") {
    facts.maxmemory_policy = value;
  } else if (name == "aof_enabled") {
    facts.append_only = value == "1";
  } else if (name == "aof_last_write_status") {
    facts.last_append_failed = value != "ok";
  } else if (name == "rdb_last_bgsave_status") {
    facts.last_snapshot_failed = value != "ok";
  }
}

}  // namespace

server_facts facts_of(std::string_view info) {
  server_facts facts;
  std::string valkey;
  while (!info.empty()) {
    const auto end = std::min(info.find("\r\n"), info.size());
    const auto line = info.substr(0, end);
    info.remove_prefix(std::min(end + 2, info.size()));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = line.substr(0, colon);
    const auto value = line.substr(colon + 1);
    if (name == "redis_version") facts.compatible = value;
    if (name == "valkey_version") valkey = value;
    take_role(facts, name, value);
    take_data(facts, name, value);
  }
  facts.version = valkey.empty() ? facts.compatible : valkey;
  if (!valkey.empty()) facts.flavour = "valkey";
  return facts;
}

}  // namespace carillon::redis
