#include "redis/lease.hpp"

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/time/system_clock.hpp>
#include <utility>

#include "redis/lock_clerk.hpp"

namespace carillon::redis {

lease::elapsed_time lease::now() { return system_clock::shared()->elapsed(); }

void lease::extend(elapsed_time asked) {
  if (over_) return;
  const elapsed_time whole = terms_.duration;
  good_until_ = (asked + whole - whole / 10).count();
  renew_at_ = asked + whole / 3;
}

void lease::renew_later() { renew_at_ = now() + elapsed_time{terms_.duration} / 10; }

void lease::end() {
  over_ = true;
  good_until_ = 0;
  lost_.end(nullptr);
}

void lease::end_given_back() {
  over_ = true;
  good_until_ = 0;
  lost_.end_given_back();
}

void lease_hold::start_lost(detail::completion_handler<void> done) {
  lease_->lost().add(std::move(done), desk_->otherwise());
}

void lease_hold::start_release(detail::completion_handler<bool> done) {
  const auto complete = std::make_shared<detail::completer<bool>>(std::move(done), desk_->otherwise());
  if (given_back_.exchange(true)) return (*complete)(std::exception_ptr{}, false);
  const bool open =
      desk_->submit([what = lease_, complete](lock_clerk& clerk) { clerk.give_back(what, complete); });
  if (!open) (*complete)(std::exception_ptr{}, false);
}

void lease_hold::let_go() noexcept {
  if (!given_back_.exchange(true))
    desk_->submit([what = lease_](lock_clerk& clerk) { clerk.give_back(what, nullptr); });
}

void lease_hold::start_done(milliseconds ttl, detail::completion_handler<bool> done) {
  const auto complete = std::make_shared<detail::completer<bool>>(std::move(done), desk_->otherwise());
  if (given_back_.exchange(true)) return (*complete)(std::exception_ptr{}, false);
  const bool open = desk_->submit(
      [what = lease_, ttl, complete](lock_clerk& clerk) { clerk.mark_done(what, ttl, complete); });
  if (!open) (*complete)(std::make_exception_ptr(boost::system::system_error(errc::stopped)), false);
}

}  // namespace carillon::redis
