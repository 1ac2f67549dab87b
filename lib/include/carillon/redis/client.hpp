#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/redis/lua_script.hpp>
#include <carillon/redis/reply.hpp>
#include <carillon/redis/words.hpp>
#include <chrono>
#include <memory>
#include <string_view>

namespace carillon::redis {

class connection;

/// A connection for scripts and commands of a program's own, kept up as those of the library's stores are: it
/// connects again by itself, every call has a deadline, and what many coroutines ask in one turn of the loop
/// goes out in one write and comes back in order.
///
///     carillon::redis::client redis{link, strand, "reports"};
///     const carillon::redis::words question{"GET", "colour"};
///     const auto answer = co_await redis.command(question);
///
/// Connects when it is first asked something. Errors of calls: throws `system_error` with
/// - `errc::store_unreachable`: no answer in time, the connection lost, or the server says that it cannot
/// now. What was
///   asked may have been done all the same, unless the words say `not sent`.
/// - `errc::store_refused`: the server's own words of why not.
///
/// Cancellation of calls: terminal, partial, total; what was asked may be done all the same. Lifetime:
/// `close` has returned before it is destroyed, or its io_context runs no more; the link outlives it. Thread
/// safety: none; used on the strand it was made for.
class client {
 public:
  /// @param who For CLIENT LIST, which shows `carillon-NAMESPACE-WHO`.
  client(link& through, const loop_executor& where, std::string_view who);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  const loop_executor& get_executor() const noexcept;

  /// Runs a script by its SHA-1; sends the source if the server does not know it (yet, or any more).
  /// Lifetime: keys and arguments are read until it returns.
  loop_awaitable<reply> run(const lua_script& script, const words& keys, const words& arguments);

  /// Any other command that answers once and does not block the connection: the calls behind it would wait.
  /// Lifetime: as above.
  loop_awaitable<reply> command(const words& all);
  /// The same with a time of its own, in place of the link's `command_timeout`.
  loop_awaitable<reply> command(const words& all, std::chrono::milliseconds deadline);

  /// Ends the connection, and every call that waits with `store_unreachable`. May be called twice.
  /// Cancellation: none.
  loop_awaitable<void> close();

 private:
  connection& started();

  std::unique_ptr<connection> wire_;
  bool started_ = false;
};

}  // namespace carillon::redis
