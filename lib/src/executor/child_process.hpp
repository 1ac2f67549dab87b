#pragma once
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/executor/command_line.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace carillon {

/// How a child process ended.
struct child_end {
  int status = 0;         ///< As waitpid(2) gives it.
  bool asked_to = false;  ///< `stop` was called while it ran.
  bool killed = false;    ///< SIGTERM was not enough.
};

/// What only some children need.
struct child_means {
  std::string program;  ///< The file that is executed, whatever the first word calls it; empty: that word's.
  int kept_open = -1;   ///< An open file that the child finds open under the same number.
};

/// A child process in a process group of its own, whose output is read as it comes.
///
/// The whole group gets the signals. What the child leaves running in the background when it ends by itself
/// is left alone, and does not keep `async_wait` from completing, even if it holds on to the child's output.
/// A child that is destroyed while it runs is killed. Thread safety: none; used on the executor it was
/// started with.
class child_process : public std::enable_shared_from_this<child_process> {
 public:
  using output_listener = std::function<void(std::string_view bytes)>;
  using end_handler = boost::asio::any_completion_handler<void(child_end)>;

  /// Starts the command, with `extra_env` over its environment.
  ///
  /// Errors: throws `failure` named "start" if there is no such program, no such directory, or the system
  /// refuses.
  static std::shared_ptr<child_process> start(const boost::asio::any_io_executor& executor,
                                              const command_line& command,
                                              const std::map<std::string, std::string>& extra_env,
                                              output_listener on_output,
                                              const child_means& means = child_means());
  virtual ~child_process() = default;

  /// Waits until it has ended and its output has been read.
  ///
  /// Cancellation: terminal, partial and total call `stop`; it completes all the same with the child's end.
  template <boost::asio::completion_token_for<void(child_end)> Token = boost::asio::deferred_t>
  auto async_wait(Token&& token = {}) {
    return boost::asio::async_initiate<Token, void(child_end)>(
        [self = shared_from_this()](auto handler) { self->wait(end_handler{std::move(handler)}); }, token);
  }

  /// Ends it: SIGTERM to its group now, SIGKILL when `kill_after` has passed and some of it still runs.
  virtual void stop() = 0;

  /// Sends SIGKILL to its group.
  virtual void kill() noexcept = 0;

  /// Its number; of one that has ended perhaps somebody else's.
  virtual int number() const noexcept = 0;

  /// Hands over what the child has printed up to now, then calls `done`, never within this call. One at a
  /// time.
  virtual void flush(std::function<void()> done) = 0;

  /// Reads no output for a while: what the child then prints waits in the pipe, and the child with it. Called
  /// by the listener.
  virtual void rest(milliseconds time) noexcept = 0;

 private:
  virtual void wait(end_handler handler) = 0;
};

/// The file that a program's name leads to: the name itself if it holds a '/', else the first executable file
/// in the absolute directories of `path`; empty if there is none.
std::string find_program(const std::string& name, std::string_view path);

}  // namespace carillon
