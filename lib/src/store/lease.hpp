#pragma once
#include <atomic>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace carillon {

/// The right of one incarnation of this instance to act, by the clock that counts suspend. Once it has ended
/// it never comes back: the instance must join anew, under another id.
///
/// Thread safety: safe.
class lease {
 public:
  /// @param member `member_info::id`.
  lease(std::string member, std::shared_ptr<const clock> time, std::chrono::nanoseconds ends)
      : member_{std::move(member)}, time_{std::move(time)}, ends_{ends.count()} {}

  const std::string& member() const noexcept { return member_; }
  /// When it ends, as far as is known, by `clock::elapsed`.
  std::chrono::nanoseconds ends() const noexcept { return std::chrono::nanoseconds{ends_.load()}; }
  bool good() const noexcept { return time_->elapsed() < ends(); }

  /// False, and nothing changes, when it has ended already: somebody may have acted on that.
  bool renew(std::chrono::nanoseconds until) noexcept {
    auto known = ends_.load();
    while (time_->elapsed().count() < known && known < until.count()) {
      if (ends_.compare_exchange_weak(known, until.count())) return true;
    }
    return time_->elapsed().count() < known;
  }
  void end() noexcept { ends_ = 0; }

 private:
  const std::string member_;
  const std::shared_ptr<const clock> time_;
  std::atomic<std::int64_t> ends_;  // nanoseconds
};

}  // namespace carillon
