#pragma once
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "async/completer.hpp"

namespace carillon {

/// Those who wait to hear that something is lost. Thread safety: shared objects, safe.
class lost_waiters {
 public:
  /// Completes once it has ended, at once if it has.
  void add(detail::completion_handler<void> done, const boost::asio::any_io_executor& otherwise);

  /// Null: it was lost. Only the first outcome counts.
  void end(std::exception_ptr outcome);
  /// Ends it as given back: `operation_aborted`.
  void end_given_back();

 private:
  struct state {
    std::mutex guard;
    std::optional<std::exception_ptr> outcome;
    std::vector<std::shared_ptr<detail::completer<void>>> waiting;
  };
  const std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace carillon
