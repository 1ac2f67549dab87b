#pragma once
#include <carillon/lock/lockable.hpp>
#include <cstddef>
#include <memory>
#include <string>

namespace carillon::redis {

class link;
class link_state;
using carillon::held_lock;
using carillon::lock_options;

/// Lets some in at a time, of all that share a Redis and use its name. Each holder has a fence of its own.
///
/// Whoever uses a name says how many places there are. If they do not agree, each lets in as many as it
/// thinks right.
///
/// What a lock guarantees and what not, and what happens when something dies: docs/locks.md.
class semaphore : public lockable {
 public:
  /// Errors: throws `std::invalid_argument` for an empty name or no places.
  semaphore(link& through, std::string name, std::size_t places);

 private:
  void start_lock(lock_options how, std::optional<std::chrono::milliseconds> limit,
                  detail::completion_handler<detail::hold_ptr> done) override;

  std::shared_ptr<link_state> link_;
  std::string name_;
  std::size_t places_;
};

}  // namespace carillon::redis
