#pragma once
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" char** environ;

namespace carillon::app {

/// The built program, run by a test. What it writes to standard output and to standard error is read apart.
class program {
 public:
  explicit program(std::vector<std::string> arguments, std::string_view input = {}) {
    int in[2], out[2], err[2];
    REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(err, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&files, out[1], 1);
    ::posix_spawn_file_actions_adddup2(&files, err[1], 2);
    arguments.insert(arguments.begin(), CARILLON_PROGRAM);
    std::vector<char*> argv;
    for (auto& word : arguments) argv.push_back(word.data());
    argv.push_back(nullptr);
    // Who runs the tests may ignore signals that they send (nohup), which a program would inherit.
    posix_spawnattr_t how;
    ::posix_spawnattr_init(&how);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigdefault(&how, &all);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF);
    REQUIRE(::posix_spawn(&id_, CARILLON_PROGRAM, &files, &how, argv.data(), environ) == 0);
    ::posix_spawnattr_destroy(&how);
    ::posix_spawn_file_actions_destroy(&files);
    for (const int end : {in[0], out[1], err[1]}) ::close(end);
    REQUIRE(::write(in[1], input.data(), input.size()) == static_cast<ssize_t>(input.size()));
    ::close(in[1]);
    out_ = out[0];
    err_ = err[0];
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;
  ~program() {
    if (id_ > 0) ::kill(id_, SIGKILL), ::waitpid(id_, nullptr, 0);
    ::close(out_);
    ::close(err_);
  }

  /// Reads on until the output so far (of both kinds) holds `text`, from where the last such wait ended.
  /// False if the program ended without it, or it takes longer than `patience`.
  bool says(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (std::size_t at; (at = said_.find(text, heard_)) == std::string::npos;) {
      if (!read_some(deadline)) return false;
      continue;
    }
    heard_ = said_.find(text, heard_) + text.size();
    return true;
  }

  void signal(int number) {
    if (id_ > 0) ::kill(id_, number);
  }

  /// Waits for its end, and ends it if that takes longer than `patience`. Answers the exit code, or minus the
  /// signal that ended it.
  int ends() {
    while (read_some(std::chrono::steady_clock::now() + patience)) {
    }
    if (!out_over_ || !err_over_) signal(SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(std::exchange(id_, -1), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  const std::string& out() const { return output_; }
  const std::string& err() const { return errors_; }
  /// Both, in the order in which they came.
  const std::string& said() const { return said_; }

 private:
  static constexpr std::chrono::seconds patience{120};  // Of a machine that has much else to do.

  bool read_some(std::chrono::steady_clock::time_point deadline) {
    pollfd ends[2] = {{out_over_ ? -1 : out_, POLLIN, 0}, {err_over_ ? -1 : err_, POLLIN, 0}};
    if (out_over_ && err_over_) return false;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    const int ready = ::poll(ends, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR) return true;  // A signal of another test's child, say.
    if (ready <= 0) return false;
    if (ends[0].revents != 0) out_over_ = !take(out_, output_);
    if (ends[1].revents != 0) err_over_ = !take(err_, errors_);
    return true;
  }

  bool take(int from, std::string& into) {
    char bytes[4096];
    const auto count = ::read(from, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    into.append(bytes, static_cast<std::size_t>(count));
    said_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  pid_t id_ = -1;
  int out_ = -1, err_ = -1;
  bool out_over_ = false, err_over_ = false;
  std::string output_, errors_, said_;
  std::size_t heard_ = 0;
};

using arguments = std::vector<std::string>;

/// How the program ended, and what it wrote.
struct answered {
  int code;
  std::string out;
  std::string err;
  boost::json::object object() const { return boost::json::parse(out).as_object(); }
};

/// Runs the program until it ends.
inline answered ask(arguments words, std::string_view input = {}) {
  program asked{std::move(words), input};
  const auto code = asked.ends();
  return {code, asked.out(), asked.err()};
}

}  // namespace carillon::app
