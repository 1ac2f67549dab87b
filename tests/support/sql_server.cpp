#include "support/sql_server.hpp"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace carillon::testing {

using namespace std::chrono_literals;

namespace {

constexpr const char* password_of_tests = "so;me 'pass'\\";

/// The folder of PostgreSQL's programs: Debian keeps each version in one of its own.
std::filesystem::path postgresql_programs() {
  std::vector<std::filesystem::path> found;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator{"/usr/lib/postgresql", none})
    if (std::filesystem::exists(version.path() / "bin" / "initdb")) found.push_back(version.path() / "bin");
  if (found.empty()) throw std::runtime_error("there is no PostgreSQL; cmake/packages.sh names its package");
  return *std::ranges::max_element(found);
}

}  // namespace

sql_server::sql_server(kind what, bool durable) : what_{what}, durable_{durable} {
  if (::geteuid() == 0) user_ = what == kind::postgresql ? "postgres" : "mysql";
  prepare();
  start();
}

sql_server::~sql_server() { process_.kill(); }

std::string sql_server::url(std::string_view password) const {
  const auto where = ":" + std::string{password} + "@127.0.0.1:" + std::to_string(port_) + "/" +
                     (what_ == kind::postgresql ? "postgres" : "tests");
  return (what_ == kind::postgresql ? "postgresql://tester" : "mysql://tester") + where;
}

void sql_server::prepare() {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
  const auto data = folder_.path() / "data";
  std::filesystem::create_directory(data);
  std::filesystem::permissions(data, std::filesystem::perms{0700});
  if (!user_.empty()) {
    const auto* const user = ::getpwnam(user_.c_str());
    if (!user) throw std::runtime_error("there is no user " + user_);
    if (::chown(data.c_str(), user->pw_uid, user->pw_gid) != 0)
      throw std::runtime_error("the folder cannot be given to " + user_);
  }
  if (what_ == kind::postgresql)
    prepare_postgresql();
  else
    prepare_mariadb();
}

void sql_server::prepare_postgresql() {
  const auto secret = folder_.write("password", password_of_tests);
  std::filesystem::permissions(secret, std::filesystem::perms{0644});
  run(as_user({postgresql_programs() / "initdb", "--pgdata=" + folder_.path("data"), "--username=tester",
               "--pwfile=" + secret, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"}),
      "initdb");
}

void sql_server::prepare_mariadb() {
  run(as_user({"mariadb-install-db", "--no-defaults", "--datadir=" + folder_.path("data"),
               "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-log-bin"}),
      "mariadb-install-db");
  const auto begin =
      folder_.write("begin.sql",
                    "CREATE DATABASE IF NOT EXISTS tests;\n"
                    "CREATE USER IF NOT EXISTS tester@'127.0.0.1' IDENTIFIED BY 'so;me \\'pass\\'\\\\';\n"
                    "CREATE USER IF NOT EXISTS tester@localhost IDENTIFIED BY 'so;me \\'pass\\'\\\\';\n"
                    "GRANT ALL ON tests.* TO tester@'127.0.0.1';\n"
                    "GRANT ALL ON tests.* TO tester@localhost;\n");
  std::filesystem::permissions(begin, std::filesystem::perms{0644});
}

std::vector<std::string> sql_server::as_user(std::vector<std::string> command) const {
  if (user_.empty()) return command;
  std::vector<std::string> all{"setpriv", "--reuid=" + user_, "--regid=" + user_, "--clear-groups",
                               "--pdeathsig=KILL"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::vector<std::string> sql_server::command() const {
  const auto data = folder_.path("data");
  const auto port = std::to_string(port_);
  if (what_ == kind::postgresql)
    return as_user({postgresql_programs() / "postgres", "-D", data, "-p", port, "-c",
                    "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                    std::string{"fsync="} + (durable_ ? "on" : "off"), "-c", "max_connections=60"});
  return as_user({"mariadbd", "--no-defaults", "--datadir=" + data, "--port=" + port,
                  "--bind-address=127.0.0.1", "--socket=" + data + "/socket", "--pid-file=" + data + "/pid",
                  "--skip-log-bin", "--skip-name-resolve",
                  durable_ ? "--debug-no-sync=OFF" : "--debug-no-sync", "--innodb-buffer-pool-size=64M",
                  std::string{"--innodb-flush-log-at-trx-commit="} + (durable_ ? "1" : "2"),
                  "--init-file=" + folder_.path("begin.sql")});
}

void sql_server::run(const std::vector<std::string>& command, const char* what) const {
  auto working = child::start(command, folder_.path() / "log");
  const auto end = std::chrono::steady_clock::now() + 120s;
  while (working.running()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error(std::string{what} + " does not end");
    std::this_thread::sleep_for(10ms);
  }
  if (working.status() != 0) throw std::runtime_error(std::string{what} + " failed: " + said());
}

std::string sql_server::said() const {
  std::ifstream in{folder_.path() / "log"};
  return {std::istreambuf_iterator<char>(in), {}};
}

bool sql_server::answers() const {
  std::vector<std::string> asks;
  if (what_ == kind::postgresql)
    asks = {postgresql_programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)};
  else
    asks = {"mariadb-admin", "--no-defaults",
            "-utester",      std::string{"-p"} + password_of_tests,
            "-h127.0.0.1",   "-P" + std::to_string(port_),
            "ping"};
  try {
    run(asks, "the question whether it answers");
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// Another test's server may have the port by now: ours says in a file of its own that it has it. PostgreSQL
/// writes "ready" there then; MariaDB writes the file only then.
bool sql_server::has_port() const {
  std::ifstream in{folder_.path() / "data" / (what_ == kind::postgresql ? "postmaster.pid" : "pid")};
  const std::string said{std::istreambuf_iterator<char>(in), {}};
  return said.starts_with(std::to_string(process_.pid()) + "\n") &&
         (what_ == kind::mariadb || said.find("\nready") != std::string::npos);
}

void sql_server::start() {
  const bool same_port = port_ != 0;
  // Somebody may take a free port before the server has it.
  for (int tries = 0; tries < 5; ++tries) {
    if (!same_port) port_ = free_port();
    process_ = child::start(command(), folder_.path() / "log");
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (process_.running() && std::chrono::steady_clock::now() < end) {
      if (has_port() && answers() && process_.running()) return;
      std::this_thread::sleep_for(20ms);
    }
    process_.kill();
  }
  throw std::runtime_error("the server does not answer: " + said());
}

void sql_server::stop() {
  // PostgreSQL waits for all clients to leave when it is sent SIGTERM.
  if (what_ == kind::postgresql) process_.signal(SIGINT);
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (what_ == kind::postgresql && process_.running() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(5ms);
  process_.terminate();
}

void sql_server::pause() const { signal_all(SIGSTOP); }
void sql_server::resume() const { signal_all(SIGCONT); }

/// PostgreSQL has a process for each connection, children of the one that was started.
void sql_server::signal_all(int number) const {
  const auto pid = std::to_string(process_.pid());
  std::ifstream children{"/proc/" + pid + "/task/" + pid + "/children"};
  process_.signal(number);
  for (int one = 0; children >> one;) ::kill(one, number);
}

}  // namespace carillon::testing
