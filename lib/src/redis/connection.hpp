#pragma once
#include <carillon/async/loop.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <carillon/redis/lua_script.hpp>
#include <carillon/redis/reply.hpp>
#include <carillon/redis/words.hpp>
#include "redis/connection_options.hpp"

namespace carillon::redis {

/// One connection to a Redis, kept up for as long as it is wanted: it connects again by itself, with growing
/// pauses and jitter, and finds out by ping when the server says no more.
///
/// Calls of many coroutines go out together and are answered in the order in which they were made. Each has a
/// deadline: a call made while the server is away waits for it only that long.
///
/// Errors of calls: throws `system_error` with
/// - `errc::store_unreachable`: no answer in time, or the connection was lost, or the server cannot now (it
///   loads its data, is a replica since a moment ago). What was asked may have been done all the same, unless
///   the words say `not sent`.
/// - `errc::store_refused`: the server's own words of why not, as `WRONGTYPE Operation against a key …`.
///
/// Cancellation of calls: terminal, partial, total. What was asked may be done all the same.
/// Lifetime: `stop()` has returned before it is destroyed, or its io_context runs no more.
/// Thread safety: none; used on the strand it was made for.
class connection {
 public:
  using milliseconds = std::chrono::milliseconds;
  /// Keeps a listener or a subscription for as long as it lives. Let go on the strand.
  using listening = std::shared_ptr<void>;

  connection(const loop_executor& where, connection_options how);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  const loop_executor& get_executor() const noexcept;
  const connection_options& options() const noexcept;

  /// Begins to connect. Once.
  void start();

  /// Ends the connection and every call that waits (`store_unreachable`), and returns when nothing of it is
  /// left on the strand. May be called without a start, and twice. Cancellation: none.
  loop_awaitable<void> stop();

  /// Whether the server has answered since it was last connected to, and has not been lost since.
  bool is_up() const noexcept;
  /// Why it is not up, in words; empty when it is.
  const std::string& why_down() const noexcept;

  /// Returns when the connection is up. Errors: `store_unreachable`, with the reason, at the deadline.
  loop_awaitable<void> wait_until_up(milliseconds deadline);

  /// Called each time the connection has come up, before calls that waited are sent. Must not throw.
  [[nodiscard]] listening on_up(std::function<void()> listener);
  /// Called each time the connection has gone, after the calls under way have failed. Must not throw.
  [[nodiscard]] listening on_down(std::function<void()> listener);

  /// Runs a script by its SHA-1; loads it if the server does not know it (yet, or any more).
  /// Lifetime: keys and arguments are read until it returns.
  loop_awaitable<reply> run(const lua_script& script, const words& keys, const words& arguments);

  /// Any other command that answers once and does not block the connection: the calls behind it would wait.
  /// Lifetime: as above.
  loop_awaitable<reply> command(const words& all);
  loop_awaitable<reply> command(const words& all, milliseconds deadline);

  /// What is done with messages. Called on the strand, in the order of their publishing. Must not throw.
  struct message_handlers {
    std::function<void(std::string_view channel, std::string_view message)> on_message;
    /// Called each time the subscription has come into force, at first and after every loss of the
    /// connection: what was published until now may have been missed, what is published from now on will be
    /// told.
    std::function<void()> on_subscribed;
  };
  /// Listens to channels until the result is let go. The first one opens a second connection to the server,
  /// so that messages and answers never wait for each other.
  [[nodiscard]] listening subscribe(std::vector<std::string> channels, message_handlers handlers);

 private:
  class wire;
  std::shared_ptr<wire> wire_;
  std::shared_ptr<wire> ear_;  // for subscriptions
};

}  // namespace carillon::redis
