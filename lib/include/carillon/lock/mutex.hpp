#pragma once
#include <carillon/lock/semaphore.hpp>
#include <utility>

namespace carillon {

/// Lets one coroutine of this process in at a time, whichever threads they run on. Its locks are never lost.
/// `redis::mutex` is the one for all that share a Redis.
class mutex : public semaphore {
 public:
  /// `where`: as for a semaphore.
  explicit mutex(boost::asio::any_io_executor where) : semaphore(std::move(where), 1) {}
};

}  // namespace carillon
