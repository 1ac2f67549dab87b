#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/database_address.hpp"
#include "sql/query.hpp"

namespace carillon::sql {

/// What a connection is for.
enum class session_use : std::uint8_t {
  keeps,  ///< To keep jobs.
  looks,  ///< To look at what is there: nothing is written, and no file is made.
};

/// What databases say differently, and the names of a store's tables.
class dialect {
 public:
  dialect(database_kind kind, std::string_view name_space) : kind_{kind}, name_space_{name_space} {}

  database_kind kind() const noexcept { return kind_; }
  const std::string& name_space() const noexcept { return name_space_; }
  /// The name of a table of this store.
  std::string table(std::string_view name) const { return name_space_ + "_" + std::string{name}; }

  /// Begins a transaction that writes.
  std::string_view begin() const noexcept;
  /// At the end of a SELECT whose rows are to be changed.
  std::string_view locked() const noexcept { return kind_ == database_kind::sqlite ? "" : " FOR UPDATE"; }
  /// After the values of an INSERT: what becomes of a row whose `key` is there already.
  std::string or_update(std::string_view key, std::span<const std::string_view> columns) const;
  std::string or_nothing(std::string_view key) const;
  /// What makes a connection fit for a store, once it is there.
  std::vector<std::string_view> greetings(session_use what_for) const;
  /// Makes the tables; those that are there stay.
  std::vector<std::string> schema() const;
  /// The names of the tables of a store, with its own before each.
  std::vector<std::string> tables() const;
  /// All tables that there are, of whichever store or program.
  std::string_view all_tables() const noexcept;
  /// Whether there is a table of that name: one row if there is.
  query finds_table(std::string_view table) const;
  /// Keeps others from opening or creating a store of this name in the meantime; empty: the transaction does.
  query takes_turn() const;
  query ends_turn() const;
  /// The database's clock, in ms, as a column; empty: it has none but the machine's.
  std::string_view clock() const noexcept;

 private:
  database_kind kind_;
  std::string name_space_;
};

/// The version of the tables: another is refused.
inline constexpr int table_format = 2;

}  // namespace carillon::sql
