#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/lock/once_keys.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "async/completer.hpp"

namespace carillon {

/// What was done in this process, and what somebody is at. Thread safety: shared objects, safe.
class local_keys : public std::enable_shared_from_this<local_keys> {
 public:
  local_keys(boost::asio::any_io_executor where, std::shared_ptr<clock> time);

  void claim(std::string key, milliseconds wait, detail::completion_handler<once_claim> done);

  /// The holder has done it.
  void mark_done(const std::string& key, milliseconds ttl);
  /// The holder has failed: the first who waits is to do it now.
  void free(const std::string& key);

  const boost::asio::any_io_executor& where() const noexcept { return where_; }

 private:
  using elapsed_time = std::chrono::nanoseconds;
  struct waiter {
    waiter(detail::completion_handler<once_claim> handler, const boost::asio::any_io_executor& otherwise)
        : done{std::move(handler), otherwise} {}
    detail::completer<once_claim> done;
    std::optional<boost::asio::steady_timer> bell;
  };
  using waiter_ptr = std::shared_ptr<waiter>;
  struct entry {
    std::optional<elapsed_time> done_until;  // none: somebody is at it
    std::list<waiter_ptr> waiting;
  };

  std::optional<once_claim> look(const std::string& key);
  once_claim take(const std::string& key);
  void forget_old();
  void wait_for(const std::string& key, const waiter_ptr& who, milliseconds limit);
  bool stop_waiting(const std::string& key, const waiter_ptr& who);

  const boost::asio::any_io_executor where_;
  const std::shared_ptr<clock> time_;
  std::mutex guard_;
  std::uint64_t last_fence_ = 0;
  std::unordered_map<std::string, entry> keys_;
  std::set<std::pair<elapsed_time, std::string>> by_end_;  // of those that are done
};

}  // namespace carillon
