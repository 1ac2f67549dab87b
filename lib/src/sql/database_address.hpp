#pragma once
#include <carillon/error.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::sql {

enum class database_kind : std::uint8_t { sqlite, postgresql, mysql };

/// What a URL says of a database.
struct database_address {
  database_kind kind{};
  std::string file;  ///< Of SQLite.
  std::string host, user, password, database;
  std::uint16_t port = 0;
  std::string name_space = "carillon";  ///< What the names of all tables begin with.
  /// What else is given to the server's own library: of PostgreSQL whatever it knows, of MySQL what secures
  /// the connection.
  std::vector<std::pair<std::string, std::string>> options;

  /// Without user, password and options.
  std::string shown() const;
};

/// Errors: a `parse_error` with the position in the URL; it never repeats a password.
parse_result<database_address> parse_database_url(std::string_view url);

}  // namespace carillon::sql
