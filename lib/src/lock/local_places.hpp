#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/lock/detail/hold.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "async/completer.hpp"

namespace carillon {

/// The places of a semaphore of this process, and the queue for them. Thread safety: shared objects, safe.
class local_places : public std::enable_shared_from_this<local_places> {
 public:
  local_places(boost::asio::any_io_executor where, std::size_t places);

  void take(std::optional<std::chrono::milliseconds> limit,
            detail::completion_handler<detail::hold_ptr> done);

  /// A holder has gone: the first who waits has the place now.
  void give_back();

  const boost::asio::any_io_executor& where() const noexcept { return where_; }

 private:
  struct waiter {
    waiter(detail::completion_handler<detail::hold_ptr> handler,
           const boost::asio::any_io_executor& otherwise)
        : done{std::move(handler), otherwise} {}
    detail::completer<detail::hold_ptr> done;
    std::optional<boost::asio::steady_timer> bell;
    bool waits = false;
    std::list<std::shared_ptr<waiter>>::iterator place;  // in the queue, while it waits
  };

  detail::hold_ptr next_hold();
  bool leave_queue(waiter& who);
  void ring_at_limit(const std::shared_ptr<waiter>& who, std::chrono::milliseconds limit);

  const boost::asio::any_io_executor where_;
  std::mutex guard_;
  std::size_t free_;
  std::uint64_t last_fence_ = 0;
  std::list<std::shared_ptr<waiter>> queue_;
};

}  // namespace carillon
