#pragma once
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// `carillon jobs list` as it was asked for.
struct jobs_list_request {
  std::string prefix;             ///< Of ids.
  std::vector<std::string> tags;  ///< All of them.
  std::string task;
  std::string state;      ///< A name of `job_state`; empty: all but removed.
  std::size_t limit = 0;  ///< 0: all.
};

/// A line a job, in the order of ids; with `--json` an object a line.
loop_awaitable<int> list_jobs(command_context& context, jobs_list_request request);

/// `carillon jobs show`: all that the store says of some jobs, their next times and what waits.
loop_awaitable<int> show_jobs(command_context& context, std::vector<std::string> ids);

}  // namespace carillon::app
