#pragma once
#include <carillon/async/completion.hpp>
#include <carillon/job/job.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What `scheduler::put` did.
enum class put_result : std::uint8_t {
  added,
  replaced,   ///< It was there, with another definition.
  unchanged,  ///< It was there, with the same definition, or was to be kept.
  conflict,   ///< It was there, and `on_conflict::refuse` was said.
};

/// What `scheduler::declare` did, as numbers of jobs.
struct declare_result {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t unchanged = 0;
  std::size_t removed = 0;  ///< They were declared by the same origin before, and are not any more.
  std::size_t kept = 0;     ///< Not declared any more, but another live instance still declares them.
  friend bool operator==(const declare_result&, const declare_result&) = default;
};

/// Which jobs `scheduler::declare` removes, of those that the same origin declared before and does not any
/// more. On a shared store none that another live instance declares: one that was killed is waited for, until
/// its lease ends.
enum class undeclared : std::uint8_t {
  remove_ours,  ///< On a shared store those that this scheduler has declared itself; else all.
  remove_all,   ///< All, whoever declared them.
};

/// Says for which revision of a job a change is meant (`job_record::revision`).
struct at_revision {
  std::uint64_t number = 0;
};

/// Whether a scheduler does what it is there for.
struct health_report {
  bool healthy = true;
  std::string why;       ///< Each thing that is wrong, "; " between them; empty: nothing.
  std::size_t jobs = 0;  ///< Whose loops run here.
  std::size_t runs = 0;  ///< Active here.
  bool paused = false;   ///< By `scheduler::pause()`, which is no fault; of several stores: all of them.
  std::size_t waiting =
      0;  ///< Those of them that wait for a place: of a group, an executor or the scheduler.
};

/// What `scheduler::modify` changes; members left out stay as they are.
struct job_changes {
  std::optional<trigger> when;
  std::optional<std::string> task;
  std::optional<std::string> arguments;  ///< A JSON array.
  std::optional<job_options> options;
  std::optional<std::uint64_t> expected_revision;  ///< Only if the job is still at it; none: the last wins.
};

/// Where a job that was paused goes on.
enum class resume_from : std::uint8_t {
  now,       ///< What came due meanwhile is left out, and in the ledger as skipped ("paused").
  catch_up,  ///< What came due meanwhile is a misfire like any other: the job's policy decides.
};

/// How `scheduler::backfill` puts down runs.
struct backfill_options {
  std::size_t limit = 10'000;  ///< More times than these are refused. 1 to 10,000.
  bool again = false;          ///< Also those that were put down by an earlier call.
};

/// What `scheduler::backfill` found in its stretch, and did.
struct backfill_result {
  std::size_t times = 0;     ///< Nominal times in it.
  std::size_t put_down = 0;  ///< Of these: those that were new; an earlier call had put down the others.
};

/// What `scheduler::export_jobs` wrote.
struct export_result {
  std::string document;               ///< JSON; see docs/operations.md.
  std::size_t jobs = 0;               ///< How many are in it.
  std::vector<std::string> left_out;  ///< Those that are not, and why: "'a': its definition cannot be read".
};

/// How `scheduler::import_jobs` brings jobs in.
struct import_options {
  on_conflict policy = on_conflict::refuse;  ///< What to do with one that is there and differs.
  bool begin_anew = false;  ///< Added jobs fire as if they were new, in the place of going on where they were
                            ///< when they were exported (what came due since is a misfire).
  bool partial = false;     ///< Bring in those that can be, also when others are refused.
  bool dry_run = false;     ///< Change nothing: only report.
};

/// What `scheduler::import_jobs` did, or would do.
struct import_report {
  enum class kind : std::uint8_t { added, changed, unchanged, refused };
  struct entry {
    std::string job;  ///< Its id; of one that cannot be read without an id, its place: "jobs[3]".
    kind what{};
    std::string why;  ///< Of changed, what: "schedule: 'every 5m', was 'every 1h'"; of refused, the reason.
    friend bool operator==(const entry&, const entry&) = default;
  };
  bool done = false;           ///< False: nothing was changed.
  std::vector<entry> entries;  ///< In the order of the document.

  std::size_t count(kind what) const noexcept;
};

std::string_view name(import_report::kind what) noexcept;

/// One entry of a timetable.
struct upcoming_fire {
  instant at;
  std::string job;
  friend bool operator==(const upcoming_fire&, const upcoming_fire&) = default;
};

}  // namespace carillon
