#include "sql/dialect.hpp"

#include <fmt/format.h>

namespace carillon::sql {

namespace {

/// Puts this database's types in the place of $name, $short, $text.
std::string with_types(database_kind kind, std::string_view columns) {
  struct types {
    std::string_view name, word, text;
  };
  // Ids are compared and put in order by their bytes.
  const auto of = [kind]() -> types {
    switch (kind) {
      case database_kind::sqlite: return {"TEXT", "TEXT", "TEXT"};
      case database_kind::postgresql: return {"TEXT COLLATE \"C\"", "TEXT COLLATE \"C\"", "TEXT"};
      case database_kind::mysql: return {"VARBINARY(255)", "VARBINARY(400)", "LONGBLOB"};
    }
    return {};
  }();
  std::string made;
  for (std::size_t at = 0; at < columns.size();) {
    const auto rest = columns.substr(at);
    if (rest.starts_with("$name")) {
      made += of.name;
      at += 5;
    } else if (rest.starts_with("$word")) {
      made += of.word;
      at += 5;
    } else if (rest.starts_with("$text")) {
      made += of.text;
      at += 5;
    } else {
      made += columns[at++];
    }
  }
  return made;
}

struct index_of_table {
  std::string_view name, columns;
};
struct table_of_store {
  std::string_view name, columns;
  std::vector<index_of_table> indexes{};
};

std::vector<table_of_store> tables_of_store() {
  return {
      {"meta", "name $name PRIMARY KEY, content $text NOT NULL"},
      {"parts",
       "part INTEGER PRIMARY KEY, store BIGINT NOT NULL, seq BIGINT NOT NULL, ledger BIGINT NOT NULL, "
       "noticed BIGINT NOT NULL, followed INTEGER NOT NULL"},
      {"jobs",
       "id $name PRIMARY KEY, part INTEGER NOT NULL, state INTEGER NOT NULL, revision BIGINT NOT NULL, "
       "defined BIGINT NOT NULL, due BIGINT, waiting BIGINT, active INTEGER NOT NULL, task $text NOT NULL, "
       "executor $text NOT NULL, content $text NOT NULL",
       {{"part", "part, id"},
        {"due", "part, due"},
        {"waiting", "part, waiting"},
        {"active", "part, active"}}},
      {"definitions", "id $name PRIMARY KEY, defined BIGINT NOT NULL, content $text NOT NULL"},
      {"ledger",
       "num BIGINT PRIMARY KEY, job $name NOT NULL, first_at BIGINT NOT NULL, last_at BIGINT NOT NULL, "
       "content $text NOT NULL",
       {{"job", "job, num"}}},
      {"followers",
       "job $name NOT NULL, follower $name NOT NULL, ends INTEGER NOT NULL, said BIGINT NOT NULL, PRIMARY "
       "KEY "
       "(job, follower)"},
      {"untold",
       "part INTEGER NOT NULL, num BIGINT NOT NULL, content $text NOT NULL, PRIMARY KEY (part, num)"},
      {"tokens", "token $word PRIMARY KEY, says BIGINT NOT NULL, made BIGINT NOT NULL", {{"made", "made"}}},
      {"changes",
       "part INTEGER NOT NULL, num BIGINT NOT NULL, teller BIGINT NOT NULL, made BIGINT NOT NULL, content "
       "$text NOT NULL, PRIMARY KEY (part, num)",
       {{"made", "made"}}},
      {"members", "id $word PRIMARY KEY, expires BIGINT NOT NULL, content $text NOT NULL"},
      {"works", "digest $name PRIMARY KEY, used BIGINT NOT NULL, content $text NOT NULL"},
      {"results",
       "run $name PRIMARY KEY, job $name NOT NULL, ends_at BIGINT NOT NULL, drop_at BIGINT NOT NULL, content "
       "$text NOT NULL",
       {{"drop_at", "drop_at"}}},
      {"ends",
       "part INTEGER NOT NULL, num BIGINT NOT NULL, job $name NOT NULL, made BIGINT NOT NULL, content $text "
       "NOT NULL, returned $text NOT NULL, PRIMARY KEY (part, num)",
       {{"made", "made"}}},
      {"groups", "name $name PRIMARY KEY, used BIGINT NOT NULL, content $text NOT NULL"}};
}

}  // namespace

std::string_view dialect::begin() const noexcept {
  switch (kind_) {
    case database_kind::sqlite: return "BEGIN IMMEDIATE";
    case database_kind::postgresql: return "BEGIN";
    case database_kind::mysql: return "START TRANSACTION";
  }
  return {};
}

std::string dialect::or_update(std::string_view key, std::span<const std::string_view> columns) const {
  const bool is_mysql = kind_ == database_kind::mysql;
  std::string text = is_mysql ? std::string{" ON DUPLICATE KEY UPDATE "}
                              : fmt::format(" ON CONFLICT ({}) DO UPDATE SET ", key);
  for (std::size_t k = 0; k < columns.size(); ++k) {
    if (k > 0) text += ", ";
    const auto column = columns[k];
    text += is_mysql ? fmt::format("{0} = VALUES({0})", column) : fmt::format("{0} = excluded.{0}", column);
  }
  return text;
}

std::string dialect::or_nothing(std::string_view key) const {
  if (kind_ == database_kind::mysql) return fmt::format(" ON DUPLICATE KEY UPDATE {0} = {0}", key);
  return fmt::format(" ON CONFLICT ({}) DO NOTHING", key);
}

std::vector<std::string_view> dialect::greetings(session_use what_for) const {
  if (what_for == session_use::looks) {
    switch (kind_) {
      case database_kind::sqlite: return {"PRAGMA query_only = 1"};
      case database_kind::postgresql:
        return {"SET TIME ZONE 'UTC'", "SET client_min_messages = warning",
                "SET default_transaction_read_only = on"};
      case database_kind::mysql:
        return {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET time_zone = '+00:00'",
                "SET SESSION TRANSACTION READ ONLY"};
    }
  }
  switch (kind_) {
    case database_kind::sqlite:
      // What was committed is on the disk, also when the machine loses its power.
      return {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"};
    case database_kind::postgresql: return {"SET TIME ZONE 'UTC'", "SET client_min_messages = warning"};
    case database_kind::mysql:
      return {"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET time_zone = '+00:00'"};
  }
  return {};
}

std::vector<std::string> dialect::schema() const {
  std::vector<std::string> all;
  const bool is_mysql = kind_ == database_kind::mysql;
  for (const auto& each : tables_of_store()) {
    auto columns = with_types(kind_, each.columns);
    for (const auto& index : each.indexes) {
      if (is_mysql) columns += fmt::format(", INDEX {} ({})", index.name, index.columns);
    }
    all.push_back(fmt::format("CREATE TABLE IF NOT EXISTS {} ({}){}", table(each.name), columns,
                              is_mysql ? " ENGINE = InnoDB" : ""));
    for (const auto& index : each.indexes) {
      if (is_mysql) continue;
      all.push_back(fmt::format("CREATE INDEX IF NOT EXISTS {}_by_{} ON {} ({})", table(each.name),
                                index.name, table(each.name), index.columns));
    }
  }
  return all;
}

std::vector<std::string> dialect::tables() const {
  std::vector<std::string> names;
  for (const auto& each : tables_of_store()) names.push_back(table(each.name));
  return names;
}

std::string_view dialect::all_tables() const noexcept {
  switch (kind_) {
    case database_kind::sqlite: return "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    case database_kind::postgresql:
      return "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    case database_kind::mysql:
      return "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY "
             "table_name";
  }
  return {};
}

query dialect::finds_table(std::string_view name) const {
  switch (kind_) {
    case database_kind::sqlite:
      return std::move(query{"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = "}.bind(name));
    case database_kind::postgresql:
      return std::move(
          query{"SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = "}.bind(name));
    case database_kind::mysql:
      return std::move(
          query{"SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = "}
              .bind(name));
  }
  return {};
}

query dialect::takes_turn() const {
  switch (kind_) {
    case database_kind::sqlite: return {};
    case database_kind::postgresql:
      return std::move(query{"SELECT pg_advisory_xact_lock(hashtext("}.bind(table("meta")).add("))"));
    case database_kind::mysql: return std::move(query{"SELECT GET_LOCK("}.bind(table("meta")).add(", 10)"));
  }
  return {};
}

query dialect::ends_turn() const {
  if (kind_ != database_kind::mysql) return {};
  return std::move(query{"SELECT RELEASE_LOCK("}.bind(table("meta")).add(")"));
}

std::string_view dialect::clock() const noexcept {
  switch (kind_) {
    case database_kind::sqlite: return {};
    case database_kind::postgresql: return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
    case database_kind::mysql: return "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)";
  }
  return {};
}

}  // namespace carillon::sql
