#pragma once
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/lock/lockable.hpp>
#include <carillon/redis/link.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

inline const lock_options long_lease{.lease = std::chrono::seconds{60}};  ///< Longer than any test waits.

/// A Redis, a loop, and a link between them.
class redis_lock_world : public loop_world {
 public:
  explicit redis_lock_world(redis_options how = {}) : server{std::move(how)}, link{io, options()} {}

  redis::link_options options() const {
    redis::link_options how;
    how.url = server.url();
    how.name_space = "test";
    how.logger = logger;
    return how;
  }

  /// A coroutine of a user's that has been started, and what became of it.
  struct started {
    bool over = false;
    std::exception_ptr failure;
    boost::asio::cancellation_signal stop;

    void cancel() { stop.emit(boost::asio::cancellation_type::terminal); }
    boost::system::error_code code() const {
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const boost::system::system_error& why) {
        return why.code();
      }
      return {};
    }
  };
  std::shared_ptr<started> start(boost::asio::awaitable<void> work) {
    auto one = std::make_shared<started>();
    auto on_done = [one](std::exception_ptr failure) {
      one->over = true;
      one->failure = std::move(failure);
    };
    boost::asio::co_spawn(io, std::move(work),
                          boost::asio::bind_cancellation_slot(one->stop.slot(), on_done));
    return one;
  }

  /// Runs `work` to its end, and throws what it throws.
  void go(boost::asio::awaitable<void> work) {
    const auto one = start(std::move(work));
    REQUIRE_MESSAGE(until([&] { return one->over; }), "this waits for something that never happens");
    if (one->failure) std::rethrow_exception(one->failure);
  }
  void go_on_for(std::chrono::milliseconds duration) {
    until([] { return false; }, duration);
  }

  static boost::asio::awaitable<void> sleep(std::chrono::milliseconds duration) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, duration);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  redis_server server;
  redis::link link;
};

}  // namespace carillon::testing
