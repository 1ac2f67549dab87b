#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <carillon/executor/command_line.hpp>
#include <map>
#include <string>

// Each of these holds for every file that includes Process: the static archive's `ext` part, which wants
// Boost.Filesystem, is not used; and a reactor is not told of forks, because the child only calls exec.
#define BOOST_PROCESS_USE_STD_FS 1
#define BOOST_PROCESS_V2_DISABLE_NOTIFY_FORK 1
#include <boost/process/v2/process.hpp>

#include "executor/child_process.hpp"

namespace carillon {

/// An open file that is closed in the end, and on exec.
class open_file {
 public:
  open_file() = default;
  explicit open_file(int number) : number_(number) {}
  open_file(open_file&& other) noexcept : number_(other.release()) {}
  open_file& operator=(open_file&& other) noexcept;
  ~open_file();

  int number() const noexcept { return number_; }
  int release() noexcept;

 private:
  int number_ = -1;
};

/// A child that was started, and the end of the pipe that it writes its standard output and errors into.
struct launched_child {
  boost::process::v2::basic_process<boost::asio::any_io_executor> process;
  open_file output;
};

/// Starts a command as the leader of a new process group, with default signal handlers and no files open but
/// the first three, and the one that `means` names; as another user, if the command says so.
///
/// Errors: throws `failure` named "start".
launched_child launch(const boost::asio::any_io_executor& executor, const command_line& command,
                      const std::map<std::string, std::string>& extra_env,
                      const child_means& means = child_means());

}  // namespace carillon
