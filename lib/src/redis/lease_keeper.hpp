#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>

#include "redis/lease.hpp"

namespace carillon::redis {

/// Sees to it that leases are renewed in time, and that those that were not end in time.
///
/// Thread safety: none; used on its strand.
class lease_keeper {
 public:
  /// `renew` begins to renew a lease; `renewed` is called when that is over.
  lease_keeper(const loop_executor& where, std::function<void(lease_ptr)> renew);

  void add(const lease_ptr& what);
  /// Nothing if it is not kept.
  void remove(const lease_ptr& what);
  /// The attempt to renew it is over, well or not.
  void renewed(const lease_ptr& what);
  /// Ends all of them, as lost.
  void end_all();

  std::size_t size() const noexcept { return looks_.size(); }

 private:
  using look = std::pair<lease::elapsed_time, lease*>;

  void look_after(const lease_ptr& what);
  void look_around();
  void arm();

  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      bell_;
  const std::function<void(lease_ptr)> renew_;
  struct kept {
    lease_ptr what;
    lease::elapsed_time at;
  };
  std::unordered_map<lease*, kept> looks_;
  std::set<look> by_time_;
  lease::elapsed_time armed_for_ = lease::elapsed_time::max();
};

}  // namespace carillon::redis
