#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/http/message.hpp>
#include <carillon/http/tls_options.hpp>
#include <carillon/http/url.hpp>
#include <chrono>
#include <cstddef>
#include <memory>

namespace carillon::http {

/// How a client speaks to its server.
struct client_options {
  tls_options tls{};              ///< Of https.
  std::size_t connections = 256;  ///< At most so many at once; requests beyond wait for one. At least 1.
  milliseconds keep{30'000};      ///< A connection that was not used for so long is not used again.
};

/// Sends requests to one server, http or https, over connections that are kept.
///
/// A request that finds its kept connection ended is sent over a new one: at once if the server cannot have
/// all of it, else only if it is `repeatable`. Redirections are answers like others. Thread safety: none;
/// used on the strand it was made for.
class client {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Of `server`, its target is not used; its user and password become the header Authorization.
  /// Errors: throws `std::invalid_argument` that names the option and its value.
  client(const loop_executor& where, const url& server, client_options how = {});
  /// @pre No request is under way.
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Sends a request, and reads what is answered.
  /// Cancellation: terminal. Before anything was sent that is an answer, `trouble::stopped`; after that it
  /// throws `operation_aborted`, and ends the connection: the server may have it.
  /// Lifetime: `what` is there until it returns.
  loop_awaitable<exchange> ask(const request& what);

  /// Connects and, of https, verifies the server; sends nothing. Errors: throws `std::runtime_error` that
  /// says what is wrong and what would be right. Cancellation: terminal.
  loop_awaitable<void> check(milliseconds connect_timeout);

  /// Ends the connections that are kept and not in use.
  void close();

  /// Ends those that were not used for `client_options::keep`; they are not used again anyhow.
  void close_unused();

  /// When the last request ended; none yet: when it was made.
  time_point last_used() const noexcept;
  /// Requests that wait for a connection or for an answer.
  std::size_t under_way() const noexcept;

 private:
  class state;
  std::unique_ptr<state> state_;
};

}  // namespace carillon::http
