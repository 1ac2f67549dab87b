#pragma once
#include <carillon/job/job.hpp>
#include <carillon/store/ledger.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// A moment on a clock that all instances share, whatever the clock on their wall shows.
using shared_time = std::chrono::microseconds;

/// What a body wrote down of itself.
struct body_mark {
  enum class kind : std::uint8_t { began, ended } what{};
  std::string job, run, instance;
  instant occurrence{};
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  shared_time at{};
  std::string how;  ///< Of `ended`: "ok", "failed", or the name of the reason why it was to stop.
};

/// When an instance (one process, under a name that no other ever had) could run bodies.
struct instance_life {
  std::string instance;
  std::optional<shared_time> ended;                         ///< None: it went on to the end.
  std::vector<std::pair<shared_time, shared_time>> frozen;  ///< From when to when nothing of it moved.
};

/// A job, and which of its nominal times the ledger must account for: those after the anchor, to `through`.
struct checked_job {
  job_record record;
  std::optional<instant> through;  ///< Inclusive; none: to the end of the trigger.
};

/// All that is known of what several instances did: what fired, and what the ledger says of it.
struct observation {
  std::vector<checked_job> jobs;
  std::vector<body_mark> marks;  ///< In any order.
  std::vector<ledger_entry> ledger;
  /// Runs whose ends the store still keeps for those that follow them, or which runs that wait there follow:
  /// nobody was left to do it.
  std::set<std::string> untold;
  std::vector<instance_life> lives;  ///< Instances that lived to the end and never froze may be left out.
};

struct check_options {
  /// How long bodies may go on beside the run that took their place: what an instance needs to notice.
  shared_time overlap_slack{0};
  /// The store has lost acknowledged writes (a failover without `durability`): cursors may have come back,
  /// and entries of the ledger gone; for a while there may even have been two masters, each with instances of
  /// its own that know nothing of the others' runs. What is still promised: no instance runs again what it
  /// ran itself (but what it had to give up, of a job that is to be run again when it is lost), and the
  /// fences of what it runs grow.
  bool writes_were_lost = false;
  /// Of a store in Redis, where an entry's number is that of a change, times the number of partitions: then
  /// fences and entries are in one order, and say exactly what ran beside what. 0: they are not.
  std::uint64_t partitions = 0;
  std::size_t most = 20;  ///< So many findings at most.
};

/// A broken promise.
struct finding {
  std::string rule;  ///< "run twice", "no final entry", …
  std::string job;
  std::optional<instant> occurrence;
  std::string what;
};

/// What is wrong with what was seen; empty: nothing. It holds that
/// - no occurrence begins twice with the same attempt, no run ends twice, and none is refused as if it had
/// run;
/// - each nominal time that a cursor has passed has exactly one final entry, and nothing else has;
/// - what ran is in the ledger as it ran, and what the ledger says ran, ran;
/// - each end of a run that the store has not in hand any more has exactly one final entry of each job that
/// follows it, and these follow nothing else;
/// - the fences of a job are different, grow with the attempts, and of jobs with `max_instances` 1 from run
/// to run;
/// - never more runs of a job are active than `max_instances`, nor bodies but those of instances that were
/// frozen.
std::vector<finding> check(const observation& seen, const check_options& how = {});

/// All that is known of one occurrence, a line for each mark and entry, in the order of time.
std::string trail(const observation& seen, const std::string& job, instant occurrence);

/// The findings, each with the trail of its occurrence.
std::string report(const observation& seen, const std::vector<finding>& findings);

}  // namespace carillon::testing
