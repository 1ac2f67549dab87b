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

/// One entry of a timetable.
struct upcoming_fire {
  instant at;
  std::string job;
  friend bool operator==(const upcoming_fire&, const upcoming_fire&) = default;
};

}  // namespace carillon
