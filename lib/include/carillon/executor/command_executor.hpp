#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <carillon/executor/command_line.hpp>
#include <carillon/executor/executor.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace carillon {

class child_process;  // private: lib/src/executor/child_process.hpp
class mailer;         // private: lib/src/executor/mailer.hpp

/// How a `command_executor` behaves.
struct command_executor_options {
  executor_limits limits{.running = 100, .queued = 1000};
  std::size_t tail_bytes = 1024;  ///< How much of the end of a command's output history keeps.
  bool log_output = true;         ///< Log what a command prints, line by line as it comes, at level info.
  std::string sendmail = "/usr/sbin/sendmail";  ///< Sends what `command_line::mail` asks for: "-i -t".
  std::size_t mail_bytes = 1U << 20;            ///< How much of the end of a command's output a mail holds.
  std::shared_ptr<spdlog::logger> logger;  ///< Told of mails that did not go out; null: spdlog's default.
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
///
/// With `command_line::mail` what a command printed, if anything, is mailed when it has ended, whatever its
/// outcome, and apart from the run: that the mail does not go out is logged, and changes nothing else.
class command_executor final : public executor {
 public:
  explicit command_executor(command_executor_options options = {});
  ~command_executor() override;

  executor_limits limits() const noexcept override { return options_.limits; }
  bool needs_body() const noexcept override { return false; }
  std::optional<std::string> fault_of(const job_definition& job) const override;
  boost::asio::awaitable<void> execute(run& run, const task* body) override;
  /// Waits for mails that are under way, up to ten seconds.
  boost::asio::awaitable<void> close() override;

  /// Sends SIGKILL to all commands that run and to their groups: for a process that is about to end without
  /// waiting for them.
  void kill_all() noexcept;

 private:
  void mail_output(const boost::asio::any_io_executor& here, const run& run, const command_line& command,
                   const std::string& text);

  command_executor_options options_;
  std::set<child_process*> running_;
  std::shared_ptr<mailer> mailer_;
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
