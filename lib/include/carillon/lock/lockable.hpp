#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/lock/detail/grant.hpp>
#include <carillon/lock/detail/work.hpp>
#include <carillon/lock/held_lock.hpp>
#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

namespace carillon {

/// How a lock is taken. Locks of one process need none of it.
struct lock_options {
  /// After how long a holder that says nothing any more has lost it, 100 ms at least. It is renewed every
  /// third. Also how long a waiter that died can hold up those behind it.
  std::chrono::milliseconds lease{10'000};
};

/// What can be locked: a mutex, which has one holder at a time, or a semaphore, which has some. Code that
/// takes a `lockable&` works within a process and across all that share a Redis.
///
/// Waiters are served in the order in which they came. Operations take a completion token, by default one
/// that makes them awaitable in any coroutine, and complete on its executor.
///
/// Errors of shared locks, by all operations: `errc::store_refused`, with the store's words;
/// `std::invalid_argument` for options out of range. Cancellation: terminal, partial, total: a waiter that is
/// cancelled leaves the queue, and what it may just have been given is given back. Thread safety: shared
/// objects, safe. Locks and their waiters may outlive it.
class lockable {
 public:
  virtual ~lockable() = default;

  /// Waits until the lock is ours. An outage of the store is waited through, without losing the place in the
  /// queue if it is shorter than the lease.
  template <typename Token = boost::asio::deferred_t>
  auto lock(lock_options how, Token&& token = {}) {
    return detail::initiate<held_lock>(token, [this, how](auto done) {
      start_lock(how, std::nullopt, detail::deliver_lock(std::move(done)));
    });
  }
  auto lock() { return lock(lock_options(), boost::asio::deferred); }

  /// Waits for the lock, no longer than `limit`: then answers none, and has left the queue.
  /// Errors: `errc::store_unreachable` when the store cannot be reached at that time.
  template <typename Token = boost::asio::deferred_t>
  auto try_lock_for(std::chrono::milliseconds limit, lock_options how, Token&& token = {}) {
    return detail::initiate<std::optional<held_lock>>(token, [this, limit, how](auto done) {
      start_lock(how, limit, detail::deliver_optional(std::move(done)));
    });
  }
  auto try_lock_for(std::chrono::milliseconds limit) {
    return try_lock_for(limit, lock_options(), boost::asio::deferred);
  }

  /// Takes the lock if it is free and nobody waits for it. Errors: `errc::store_unreachable`.
  template <typename Token = boost::asio::deferred_t>
  auto try_lock(lock_options how, Token&& token = {}) {
    return try_lock_for(std::chrono::milliseconds(0), how, std::forward<Token>(token));
  }
  auto try_lock() { return try_lock(lock_options(), boost::asio::deferred); }

  /// Locks, does `work`, and unlocks; answers what `work` answers. `work` is called as `work(held)`, with a
  /// `const held_lock&`, or as `work()`; it returns an awaitable, which is cancelled when the lock is lost,
  /// or is a plain function, which cannot be.
  ///
  /// Errors: those of `lock`; `errc::lock_lost` if the lock was lost before the work had ended, whatever
  /// became of it; what the work throws. Cancellation: terminal; reaches the work.
  template <typename Work>
  auto run_locked(Work work, lock_options how = lock_options())
      -> boost::asio::awaitable<detail::outcome_of<Work>> {
    auto held = co_await lock(how);
    if constexpr (std::is_void_v<detail::outcome_of<Work>>) {
      co_await detail::do_held(held, work);
      detail::throw_if_lost(held);
    } else {
      auto answer = co_await detail::do_held(held, work);
      detail::throw_if_lost(held);
      co_return answer;
    }
  }

 protected:
  lockable() = default;
  lockable(const lockable&) = default;
  lockable& operator=(const lockable&) = default;

 private:
  /// Completes with null when `limit` has passed. Without one it waits for ever.
  virtual void start_lock(lock_options how, std::optional<std::chrono::milliseconds> limit,
                          detail::completion_handler<detail::hold_ptr> done) = 0;
};

}  // namespace carillon
