#pragma once
#include <carillon/redis/inspection.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/connection.hpp"

namespace carillon::redis {

/// What a server says of itself. What it does not say, or is not allowed to be asked, is empty.
struct server_facts {
  enum class role : std::uint8_t { master, replica, sentinel };

  std::string flavour = "redis";  ///< or "valkey"
  std::string version;            ///< Its own: "7.0.15"; of Valkey "8.0.1".
  std::string compatible;         ///< The Redis that it stands for: "7.2.4".
  role what = role::master;
  std::string master;  ///< Of a replica: "10.0.0.1:6379".
  bool cluster = false;
  bool loading = false;

  std::string maxmemory_policy;
  std::uint64_t maxmemory = 0;  ///< bytes; 0: no limit
  std::uint64_t used_memory = 0;

  bool append_only = false;
  bool last_append_failed = false;
  bool last_snapshot_failed = false;
  std::optional<std::string> snapshots;     ///< CONFIG save: "3600 1 300 100"; empty text: none are made.
  std::optional<std::string> append_fsync;  ///< CONFIG appendfsync
  std::optional<std::int64_t>
      replica_lag_s;  ///< Of the replica that is furthest behind; none: there are none.
  int replicas = 0;

  std::string scripts_refused;                       ///< Why scripts may not run; empty: they may.
  std::optional<std::chrono::microseconds> latency;  ///< Of a PING, the median of seven.
  /// The server's clock minus that of this machine; give or take half the latency.
  std::optional<std::chrono::milliseconds> clock_offset;
};

/// Reads the answer of INFO.
server_facts facts_of(std::string_view info);

/// Asks a server for all of it, when the connection is up. Writes nothing.
/// Errors: as calls of `connection`; when it cannot even be connected to, `store_refused` says what to do
/// about what the server said (a password is wanted, or is wrong).
loop_awaitable<server_facts> inspect_server(connection& where);

/// The gravest first.
std::vector<server_finding> findings_about(const server_facts& facts);

/// Throws `system_error` with `errc::store_refused` (`store_unreachable` while the server loads its data) if
/// it is unfit, with message and advice.
void refuse_unfit(const server_facts& facts);

/// What to do about what a server said to who wanted to connect: `NOAUTH …`. Empty: nothing is known.
std::string advice_on_refusal(std::string_view words);

}  // namespace carillon::redis
