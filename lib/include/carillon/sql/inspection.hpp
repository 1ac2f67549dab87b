#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/store/member_backend.hpp>
#include <carillon/store/store_facts.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::sql {

/// What can be wrong in the tables of a store.
enum class table_fault_kind : std::uint8_t {
  missing_table,      ///< A table is not there.
  foreign_partition,  ///< A partition is another store's, or is not there.
  unreadable_job,     ///< The row of a job that this version cannot read, or that has no definition.
  unreadable_runs,    ///< The same of runs that a removed job has left.
  wrong_columns,      ///< A job is looked for by other columns than its record says.
  wrong_partition,    ///< A job stands in a partition that its id does not belong to.
  text_without_job,   ///< A definition, and there is no such job.
  unreadable_member,  ///< Who takes part, but does not say what this version understands.
  unreadable_work,    ///< The same of what members serve.
  unreadable_group,   ///< The same of what a member, or anybody, has of a group.
  unreadable_end,     ///< The end of a run of which followers are to be told.
};
std::string_view name(table_fault_kind what) noexcept;

struct table_fault {
  table_fault_kind what{};
  std::string table;    ///< Its name in the database.
  std::string subject;  ///< The job's id, or what else the row is known by; empty: the table itself.
  std::string detail;   ///< For people; may be empty.
};

/// What lies in a store, and what is wrong with it.
struct store_look {
  store_contents contents;
  members_answer members;            ///< With what they serve. Asked for after `contents`.
  std::vector<std::string> expired;  ///< Ids of members whose leases are over, and whom nobody has dropped.
  job_shares shares;                 ///< By those who are live.
  std::vector<group_facts> groups;   ///< By their names.
  std::vector<missing_predecessor> missing;  ///< 100 at most.
  std::vector<table_fault> faults;           ///< 100 of a kind at most.
};

/// Looks at a store in an SQL database, without being an instance. It writes nothing: transactions are read
/// only, and a file is opened so, though SQLite may make its `-wal` and `-shm` beside it.
///
/// It has a connection and a thread of its own, which no caller blocks. Errors: throws `system_error` with
/// `errc::store_unreachable` or `errc::store_refused`. Cancellation: terminal. Thread safety: none; one
/// strand.
class inspection {
 public:
  /// Touches no database yet. Errors: throws `parse_failure` for a URL that is none.
  explicit inspection(std::string_view url);
  ~inspection();
  inspection(const inspection&) = delete;
  inspection& operator=(const inspection&) = delete;

  const std::string& name_space() const noexcept;
  /// Whether there is a database: a file may not be there.
  bool is_there() const;

  /// Finds a server unfit rather than to throw. Of SQLite the file is checked as a whole, which takes as long
  /// as to read it. @pre `is_there`
  loop_awaitable<server_report> server();
  /// Of a file that is not there as well.
  loop_awaitable<store_facts> store();
  /// Reads all jobs: 10 s or so for a million.
  ///
  /// @pre The store exists, in the format of this version.
  /// @param grace What is due for longer counts as overdue.
  loop_awaitable<store_look> look(const store_facts& store, milliseconds grace);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace carillon::sql
