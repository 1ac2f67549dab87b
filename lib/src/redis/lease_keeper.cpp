#include "redis/lease_keeper.hpp"

#include <algorithm>
#include <utility>

namespace carillon::redis {

lease_keeper::lease_keeper(const loop_executor& where, std::function<void(lease_ptr)> renew)
    : bell_{where}, renew_{std::move(renew)} {}

void lease_keeper::add(const lease_ptr& what) {
  looks_.emplace(what.get(), kept{what, lease::elapsed_time{0}});
  look_after(what);
  arm();
}

void lease_keeper::remove(const lease_ptr& what) {
  const auto found = looks_.find(what.get());
  if (found == looks_.end()) return;
  by_time_.erase(look{found->second.at, what.get()});
  looks_.erase(found);
}

void lease_keeper::renewed(const lease_ptr& what) {
  what->renewing = false;
  if (!looks_.contains(what.get())) return;
  look_after(what);
  arm();
}

void lease_keeper::end_all() {
  by_time_.clear();
  for (const auto& [key, each] : std::exchange(looks_, {})) each.what->end();
  bell_.cancel();
}

void lease_keeper::look_after(const lease_ptr& what) {
  auto& one = looks_.at(what.get());
  by_time_.erase(look{one.at, what.get()});
  one.at = what->renewing ? what->good_until() : std::min(what->good_until(), what->renew_at());
  by_time_.emplace(one.at, what.get());
}

void lease_keeper::look_around() {
  const auto now = lease::now();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const auto what = looks_.at(by_time_.begin()->second).what;
    if (!what->is_good()) {
      remove(what);
      what->end();
    } else {
      what->renewing = true;
      look_after(what);
      renew_(what);
    }
  }
}

// One timer for all: the leases of a process are many, and mostly given back before they need renewal.
void lease_keeper::arm() {
  if (by_time_.empty() || by_time_.begin()->first >= armed_for_) return;
  armed_for_ = by_time_.begin()->first;
  bell_.expires_after(armed_for_ - lease::now());
  bell_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    armed_for_ = lease::elapsed_time::max();
    look_around();
    arm();
  });
}

}  // namespace carillon::redis
