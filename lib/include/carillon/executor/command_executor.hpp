#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/executor/executor.hpp>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace carillon {

class child_process;  // private: lib/src/executor/child_process.hpp

/// How a `command_executor` behaves.
struct command_executor_options {
  executor_limits limits{.running = 100, .queued = 1000};
  std::size_t tail_bytes = 1024;  ///< How much of the end of a command's output history keeps.
  bool log_output = true;         ///< Log what a command prints, line by line as it comes, at level info.
};

/// Runs a job's command as a child process. The job's arguments are one `command_line` as JSON; it needs no
/// task.
///
/// The command finds CARILLON_JOB, CARILLON_RUN, CARILLON_SCHEDULED_FOR (RFC 3339 with milliseconds and the
/// offset of the job's zone), CARILLON_ATTEMPT, CARILLON_FENCE and CARILLON_INSTANCE in its environment. It
/// runs in a process group of its own with default signal handlers and no open files but the first three: its
/// standard output and errors go into one pipe, so that their order is kept.
///
/// It fails with a `failure` named "exit:N" (an exit code but 0), "signal:SIGXXX" (what killed it), or
/// "start" (it could not be started); the message begins with a line that says so, and goes on with the end
/// of the output. Of a command that succeeded the end of its output is the run's note. When the run is
/// cancelled its process group gets SIGTERM, and SIGKILL `kill_after` later.
class command_executor final : public executor {
 public:
  explicit command_executor(command_executor_options options = {}) : options_(options) {}

  executor_limits limits() const noexcept override { return options_.limits; }
  bool needs_body() const noexcept override { return false; }
  std::optional<std::string> fault_of(const job_definition& job) const override;
  boost::asio::awaitable<void> execute(run& run, const task* body) override;

  /// Sends SIGKILL to all commands that run and to their groups: for a process that is about to end without
  /// waiting for them.
  void kill_all() noexcept;

 private:
  command_executor_options options_;
  std::set<child_process*> running_;
};

/// The arguments of a job that runs `command`: `job_definition::arguments`.
std::string command_arguments(const command_line& command);

/// Reads them back.
///
/// Errors: throws `std::invalid_argument` with a sentence if they are not one `command_line`.
command_line command_of(std::string_view arguments);

/// The CARILLON_* variables that the command of a run finds.
std::map<std::string, std::string> command_variables(const run& run);

}  // namespace carillon
