#pragma once
#include <atomic>
#include <carillon/lock/detail/hold.hpp>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <carillon/redis/lua_script.hpp>
#include <carillon/redis/words.hpp>
#include "lock/lost_waiters.hpp"

namespace carillon::redis {

class lock_desk;

/// What the scripts of a lock, or of a key that is to be done once, are called with.
struct lock_terms {
  words keys;
  std::string token;
  milliseconds duration{0};           ///< Of the lease.
  const lua_script* renew = nullptr;  ///< Answers `held`, or anything else when it is lost.
  words renew_with;
  const lua_script* leave = nullptr;  ///< Answers `released` if it was held until then.
  words leave_with;
};

/// A lease in Redis as this process knows it: it counts from when it was asked for, and ends a tenth early,
/// so that it is over here before it is over there. Measured by a clock that goes on while the machine
/// sleeps.
///
/// Thread safety: the const functions and `lost`, any thread; the rest on the strand of its desk.
class lease {
 public:
  using elapsed_time = std::chrono::nanoseconds;

  lease(lock_terms terms, std::uint64_t fence) : terms_{std::move(terms)}, fence_{fence} {}

  static elapsed_time now();

  const lock_terms& terms() const noexcept { return terms_; }
  std::uint64_t fence() const noexcept { return fence_; }
  bool is_good() const noexcept { return now() < good_until(); }
  elapsed_time good_until() const noexcept { return elapsed_time{good_until_.load()}; }
  elapsed_time renew_at() const noexcept { return renew_at_; }
  lost_waiters& lost() noexcept { return lost_; }

  /// Redis has given it at a question that was asked at `asked`. Nothing if it is over.
  void extend(elapsed_time asked);
  /// Redis did not answer.
  void renew_later();
  /// It is over: lost if nobody has given it back before.
  void end();
  void end_given_back();

  bool renewing = false;

 private:
  const lock_terms terms_;
  const std::uint64_t fence_;
  std::atomic<elapsed_time::rep> good_until_ = 0;
  elapsed_time renew_at_{0};
  bool over_ = false;
  lost_waiters lost_;
};
using lease_ptr = std::shared_ptr<lease>;

/// What a guard has of a lease. When it goes, the lease is given back.
class lease_hold final : public detail::pending_key {
 public:
  lease_hold(std::shared_ptr<lock_desk> desk, lease_ptr what)
      : desk_{std::move(desk)}, lease_{std::move(what)} {}
  ~lease_hold() override { let_go(); }

  std::uint64_t fence() const noexcept override { return lease_->fence(); }
  bool is_good() const noexcept override { return !given_back_ && lease_->is_good(); }
  void start_lost(detail::completion_handler<void> done) override;
  void start_release(detail::completion_handler<bool> done) override;
  void let_go() noexcept override;
  void start_done(milliseconds ttl, detail::completion_handler<bool> done) override;

 private:
  const std::shared_ptr<lock_desk> desk_;
  const lease_ptr lease_;
  std::atomic<bool> given_back_ = false;
};

}  // namespace carillon::redis
