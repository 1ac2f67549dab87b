#pragma once
#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <string>

namespace carillon::app {

/// A job that a file declares, and where.
struct declaration {
  job_definition definition;
  std::string file;
  std::size_t line = 0;
  bool at_start = false;  ///< It runs once for each start of the machine (@reboot): its trigger is a moment
                          ///< that has just passed, or comes ...
  milliseconds start_delay{0};  ///< ... so long after the machine has started.
  bool quiet = false;           ///< That its runs begin and succeed is not logged.
};

/// What is said where a job for the start of the machine is put into a store.
inline constexpr const char* only_daemons_know_starts =
    "@reboot is no time: a daemon runs such jobs of its files (carillon run)";

/// The name of the executor that runs the commands of jobs which name none, and of the task that all jobs
/// with a command have.
inline constexpr const char* command_executor_name = "command";

/// Whether a job runs a command, on whichever executor; else it runs a task of some program.
inline bool runs_command(const job_definition& job) {
  return job.task.str() == command_executor_name && !job.options->executor.empty();
}

}  // namespace carillon::app
