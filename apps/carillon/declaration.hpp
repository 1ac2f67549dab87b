#pragma once
#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

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
  std::string store{};          ///< The name of the store it is kept in; empty: the daemon's own.
};

/// What is said where a job for the start of the machine is put into a store.
inline constexpr const char* only_daemons_know_starts =
    "@reboot is no time: a daemon runs such jobs of its files (carillon run)";

/// What the executors of a daemon do. What is neither is a task of some program.
enum class executor_kind { command, http };

/// The name of the executor that runs the commands of jobs which name none, and of the task that all jobs
/// with a command have.
inline constexpr const char* command_executor_name = "command";
/// The same of requests.
inline constexpr const char* http_executor_name = "http";

/// The name of the executor and of the task above, and of the kind in a file.
constexpr const char* name_of(executor_kind kind) noexcept {
  return kind == executor_kind::http ? http_executor_name : command_executor_name;
}

/// What an executor does that has this name and says nothing else of itself.
constexpr executor_kind natural_kind(std::string_view executor) noexcept {
  return executor == http_executor_name ? executor_kind::http : executor_kind::command;
}

/// What a job needs, on whichever executor; nothing: it runs a task of some program. Programs may leave the
/// task out where the executor says it all.
inline std::optional<executor_kind> kind_of(std::string_view task, std::string_view executor) noexcept {
  if (executor.empty()) return std::nullopt;
  const auto needs = task.empty() ? executor : task;
  if (needs == command_executor_name) return executor_kind::command;
  if (needs == http_executor_name) return executor_kind::http;
  return std::nullopt;
}

inline std::optional<executor_kind> kind_of(const job_definition& job) {
  return kind_of(job.task.str(), job.options->executor);
}
inline bool runs_command(const job_definition& job) { return kind_of(job) == executor_kind::command; }
inline bool sends_request(const job_definition& job) { return kind_of(job) == executor_kind::http; }

}  // namespace carillon::app
