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
  friend bool operator==(const declare_result&, const declare_result&) = default;
};

/// What `scheduler::modify` changes; members left out stay as they are.
struct job_changes {
  std::optional<trigger> when;
  std::optional<std::string> task;
  std::optional<std::string> arguments;  ///< A JSON array.
  std::optional<job_options> options;
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
