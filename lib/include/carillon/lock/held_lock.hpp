#pragma once
#include <boost/asio/deferred.hpp>
#include <carillon/lock/detail/hold.hpp>
#include <cassert>
#include <cstdint>
#include <utility>

namespace carillon {

/// Holds a lock, or a place of a semaphore, until it goes.
///
/// Its destructor gives the lock back without waiting for that; `unlock` is for those who want to know. A
/// shared lock is renewed all the while, by a thread of its own, so that a caller that blocks its loop does
/// not lose it. It can be lost all the same: the store may be away for longer than the lease, the machine may
/// sleep. Then `is_good` turns false, at least a tenth of the lease before anybody else can have it, and
/// `lost` completes.
///
/// `is_good` is not a promise about the next statement. Whatever is written under the lock and must not be
/// written by a holder of the past carries `fence()`, and whoever takes it refuses a fence lower than one it
/// has seen.
///
/// Operations take a completion token, by default one that makes them awaitable in any coroutine, and
/// complete on its executor.
///
/// Lifetime: may outlive the lock it came from. Thread safety: distinct objects, safe; shared objects, only
/// the const functions.
class held_lock {
 public:
  /// Holds nothing.
  held_lock() noexcept = default;
  explicit held_lock(detail::hold_ptr what) noexcept : what_{std::move(what)} {}
  held_lock(held_lock&& other) noexcept = default;
  held_lock& operator=(held_lock&& other) noexcept {
    if (this != &other) {
      let_go();
      what_ = std::move(other.what_);
    }
    return *this;
  }
  ~held_lock() { let_go(); }

  /// Whether it holds something, be it lost or not.
  explicit operator bool() const noexcept { return what_ != nullptr; }

  /// Greater than that of every holder before. 0 if it holds nothing.
  std::uint64_t fence() const noexcept { return what_ ? what_->fence() : 0; }

  /// Whether the lock is ours now, as far as one can know without asking. Any thread.
  bool is_good() const noexcept { return what_ && what_->is_good(); }

  /// Gives the lock back and holds nothing afterwards, whatever comes of it. Completes with whether the lock
  /// was ours until then: false says that somebody may have had it meanwhile.
  ///
  /// @pre It holds something.
  /// Errors: `errc::store_unreachable` when the store did not answer for the rest of the lease: the lock was
  /// ours until now, and is free when the lease ends. Cancellation: none; it ends with the lease at the
  /// latest.
  template <typename Token = boost::asio::deferred_t>
  auto unlock(Token&& token = {}) {
    assert(what_ && "unlock() of a held_lock that holds nothing");
    return detail::initiate<bool>(
        token, [what = std::exchange(what_, nullptr)](auto done) { what->start_release(std::move(done)); });
  }

  /// Waits until the lock is lost, at most a tenth of the lease before somebody else may have it.
  ///
  /// @pre It holds something.
  /// Errors: `operation_aborted` when the lock was given back without having been lost.
  /// Cancellation: terminal, partial, total; without effect on the lock.
  template <typename Token = boost::asio::deferred_t>
  auto lost(Token&& token = {}) const {
    assert(what_ && "lost() of a held_lock that holds nothing");
    return detail::initiate<void>(token, [what = what_](auto done) { what->start_lost(std::move(done)); });
  }

 private:
  void let_go() noexcept {
    if (const auto what = std::exchange(what_, nullptr)) what->let_go();
  }

  detail::hold_ptr what_;
};

}  // namespace carillon
