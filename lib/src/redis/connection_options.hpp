#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace carillon::redis {

class outage;

/// Where a server listens.
struct host_and_port {
  std::string host = "127.0.0.1";
  std::string port = "6379";
  friend bool operator==(const host_and_port&, const host_and_port&) = default;
};

/// Where a Redis is, and who asks: what a URL says.
struct endpoint {
  enum class kind : std::uint8_t { server, sentinel, socket };

  kind what = kind::server;
  std::vector<host_and_port> hosts{{}};  ///< The server; or the sentinels, in the order they are asked.
  std::string master_name;               ///< With sentinels: which of their masters.
  std::string socket_path;               ///< Of a socket of this machine.
  bool tls = false;
  std::string user = "default";
  std::string password;  ///< Empty: none is sent.
  int database = 0;
  std::string sentinel_user = "default";
  std::string sentinel_password;  ///< Empty: none is sent to them.

  /// As a URL, without user and password.
  std::string to_string() const;
  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Files and names of TLS.
struct tls_options {
  std::string authority_file;    ///< PEM; empty: the system's authorities.
  std::string certificate_file;  ///< PEM, the client's own; empty: none is shown.
  std::string key_file;          ///< PEM, of that certificate.
  std::string server_name;       ///< What the server's certificate must say; empty: the host of the endpoint.
  bool verify = true;            ///< False: anybody may say to be the server. For tests.
};

struct connection_options {
  endpoint where;
  tls_options tls;
  std::string client_name = "carillon";  ///< What CLIENT LIST shows.
  std::chrono::milliseconds command_timeout{2000};
  std::chrono::milliseconds connect_timeout{2000};  ///< Of each step: look-up, connect, TLS.
  /// After how long without a word the server is pinged. One that says nothing for twice as long is given up.
  std::chrono::milliseconds health_check_interval{2000};
  std::chrono::milliseconds first_pause{100};  ///< Before connecting again; doubled each time, with jitter.
  std::chrono::milliseconds longest_pause{5000};
  std::shared_ptr<spdlog::logger> logger;  ///< Null: spdlog's default.
  std::shared_ptr<redis::outage> outage;   ///< Shared by the connections of a link; null: one of its own.
};

}  // namespace carillon::redis
