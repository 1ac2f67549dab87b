#pragma once
#include <carillon/store/store_facts.hpp>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/database_address.hpp"
#include "sql/session.hpp"

namespace carillon::sql {

/// What a database says of itself, and what the system says of a file. What is not asked of this kind of
/// database, or may not be asked, is empty.
struct server_facts {
  database_kind kind{};
  std::string product, version;
  std::chrono::microseconds latency{0};      ///< The median of seven.
  std::optional<milliseconds> clock_offset;  ///< Its clock minus this machine's. SQLite has none.
  std::map<std::string, std::string, std::less<>> settings;  ///< By the names that the server has for them.
  std::int64_t connections = 0;                              ///< That there are to the server now.
  bool is_standby = false;                                   ///< Of PostgreSQL.
  /// Tables of the store of which the server would lose the contents, or that know no transactions, and of
  /// what kind they are.
  std::vector<std::pair<std::string, std::string>> weak_tables;

  // Of a file.
  std::string not_writable;           ///< The file or the folder that this user cannot write.
  std::string network;                ///< The kind of the file system, if it is one of a network.
  std::uint64_t bytes = 0, free = 0;  ///< Of the file, and on its disk.
  std::vector<std::string> damage;    ///< What SQLite says of a file that is not whole; ten lines at most.
};

/// Asks for all of it. Writes nothing. Errors: as `session`.
server_facts look_at_server(session& with, const database_address& where);

/// The gravest first.
std::vector<server_finding> findings_about(const server_facts& facts);

/// The settings that one may want to see.
std::string settings_in_words(const server_facts& facts);

/// "10.11.6-MariaDB-0+deb12u1" is at least {10, 2}; so is what has no number.
bool is_at_least(std::string_view version, std::pair<int, int> wanted);

}  // namespace carillon::sql
