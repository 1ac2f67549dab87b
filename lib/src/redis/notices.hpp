#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/store/job_backend.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "redis/connection.hpp"
#include "redis/keys.hpp"

namespace carillon::redis {

/// Hears what the scripts tell on the channels of a store and of its partitions, and passes it on until it is
/// destroyed.
///
/// Thread safety: none; the strand of the connection, where the listener is called.
class notices {
 public:
  notices(connection& link, const store_keys& keys, std::uint32_t partitions, backend_listener& tell);
  notices(const notices&) = delete;
  notices& operator=(const notices&) = delete;

  /// Returns when it hears, so that nothing is missed that is done afterwards; or after a while all the same.
  loop_awaitable<void> wait_until_heard();

 private:
  void on_message(std::string_view channel, std::string_view message);
  void on_subscribed();

  backend_listener& tell_;
  std::string members_channel_, groups_channel_;
  bool hears_ = false;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      patience_;
  connection::listening subscription_, up_, down_;
};

}  // namespace carillon::redis
