#pragma once
#include <boost/asio/io_context.hpp>
#include <carillon/error.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace carillon::redis {

class link_state;

/// Which Redis, and how to speak to it.
struct link_options {
  /// Where it is:
  ///
  ///     redis://127.0.0.1:6379              redis://user:password@host:6379/2       database 2
  ///     rediss://host:6380                  with TLS
  ///     redis+sentinel://host1,host2:26379/main       the master of that name; rediss+sentinel:// with TLS
  ///     unix:/run/redis/redis.sock
  ///
  /// User and password are percent-encoded where they have characters of their own meaning in a URL. After a
  /// `?` come options, which go before the members of the same names below: `namespace`, `command_timeout`,
  /// `connect_timeout`, `health_check_interval` (as "2s"), `certificate_authority`, `certificate`, `key`,
  /// `server_name`; and `database`, and for the sentinels' own log-in `sentinel_user`, `sentinel_password`.
  std::string url = "redis://127.0.0.1:6379";

  /// Keeps the jobs and locks of one system apart from those of others: 1 to 64 letters, digits, `-`, `_` or
  /// `.`.
  std::string name_space = "default";

  std::string certificate_authority{};  ///< TLS: a PEM file; empty: the system's authorities.
  std::string certificate{};            ///< TLS: a PEM file that this client shows; empty: none.
  std::string key{};                    ///< TLS: the PEM file of that certificate's key.
  std::string server_name{};  ///< TLS: what the server's certificate must say; empty: the host's name.

  std::chrono::milliseconds command_timeout{2000};  ///< How long a command may take, connecting included.
  std::chrono::milliseconds connect_timeout{2000};  ///< How long each step of connecting may take.
  /// A server is pinged when nothing was heard of it for so long, and given up after twice that.
  std::chrono::milliseconds health_check_interval{2000};

  std::shared_ptr<spdlog::logger> logger{};  ///< Null: spdlog's default.
};

/// Options as a URL says them, the rest as they are by default. What it does not say itself is not known:
/// that a host exists, that a password is right.
///
/// Errors: a `parse_error` at the offending character; it never repeats a password.
parse_result<link_options> parse_link_options(std::string_view url);

/// A way to a Redis, for the stores and locks that are made with it. Connects when the first of them needs
/// it, and again by itself when the connection is lost.
///
/// Besides what runs on `io` it has a small thread of its own, which keeps leases alive while a caller blocks
/// its loop; it starts when the first lease is taken.
///
/// Lifetime: `io` outlives the link; the link outlives the stores and locks that are made with it.
/// Thread safety: safe.
class link {
 public:
  /// Errors: throws `std::invalid_argument` (`parse_failure` for the URL) that names the option and its
  /// value.
  link(boost::asio::io_context& io, link_options how);
  /// Ends its thread, and with it the leases: a store that is still open is a member for no longer than its
  /// lease.
  ~link();
  link(const link&) = delete;
  link& operator=(const link&) = delete;

  /// As they are in effect: what the URL says goes before the other members.
  const link_options& options() const noexcept;

  /// The URL without user, password and options: for messages and logs.
  std::string address() const;

  /// For the parts of this library.
  const std::shared_ptr<link_state>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<link_state> state_;
};

}  // namespace carillon::redis
