#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "push/push.hpp"

namespace carillon::pushes {

/// How an attempt to deliver ended.
struct delivered {
  enum class kind : std::uint8_t {
    ok,     ///< The receiver has it.
    again,  ///< Not now: worth another attempt.
    /// Nothing was sent, for nobody could be reached, or nothing more could be opened: no attempt. It is
    /// tried again for as long as the push is worth sending, however often that is.
    away,
    never,  ///< The receiver will not have it, however often it is asked.
  };
  kind what = kind::ok;
  std::string why{};  ///< Of what is not `ok`, for people: "500 Internal Server Error".
  std::optional<milliseconds> retry_after{};  ///< Of `again`: how long the receiver wants to be left alone.
  /// Of `again`: it may have arrived all the same, so that the next attempt may be a repeat.
  bool unsure = false;

  static delivered again(std::string reason, std::optional<milliseconds> after = std::nullopt) {
    return {kind::again, std::move(reason), after};
  }
  static delivered away(std::string reason) { return {kind::away, std::move(reason), std::nullopt}; }
  static delivered never(std::string reason) { return {kind::never, std::move(reason), std::nullopt}; }
};

/// A way by which pushes reach their recipients. To add one, implement this.
///
/// Many deliveries are under way at once, never more than the service's `concurrency`. Everything runs on the
/// service's strand, so an implementation needs no locks. Lifetime: until `close` has returned.
class delivery {
 public:
  virtual ~delivery() = default;

  /// Delivers one push, and answers when the receiver has said what became of it. Times are limited here: the
  /// service waits for as long as this takes, and renews the reservation meanwhile.
  ///
  /// Errors: what it throws counts as `again`, `unsure`, with its words. Cancellation: terminal; what was
  /// under way may have arrived. Lifetime: `what` is there until it returns.
  virtual loop_awaitable<delivered> deliver(const push& what) = 0;

  /// Finds out whether deliveries could work, without delivering anything: throws `std::runtime_error` or
  /// `system_error` that says what is wrong and what would be right.
  virtual loop_awaitable<void> check() = 0;

  /// Ends what is kept open. Nothing is delivered any more. Called once, after the last `deliver` has
  /// returned.
  virtual loop_awaitable<void> close() = 0;

  /// What it is, for the log: "webhook http://127.0.0.1:9000/push". Never a password.
  virtual std::string describe() const = 0;

 protected:
  delivery() = default;
  delivery(const delivery&) = default;
  delivery& operator=(const delivery&) = default;
};

}  // namespace carillon::pushes
