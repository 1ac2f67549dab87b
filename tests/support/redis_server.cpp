#include "support/redis_server.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "support/certificates.hpp"
#include "support/redis_client.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;

namespace {

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>(in), {}};
}

template <typename Condition>
bool within(std::chrono::milliseconds patience, Condition holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace

redis_server::redis_server(redis_options how) : how_{std::move(how)} {
  if (how_.tls) make_certificates(certificates());
  start();
}

redis_server::~redis_server() { process_.kill(); }

std::string redis_server::url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

void redis_server::write_config() const {
  std::ofstream config{folder_.path() / "redis.conf"};
  config << "bind 127.0.0.1\nport " << port_ << "\ndir " << folder_.path().string() << "\nsave \"\"\n"
         << "unixsocket " << socket().string() << "\nrepl-diskless-sync-delay 0\n"
         << "appendonly " << (how_.append_only ? "yes" : "no") << "\nappendfsync everysec\n";
  if (how_.tls) {
    const auto file = [&](const char* name) { return (certificates() / name).string(); };
    config << "tls-port " << tls_port_ << "\ntls-cert-file " << file("server.pem") << "\ntls-key-file "
           << file("server.key") << "\ntls-ca-cert-file " << file("authority.pem")
           << "\ntls-auth-clients optional\n";
  }
  for (const auto& line : how_.config) config << line << '\n';
}

bool redis_server::try_start() {
  write_config();
  const auto log = folder_.path() / "log";
  process_ = child::start({"redis-server", (folder_.path() / "redis.conf").string()}, log);
  const auto answers = [&] {
    if (!process_.running()) return true;
    try {
      const auto answer = cli({"PING"}, 1s);
      if (answer != "PONG") return !answer.starts_with("LOADING");
      // The port may be that of another test's server by now; ours will end then.
      return cli({"INFO", "server"}).find(fmt::format("process_id:{}\r", process_.pid())) !=
             std::string::npos;
    } catch (const std::exception&) {
      return false;
    }
  };
  if (!within(30s, answers)) throw std::runtime_error("redis-server does not answer: " + read_file(log));
  return process_.running();
}

void redis_server::start() {
  const bool same_port = port_ != 0;
  // Somebody may take a free port before the server has it.
  for (int tries = 0; tries < (same_port ? 50 : 10); ++tries) {
    if (!same_port) {
      port_ = free_port();
      if (how_.tls) tls_port_ = free_port();
    }
    if (try_start()) return;
    std::this_thread::sleep_for(50ms);
  }
  throw std::runtime_error("redis-server does not start: " + read_file(folder_.path() / "log"));
}

void redis_server::pause() const { process_.signal(SIGSTOP); }
void redis_server::resume() const { process_.signal(SIGCONT); }

void redis_server::replicate(const redis_server& master) {
  cli({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
  const auto in_step = [&] {
    return cli({"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
  };
  if (!within(30s, in_step))
    throw std::runtime_error("the replica does not come up: " + cli({"INFO", "replication"}));
}

std::string redis_server::cli(const std::vector<std::string>& words,
                              std::chrono::milliseconds patience) const {
  redis_client client{port_, patience};
  if (!how_.password.empty()) client.ask({"AUTH", how_.password});
  return client.ask(words);
}

redis_sentinel::redis_sentinel(const redis_server& master, int quorum) {
  const auto log = folder_.path() / "log";
  for (int tries = 0; tries < 10; ++tries) {
    port_ = free_port();
    std::ofstream{folder_.path() / "sentinel.conf"}
        << "bind 127.0.0.1\nport " << port_ << "\ndir " << folder_.path().string()
        << "\nsentinel monitor main 127.0.0.1 " << master.port() << ' ' << quorum
        << "\nsentinel down-after-milliseconds main 2000\n"
        << "sentinel failover-timeout main 3000\nsentinel parallel-syncs main 1\n";
    process_ = child::start({"redis-sentinel", (folder_.path() / "sentinel.conf").string()}, log);
    const auto answers = [&] {
      try {
        return !process_.running() || cli({"PING"}) == "PONG";
      } catch (const std::exception&) {
        return false;
      }
    };
    if (within(30s, answers) && process_.running()) return;
  }
  throw std::runtime_error("redis-sentinel does not start: " + read_file(log));
}

std::string redis_sentinel::cli(const std::vector<std::string>& words) const {
  return redis_client(port_, 10s).ask(words);
}

bool redis_sentinel::knows_replica() const {
  return within(std::chrono::seconds{30}, [&] {
    const auto replicas = cli({"SENTINEL", "REPLICAS", "main"});
    return replicas.find("master-link-status\nok") != std::string::npos;
  });
}

std::uint16_t redis_sentinel::master_port() const {
  const auto address = cli({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"});
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.find('\n') + 1)));
}

}  // namespace carillon::testing
