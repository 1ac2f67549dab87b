#pragma once
#include <carillon/error.hpp>
#include <carillon/store/shared_store.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace carillon::sql {

/// How an instance keeps its jobs in an SQL database.
struct job_store_options {
  /// Which database: `sqlite:jobs.db`, `postgresql://user:password@host/database` or
  /// `mysql://user:password@host/database` (also `mariadb://`). docs/sql.md has all that it may say.
  std::string url;
  /// How long an instance that says nothing counts as live; renewed every third of it. 100 ms to 1 h. All
  /// instances of a store must have the same.
  std::chrono::milliseconds lease{10'000};
  /// Over how many partitions the jobs are spread; fixed when the store is created. 0: whatever is there,
  /// else 1 for SQLite and 8 for a server. At most 4096.
  std::uint32_t partitions = 0;
  /// Whether a database without a store gets one. False: `open` throws `errc::no_store` and writes nothing.
  bool create = true;
  /// After how many leases without a word from its event loop an instance renews its lease no more.
  std::uint32_t stall_limit = 6;
  /// How many attempts that were started here are remembered, for a restored backup may bring what was due
  /// back. 0: none.
  std::size_t remembered = 100'000;
  /// How many entries of the ledger are kept, of all jobs together; some more may be. At least 1.
  std::uint64_t ledger_length = 100'000;
  /// How long they are kept at most. 0: however old.
  std::chrono::seconds ledger_age = std::chrono::hours{24 * 30};
  /// How many connections to a server work on jobs at the same time, each on a thread of its own. 1 to 64.
  /// SQLite, which has one writer, has one.
  std::uint32_t connections = 4;
  /// After which time a call that is not answered counts as lost. At least 100 ms.
  std::chrono::milliseconds timeout{5'000};
  /// How often it looks for what other instances have changed. At least 10 ms.
  std::chrono::milliseconds look_for_changes{200};
  /// Null: spdlog's default.
  std::shared_ptr<spdlog::logger> logger{};
  /// Null: the system's. A scheduler must be given the same.
  std::shared_ptr<carillon::clock> clock{};
};

/// Whether a URL begins as one of an SQL database.
bool is_url_of_database(std::string_view url);

/// What is wrong with the URL of a database; nothing: it can be tried. Never repeats a password.
std::optional<parse_error> fault_of_url(std::string_view url);

/// The same without user, password and options, for messages. @pre `fault_of_url` finds none.
std::string address_of(std::string_view url);

/// Keeps jobs in an SQL database: a file of SQLite beside the program, or a server that any number of
/// instances share. docs/sql.md says how.
///
///     carillon::scheduler scheduler{io, carillon::sql::job_store{{.url = "sqlite:jobs.db"}}};
///
/// From `open` to `close` it has connections and threads of its own, which no caller blocks. Errors: as
/// `carillon::job_store`; `open` throws `errc::store_refused`, with what to do about it, for a file that
/// cannot be opened or is no database, for a wrong password, and for tables of another format or number of
/// partitions: nothing is written then; `errc::no_store` as `job_store_options::create` says. Cancellation:
/// none; a call that is under way is waited for. Thread safety: none; one strand, that of `open`.
class job_store final : public shared_store {
 public:
  /// Touches no database yet. Errors: throws `std::invalid_argument` naming an option that is out of range,
  /// `parse_failure` for a URL that is none.
  explicit job_store(job_store_options how);
};

}  // namespace carillon::sql
