#pragma once
#include <carillon/store/job_backend.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/job_codec.hpp"
#include "sql/session.hpp"
#include "sql/store_tables.hpp"
#include "store/memory_jobs.hpp"

namespace carillon::sql {

/// What stands of a job in `jobs`.
struct job_row {
  bool exists = false;
  int state = 0;
  std::uint64_t revision = 0, defined = 0;
  std::string task, content;
  std::shared_ptr<const job_definition> definition;  ///< As it was read.
  std::string why;                                   ///< Not empty: it cannot be read, and this is why.
};

/// Of a removed job, of which runs are still active.
inline constexpr int state_of_orphans = -1;

/// Rows of jobs, with their definitions; those of `state_of_orphans` without.
std::map<std::string, job_row> read_rows(session& with, store_tables& tables,
                                         std::span<const std::string> ids);
/// The job of a row whose definition was read. Errors: throws `unreadable`.
std::shared_ptr<memory_job> job_of(const job_row& row, const name_keeper& name_of);

/// The columns by which a job is found.
struct found_by {
  std::optional<std::int64_t> due, waiting;
  std::size_t active = 0;
  std::string task, executor;
  friend bool operator==(const found_by&, const found_by&) = default;
};
found_by columns_of(const memory_job& job);

/// What stands for a job that cannot be read.
struct stand_in {
  std::shared_ptr<memory_job> job;  ///< Never fires, and has what can be read of it.
  bool has_content = false;         ///< Its runs and counters are among that.
  std::string what;                 ///< "the record of job 'a' in carillon_jobs": which row is at fault.
};
stand_in stand_in_of(const session& with, const std::string& id, const job_row& row,
                     const name_keeper& name_of);

/// Some jobs of a partition, from the tables and back, within a transaction that nobody comes between: what
/// is done to them is decided by the rules of the memory store.
class desk {
 public:
  /// Locks the partition. Errors: throws `errc::other_store` if it belongs to another store.
  desk(session& with, store_tables& tables, const store_identity& store, std::uint32_t part);

  void fetch(std::vector<std::string> ids);
  void fetch_tokens(std::vector<std::string> tokens);
  memory_jobs& jobs() noexcept { return jobs_; }
  /// Why a job cannot be read; empty: it can.
  const std::string& refusal(std::string_view id) const;
  /// Puts in the place of a job that cannot be read what is known of it, so that it can be removed.
  void stand_in_to_remove(const std::string& id);
  /// The same, so that a definition can be given to it. One of which no more than the definition can be read
  /// counts as not there, unless it was removed: answers its state then.
  std::optional<job_state> stand_in_to_define(const std::string& id);
  /// For a step that means the job that was born then; null: whichever has that id.
  job_handle handle_of(std::string_view id, std::uint64_t born) const;
  bool is_born(std::string_view id, std::uint64_t born) const;

  /// What was kept with a token; none: it is not known.
  std::optional<std::int64_t> token(const std::string& which) const;
  void keep_token(const std::string& which, std::int64_t says = 0);
  /// Keeps what a run that has just ended returned, if it is to be kept.
  void keep_value(const std::string& id, const std::string& run_id, instant finished, milliseconds how_long);
  void tell(const memory_job& job, std::uint64_t number);
  void tell_stop(const held_run& run, cancel_reason why);

  /// Has the ends of those jobs kept for those who follow them.
  void fetch_followers(const std::vector<std::string>& ids);
  /// From now on a job's ends are kept for a follower; what was said in the last hour counts as well.
  void add_follower(const std::string& of, const std::string& follower, ends_mask ends);
  /// Whether it did: not if that was said in the last hour.
  bool drop_follower(const std::string& of, const std::string& follower);
  /// Whether the partition keeps ends of which followers are to be told.
  bool keeps_ends();

  /// Writes what has changed. What instances are to be told of it.
  std::vector<change_notice> save();

 private:
  struct changed_row;
  struct changed_rows;
  struct value_of_run {
    std::string job, run, value;
    instant finished;
    milliseconds how_long;
  };
  struct end_of_run {
    std::string job;
    std::uint64_t number;
    awaited_end how;
  };
  void put_back(const std::string& id, job_row& row);
  void put_back(const stand_in& made);
  stand_in* make_stand_in(const std::string& id);  ///< Null: it can be read, or there is no job.
  void collect(const std::string& id, job_row& row, changed_rows& into);
  void note_taken(const std::string& id, const live_runs& before);
  void note_awaited(const std::string& id, const live_runs& before);
  void collect_ends();
  void tell_end(const std::string& id);
  void write_jobs(const changed_rows& what);
  void write_definitions(const changed_rows& what);
  void write_removed(const changed_rows& what);
  void write_ledger();
  void write_untold();
  void write_tokens();
  void write_values();
  void write_ends();
  void write_notices();
  void write_part();

  session& with_;
  store_tables& tables_;
  const store_identity store_;
  const std::uint32_t part_;
  std::uint64_t seq_ = 0, ledger_ = 0, noticed_ = 0;
  std::uint64_t ledger_before_ = 0, noticed_before_ = 0, seq_before_ = 0;
  std::uint64_t first_number_ = 0;  ///< No number was taken if it is the last one still.
  bool is_followed_ = false;        ///< Jobs of this partition have been followed.
  memory_jobs jobs_;
  std::map<std::string, job_row, std::less<>> rows_;
  std::map<std::string, stand_in, std::less<>> stand_ins_;        ///< Of jobs that cannot be read.
  std::map<std::string, std::vector<std::string>> taken_before_;  ///< Active runs that had waited, by job.
  std::map<std::string, std::vector<std::uint64_t>> awaited_before_;  ///< Runs that are awaited, by job.
  std::map<std::string, std::int64_t> tokens_, new_tokens_;
  std::vector<value_of_run> values_;
  std::vector<end_of_run> ends_;
  std::vector<change_notice> notices_;
};

}  // namespace carillon::sql
