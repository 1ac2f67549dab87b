#include "lock/local_places.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/time/system_clock.hpp>
#include <utility>

#include "lock/lost_waiters.hpp"

namespace carillon {

namespace {

class local_hold final : public detail::hold {
 public:
  local_hold(std::shared_ptr<local_places> from, std::uint64_t fence)
      : from_{std::move(from)}, fence_{fence} {}
  ~local_hold() override { give_back(); }

  std::uint64_t fence() const noexcept override { return fence_; }
  bool is_good() const noexcept override { return held_; }
  void start_lost(detail::completion_handler<void> done) override {
    lost_.add(std::move(done), from_->where());
  }
  void start_release(detail::completion_handler<bool> done) override {
    const bool was_held = give_back();
    detail::completer<bool> complete{std::move(done), from_->where()};
    complete(std::exception_ptr{}, was_held);
  }
  void let_go() noexcept override { give_back(); }

 private:
  bool give_back() {
    const bool was_held = held_.exchange(false);
    if (was_held) {
      lost_.end_given_back();
      from_->give_back();
    }
    return was_held;
  }

  const std::shared_ptr<local_places> from_;
  const std::uint64_t fence_;
  std::atomic<bool> held_ = true;
  lost_waiters lost_;
};

// Grows over a restart of the process as well, like the fences of a shared lock.
std::uint64_t clock_fence() {
  const auto now = system_clock::shared()->now().time_since_epoch();
  return static_cast<std::uint64_t>(std::max(now, milliseconds{0}).count()) * 1000;
}

std::exception_ptr cancelled() {
  return std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted));
}

}  // namespace

local_places::local_places(boost::asio::any_io_executor where, std::size_t places)
    : where_{std::move(where)}, free_{places} {}

detail::hold_ptr local_places::next_hold() {
  last_fence_ = std::max(last_fence_ + 1, clock_fence());
  return std::make_shared<local_hold>(shared_from_this(), last_fence_);
}

void local_places::take(std::optional<std::chrono::milliseconds> limit,
                        detail::completion_handler<detail::hold_ptr> done) {
  const auto who = std::make_shared<waiter>(std::move(done), where_);
  who->done.on_cancel([weak = weak_from_this(), asker = std::weak_ptr(who)] {
    const auto self = weak.lock();
    const auto found = asker.lock();
    if (self && found && self->leave_queue(*found)) found->done(cancelled(), detail::hold_ptr{});
  });
  detail::hold_ptr taken;
  const bool at_once = limit && *limit <= std::chrono::milliseconds{0};
  {
    const std::scoped_lock lock{guard_};
    if (free_ > 0) {
      --free_;
      taken = next_hold();
    } else if (!at_once) {
      if (limit) ring_at_limit(who, *limit);
      who->place = queue_.insert(queue_.end(), who);
      who->waits = true;
      return;
    }
  }
  who->done(std::exception_ptr{}, std::move(taken));
}

void local_places::ring_at_limit(const std::shared_ptr<waiter>& who, std::chrono::milliseconds limit) {
  who->bell.emplace(where_, limit);
  who->bell->async_wait([weak = weak_from_this(), asker = std::weak_ptr(who)](boost::system::error_code) {
    const auto self = weak.lock();
    const auto found = asker.lock();
    if (self && found && self->leave_queue(*found)) found->done(std::exception_ptr{}, detail::hold_ptr{});
  });
}

bool local_places::leave_queue(waiter& who) {
  const std::scoped_lock lock{guard_};
  if (!std::exchange(who.waits, false)) return false;
  queue_.erase(who.place);
  return true;
}

void local_places::give_back() {
  std::shared_ptr<waiter> next;
  detail::hold_ptr taken;
  {
    const std::scoped_lock lock{guard_};
    if (queue_.empty()) {
      ++free_;
      return;
    }
    next = std::move(queue_.front());
    queue_.pop_front();
    next->waits = false;
    taken = next_hold();
  }
  next->done(std::exception_ptr{}, std::move(taken));
}

}  // namespace carillon
