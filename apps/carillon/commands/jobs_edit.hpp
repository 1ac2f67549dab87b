#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "carillon/job_flags.hpp"

namespace carillon::app {

/// `carillon jobs add` as it was asked for.
struct jobs_add_request {
  job_flags flags;
  std::vector<std::string> files;  ///< Configuration files whose jobs are added; then no flags.
  on_conflict policy = on_conflict::refuse;
};

/// Puts jobs into the store: one that the flags say, or those of files.
loop_awaitable<int> add_jobs(command_context& context, jobs_add_request request);

/// `carillon jobs modify` as it was asked for.
struct jobs_modify_request {
  std::string id;
  job_flags flags;
  std::optional<std::uint64_t> if_revision;  ///< Change nothing if somebody else has changed the job since.
};

/// Changes what the flags say and leaves the rest. Of two people who change one job at once at the same
/// revision, one is told of the conflict.
loop_awaitable<int> modify_job(command_context& context, jobs_modify_request request);

}  // namespace carillon::app
