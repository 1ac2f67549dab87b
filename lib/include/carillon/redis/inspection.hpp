#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/store/member.hpp>
#include <carillon/store/member_backend.hpp>
#include <carillon/store/store_facts.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::redis {

/// What a server says of itself.
struct server_report : carillon::server_report {
  std::string role;  ///< "master", "replica" or "sentinel"
};

/// What can be wrong between the keys of a partition.
enum class data_fault_kind : std::uint8_t {
  due_without_job,  ///< In the index of what is due, and there is no such job.
  wrong_due,       ///< A job is not in that index, or at another time than its record says, or should not be.
  id_without_job,  ///< In the list of ids, and there is no such job.
  job_without_id,  ///< A job that no list shows.
  job_without_definition,  ///< Its definition is gone: it cannot run.
  text_without_job,        ///< A definition or a note of no job.
  active_without_run,      ///< Counted as active, and there is no record of the run.
  run_without_active,      ///< The record of a run that is not counted as active.
  wrong_waiting,           ///< Waiting runs that nobody looks for, or that are looked for and are not there.
  waiting_without_job,     ///< Waiting runs of a job that is gone.
  vanishing_key,           ///< It has a time to live and should stay.
  lasting_key,             ///< It has no time to live and should not stay.
  unreadable,              ///< The record of a job that this version cannot read.
  unreadable_run,          ///< The same of an active run.
  unreadable_waiting,      ///< The same of a waiting run of a job: nobody takes it, nor what waits behind it.
  unknown_key,             ///< A key that this version does not write.
  foreign_partition,       ///< The partition belongs to another store.
};
std::string_view name(data_fault_kind what) noexcept;

/// Whether `inspection::repair` can mend it without a risk of losing what somebody still needs.
bool can_repair(data_fault_kind what) noexcept;

struct data_fault {
  data_fault_kind what{};
  std::uint32_t partition = 0;
  std::string subject;  ///< The job's or the run's id, or the key.
  std::string detail;   ///< For people; may be empty.
};

/// What lies in one partition; the most overdue first.
struct partition_facts : store_contents {
  std::uint32_t partition = 0;
  std::vector<data_fault> faults;
};

/// What has happened in a partition since it was last asked.
struct partition_news {
  std::string seen;  ///< Where it stands: ask again with this and `seen_entry`. Empty: begin now.
  std::string seen_entry;
  bool changed = false;             ///< Else the rest is empty.
  std::vector<active_record> runs;  ///< All that are active now.
  std::vector<ledger_entry>
      entries;  ///< Written since, the oldest first; their numbers are those of the store.
};

/// Looks at what lies in a Redis, without being an instance, and mends what is safe to mend. Reads
/// in pages: nothing here holds up the server for longer than a claim does.
///
/// Errors: as `link`'s: throws `system_error` with `errc::store_unreachable` or `errc::store_refused`.
/// Cancellation: terminal. Lifetime: that of the link. Thread safety: none; one strand.
class inspection {
 public:
  explicit inspection(link& which);
  ~inspection();
  inspection(const inspection&) = delete;
  inspection& operator=(const inspection&) = delete;

  /// Connects. Errors: also `store_unreachable` when nobody answers within the link's times, and
  /// `store_refused` with what to do when the server wants a password, for example.
  loop_awaitable<void> open();
  loop_awaitable<void> close();

  /// Writes nothing, and finds a server unfit rather than to throw.
  loop_awaitable<server_report> server();
  loop_awaitable<store_facts> store();
  /// The same, for who can do nothing without a store. Errors: also `errc::no_store` where there is none, and
  /// `errc::store_refused` where it has another format.
  loop_awaitable<store_facts> existing_store();
  /// @pre The store exists, in the format of this version.
  /// @param grace What is due for longer counts as overdue.
  loop_awaitable<partition_facts> partition(const store_facts& store, std::uint32_t which,
                                            milliseconds grace);
  /// Faults of keys by their names and times to live, over the whole namespace.
  loop_awaitable<std::vector<data_fault>> keys(const store_facts& store);

  /// Who is live, what they can carry out included, and the store's clock.
  loop_awaitable<members_answer> members();
  /// Whose the jobs are, if those members are the live ones; ended jobs are not counted. Reads the heads of
  /// all jobs: a second or so for a million.
  loop_awaitable<job_shares> shares(const store_facts& store, std::vector<member_info> members);
  /// The groups that were in use within a day, in the order of their names.
  loop_awaitable<std::vector<group_facts>> groups();
  /// Whom jobs follow that are not there; 100 at most.
  loop_awaitable<std::vector<missing_predecessor>> missing_predecessors(const store_facts& store);
  loop_awaitable<ledger_page> history(const store_facts& store, ledger_query query);
  loop_awaitable<std::optional<job_record>> job(const store_facts& store, std::string id);
  /// What has happened in a partition since `before` was answered; beginning with one that is empty.
  /// Errors: also `errc::other_store`.
  loop_awaitable<partition_news> news(const store_facts& store, std::uint32_t which, partition_news before);

  /// Mends one fault, if it is still there. False: it was gone, or is not one that can be mended.
  loop_awaitable<bool> repair(const store_facts& store, const data_fault& fault);

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace carillon::redis
