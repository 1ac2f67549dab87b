#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/temporary_folder.hpp"

namespace carillon::testing {

/// A child process that does not outlive this one, nor its object.
class child {
 public:
  child() = default;
  child(child&& other) noexcept : pid_{std::exchange(other.pid_, -1)}, status_{other.status_} {}
  child& operator=(child&& other) noexcept;
  ~child() { kill(); }

  /// Starts a program; what it says goes to `log`. Errors: throws `std::runtime_error`.
  static child start(const std::vector<std::string>& command, const std::filesystem::path& log);

  int pid() const noexcept { return pid_; }
  bool running();
  void signal(int number) const;
  /// SIGKILL, and waits for its end. Nothing if it has ended.
  void kill();
  /// SIGTERM, and waits; SIGKILL after a minute.
  void terminate();
  /// What `waitpid` said of the one that ended last.
  int status() const noexcept { return status_; }

 private:
  int pid_ = -1;
  int status_ = 0;
};

struct redis_options {
  bool append_only = false;  ///< Keep what is written, over `stop`, `kill` and `start`.
  bool tls = false;          ///< Listen for TLS on `tls_port()` as well; certificates in `certificates()`.
  std::vector<std::string> config{};  ///< Further lines, as in redis.conf.
  std::string password{};  ///< What the fixture itself logs in with; see `requirepass` in `config`.
};

/// A redis-server of a test's own: on a free port of 127.0.0.1, in a folder that goes with it.
///
/// Every operation returns when it has taken effect, or throws `std::runtime_error` with what the server
/// said.
class redis_server {
 public:
  explicit redis_server(redis_options how = {});
  ~redis_server();
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::uint16_t tls_port() const noexcept { return tls_port_; }
  /// `redis://127.0.0.1:PORT`
  std::string url() const;
  std::filesystem::path socket() const { return folder_.path() / "socket"; }
  /// authority.pem, server.pem, server.key, client.pem, client.key and other-authority.pem, if `tls`.
  std::filesystem::path certificates() const { return folder_.path() / "tls"; }
  int pid() const noexcept { return process_.pid(); }

  /// Again on the same port; with its data if `append_only`.
  void start();
  void stop() { process_.terminate(); }
  void kill() { process_.kill(); }
  void restart() {
    stop();
    start();
  }
  /// SIGSTOP: connections stay, answers do not come.
  void pause() const;
  void resume() const;

  /// Makes it a replica, and waits until it has the data.
  void replicate(const redis_server& master);

  /// Sends a command and returns the answer as redis-cli prints it without a terminal: lists one element a
  /// line, null as nothing. An error answer comes as its words.
  std::string cli(const std::vector<std::string>& words,
                  std::chrono::milliseconds patience = std::chrono::seconds{10}) const;

 private:
  bool try_start();
  void write_config() const;

  redis_options how_;
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  child process_;
};

/// A redis-sentinel that watches one master by the name `main`, with short times: it takes a master for dead
/// after two seconds.
class redis_sentinel {
 public:
  /// @param quorum How many sentinels must agree.
  explicit redis_sentinel(const redis_server& master, int quorum = 1);
  std::uint16_t port() const noexcept { return port_; }
  std::string cli(const std::vector<std::string>& words) const;
  /// Waits until it has found a replica that can take over. False: it has not.
  bool knows_replica() const;
  /// The port of whom it takes for the master now.
  std::uint16_t master_port() const;

 private:
  temporary_folder folder_;
  std::uint16_t port_ = 0;
  child process_;
};

/// A port of 127.0.0.1 on which nobody listens at the moment.
std::uint16_t free_port();

}  // namespace carillon::testing
