#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <utility>

#include "redis/lock_clerk.hpp"

namespace carillon::redis {

/// A question under way, and who waits for its answer.
struct lock_clerk::asker {
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  asker(const loop_executor& where, desk_question what)
      : question{std::move(what)}, bell{where}, limit_bell{where} {}

  /// Something may have changed.
  void wake() {
    woken = true;
    bell.cancel();
  }

  desk_question question;
  timer bell;        // when to ask again
  timer limit_bell;  // when to wait no longer
  bool woken = false;
  bool over = false;          // answered; what is in Redis is to be taken back
  bool answered = false;      // by Redis, the last time it was asked
  bool may_be_there = false;  // it may have left something in Redis
};

/// What Redis said to a question.
struct lock_clerk::verdict {
  enum class kind : std::uint8_t { yes, no, done, later, unreachable, refused };
  kind what = kind::unreachable;
  std::int64_t number = 0;  // yes: the fence; later: when, in ms, or -1
  bool repeated = false;    // an earlier time it may have been heard without being answered
  std::exception_ptr failure;
};

}  // namespace carillon::redis
