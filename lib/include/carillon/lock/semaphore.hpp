#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <carillon/lock/lockable.hpp>
#include <cstddef>
#include <memory>

namespace carillon {

class local_places;  // private: lib/src/lock/local_places.hpp

/// Lets some coroutines of this process in at a time. Its locks are never lost. `redis::semaphore` is the one
/// for all that share a Redis.
class semaphore : public lockable {
 public:
  /// For `places` holders at a time. `where` rings for the waits that have a limit, and completes what was
  /// asked for with a handler that has no executor of its own. Errors: throws `std::invalid_argument` for no
  /// places.
  semaphore(boost::asio::any_io_executor where, std::size_t places);

 private:
  void start_lock(lock_options how, std::optional<std::chrono::milliseconds> limit,
                  detail::completion_handler<detail::hold_ptr> done) override;

  std::shared_ptr<local_places> places_;
};

}  // namespace carillon
