#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::testing {

/// A PostgreSQL or MariaDB of a test's own: on a free port of 127.0.0.1, in a folder that goes with it, as an
/// unprivileged user where this is root.
///
/// Every operation returns when it has taken effect, or throws `std::runtime_error` with what the server
/// said.
class sql_server {
 public:
  enum class kind : std::uint8_t { postgresql, mariadb };
  /// @param durable Whether what is committed outlasts the machine; else only the server.
  explicit sql_server(kind what, bool durable = false);
  ~sql_server();
  sql_server(const sql_server&) = delete;
  sql_server& operator=(const sql_server&) = delete;

  /// Of the database that all tests use, with user and password.
  std::string url(std::string_view password = "so;me%20%27pass%27%5C") const;
  std::uint16_t port() const noexcept { return port_; }

  void start();
  void stop();
  void kill() { process_.kill(); }
  /// SIGSTOP: connections stay, answers do not come.
  void pause() const;
  void resume() const;

 private:
  void prepare();
  void prepare_postgresql();
  void prepare_mariadb();
  std::vector<std::string> command() const;
  std::vector<std::string> as_user(std::vector<std::string> command) const;
  void run(const std::vector<std::string>& command, const char* what) const;
  bool answers() const;
  bool has_port() const;
  void signal_all(int number) const;
  std::string said() const;

  kind what_;
  bool durable_;
  temporary_folder folder_;
  std::string user_;  ///< Empty: who runs the test.
  std::uint16_t port_ = 0;
  child process_;
};

}  // namespace carillon::testing
