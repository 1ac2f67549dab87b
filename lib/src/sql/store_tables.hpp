#pragma once
#include <atomic>
#include <carillon/store/job_backend.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/database_address.hpp"
#include "sql/session.hpp"

namespace spdlog {
class logger;
}

namespace carillon::sql {

/// Definitions that were read or written lately, so that not every step parses its job's.
///
/// Thread safety: safe.
class definition_cache {
 public:
  /// @param defined The number under which it was written. Null: it is not here.
  std::shared_ptr<const job_definition> find(const std::string& id, std::uint64_t defined);
  void keep(const std::string& id, std::uint64_t defined, std::shared_ptr<const job_definition> job);
  void clear();

 private:
  struct kept {
    std::uint64_t defined = 0;
    std::shared_ptr<const job_definition> job;
  };
  std::mutex guard_;
  std::unordered_map<std::string, kept> all_;
};

/// What all work on the tables of a store has in common.
///
/// Thread safety: safe.
struct store_tables {
  database_address where;
  std::uint64_t ledger_length = 0;
  std::chrono::seconds ledger_age{0};
  bool create = true;
  std::shared_ptr<spdlog::logger> logger;
  std::uint64_t teller = 0;  ///< Says in a notice whose it is.

  definition_cache definitions;

  /// Says what is wrong with a row, once.
  void tell_once(const std::string& words);
  /// Throws away what is too old; not more often than is worth it.
  void clean_up(session& with, const store_identity& store);

 private:
  std::mutex guard_;
  std::set<std::string> told_;
  std::chrono::steady_clock::time_point next_cleaning_{};
};

/// The machine's clock, in microseconds.
std::uint64_t microseconds_now();

/// A number in `meta`; none: it is not there. Errors: throws `errc::store_refused` if it is no number.
std::optional<std::uint64_t> number_of_store(session& with, std::string_view name);

/// Finds the store or creates it. Errors: as `job_backend::open`.
store_identity find_store(session& with, store_tables& tables, std::uint32_t partitions);

/// The tables of a store that are not there.
std::vector<std::string> missing_tables(session& with);

/// Throws `errc::other_store` unless a partition belongs to the store.
void expect_store(session& with, const store_identity& store, std::uint32_t part);

[[noreturn]] void refuse_store(const std::string& why);

/// In `parts`, the row that changes with the members, and the one that counts what is told of groups.
inline constexpr int part_of_members = -1, part_of_groups = -2;

}  // namespace carillon::sql
