#include "lock/local_keys.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/time/system_clock.hpp>
#include <vector>

#include "lock/lost_waiters.hpp"

namespace carillon {

namespace {

class local_pending final : public detail::pending_key {
 public:
  local_pending(std::shared_ptr<local_keys> of, std::string key, std::uint64_t fence)
      : of_{std::move(of)}, key_{std::move(key)}, fence_{fence} {}
  ~local_pending() override { give_back(); }

  std::uint64_t fence() const noexcept override { return fence_; }
  bool is_good() const noexcept override { return held_; }
  void start_lost(detail::completion_handler<void> done) override {
    lost_.add(std::move(done), of_->where());
  }
  void start_release(detail::completion_handler<bool> done) override { answer(std::move(done), give_back()); }
  void let_go() noexcept override { give_back(); }

  void start_done(milliseconds ttl, detail::completion_handler<bool> done) override {
    const bool was_held = held_.exchange(false);
    if (was_held) {
      lost_.end_given_back();
      of_->mark_done(key_, ttl);
    }
    answer(std::move(done), was_held);
  }

 private:
  void answer(detail::completion_handler<bool> done, bool what) {
    detail::completer<bool> complete{std::move(done), of_->where()};
    complete(std::exception_ptr{}, what);
  }
  bool give_back() {
    const bool was_held = held_.exchange(false);
    if (was_held) {
      lost_.end_given_back();
      of_->free(key_);
    }
    return was_held;
  }

  const std::shared_ptr<local_keys> of_;
  const std::string key_;
  const std::uint64_t fence_;
  std::atomic<bool> held_ = true;
  lost_waiters lost_;
};

}  // namespace

local_keys::local_keys(boost::asio::any_io_executor where, std::shared_ptr<clock> time)
    : where_{std::move(where)}, time_{time ? std::move(time) : system_clock::shared()} {}

void local_keys::claim(std::string key, milliseconds wait, detail::completion_handler<once_claim> done) {
  const auto who = std::make_shared<waiter>(std::move(done), where_);
  who->done.on_cancel([weak = weak_from_this(), asker = std::weak_ptr(who), key] {
    const auto self = weak.lock();
    const auto found = asker.lock();
    if (!self || !found || !self->stop_waiting(key, found)) return;
    const boost::system::system_error cancelled(boost::asio::error::operation_aborted);
    found->done(std::make_exception_ptr(cancelled), once_claim{});
  });
  once_claim answer;
  {
    const std::scoped_lock lock{guard_};
    forget_old();
    const auto found = look(key);
    if (!found && wait > milliseconds{0}) return wait_for(key, who, wait);
    if (found) answer = *found;
  }
  who->done(std::exception_ptr{}, std::move(answer));
}

// None: somebody is at it.
std::optional<once_claim> local_keys::look(const std::string& key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return take(key);
  if (!found->second.done_until) return std::nullopt;
  return once_claim{once_outcome::done_before, nullptr};
}

once_claim local_keys::take(const std::string& key) {
  keys_[key].done_until.reset();
  const auto now = std::max(time_->now().time_since_epoch(), milliseconds{0});
  last_fence_ = std::max(last_fence_ + 1, static_cast<std::uint64_t>(now.count()) * 1000);
  return {once_outcome::ran, std::make_shared<local_pending>(shared_from_this(), key, last_fence_)};
}

void local_keys::forget_old() {
  const auto now = time_->elapsed();
  while (!by_end_.empty() && by_end_.begin()->first <= now) {
    keys_.erase(by_end_.begin()->second);
    by_end_.erase(by_end_.begin());
  }
}

void local_keys::wait_for(const std::string& key, const waiter_ptr& who, milliseconds limit) {
  keys_[key].waiting.push_back(who);
  who->bell.emplace(where_, limit);
  who->bell->async_wait(
      [weak = weak_from_this(), asker = std::weak_ptr(who), key](boost::system::error_code) {
        const auto self = weak.lock();
        const auto found = asker.lock();
        if (self && found && self->stop_waiting(key, found)) found->done(std::exception_ptr{}, once_claim{});
      });
}

bool local_keys::stop_waiting(const std::string& key, const waiter_ptr& who) {
  const std::scoped_lock lock{guard_};
  const auto found = keys_.find(key);
  return found != keys_.end() && std::erase(found->second.waiting, who) > 0;
}

void local_keys::mark_done(const std::string& key, milliseconds ttl) {
  std::list<waiter_ptr> waiting;
  {
    const std::scoped_lock lock{guard_};
    auto& one = keys_[key];
    one.done_until = time_->elapsed() + ttl;
    by_end_.emplace(*one.done_until, key);
    waiting.swap(one.waiting);
  }
  for (const auto& each : waiting)
    each->done(std::exception_ptr{}, once_claim{once_outcome::done_before, nullptr});
}

void local_keys::free(const std::string& key) {
  waiter_ptr next;
  once_claim claim;
  {
    const std::scoped_lock lock{guard_};
    const auto found = keys_.find(key);
    if (found == keys_.end()) return;
    if (found->second.waiting.empty()) {
      keys_.erase(found);
      return;
    }
    next = std::move(found->second.waiting.front());
    found->second.waiting.pop_front();
    claim = take(key);
  }
  next->done(std::exception_ptr{}, std::move(claim));
}

}  // namespace carillon
