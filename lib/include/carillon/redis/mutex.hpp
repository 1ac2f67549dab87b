#pragma once
#include <carillon/lock/lockable.hpp>
#include <memory>
#include <string>

namespace carillon::redis {

class link;
class link_state;
using carillon::held_lock;
using carillon::lock_options;

/// Lets one in at a time, of all that share a Redis and use its name.
///
///     carillon::redis::mutex inventory{link, "inventory"};
///     auto held = co_await inventory.lock();
///     write_stock(held.fence());
///
/// What a lock guarantees and what not, and what happens when something dies: docs/locks.md.
class mutex : public lockable {
 public:
  /// Errors: throws `std::invalid_argument` for an empty name.
  mutex(link& through, std::string name);

 private:
  void start_lock(lock_options how, std::optional<std::chrono::milliseconds> limit,
                  detail::completion_handler<detail::hold_ptr> done) override;

  std::shared_ptr<link_state> link_;
  std::string name_;
};

}  // namespace carillon::redis
