#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <carillon/lock/detail/hold.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace carillon {

/// What became of `once`.
enum class once_outcome : std::uint8_t {
  ran,          ///< This call did the work.
  done_before,  ///< Somebody did, not longer ago than the time to live they gave it.
  busy,         ///< Somebody is at it: it may still fail.
};

struct once_options {
  /// After how long a worker that says nothing any more has lost the key, 100 ms at least. Renewed every
  /// third.
  std::chrono::milliseconds lease{10'000};
  /// How long to wait for somebody who is at it: for the end of it, or to take over. 0: not at all.
  std::chrono::milliseconds wait{0};
};

/// What a claim of a key found.
struct once_claim {
  once_outcome what = once_outcome::busy;
  std::shared_ptr<detail::pending_key> mine;  ///< With `ran`: the key is to be done by the caller.
};

/// Keeps which keys were done, and which somebody is at. Code that takes a `once_keys&` works within a
/// process and across all that share a Redis. `once` is what one calls.
///
/// Thread safety: shared objects, safe.
class once_keys {
 public:
  virtual ~once_keys() = default;

  /// Errors of shared keys: `errc::store_unreachable`, `errc::store_refused`, `std::invalid_argument`.
  /// Cancellation: terminal, partial, total; a claim that was won is given back.
  template <typename Token = boost::asio::deferred_t>
  auto claim(std::string key, once_options how, Token&& token = {}) {
    return detail::initiate<once_claim>(token, [this, key = std::move(key), how](auto done) mutable {
      start_claim(std::move(key), how, std::move(done));
    });
  }

 protected:
  once_keys() = default;
  once_keys(const once_keys&) = default;
  once_keys& operator=(const once_keys&) = default;

 private:
  virtual void start_claim(std::string key, once_options how,
                           detail::completion_handler<once_claim> done) = 0;
};

class local_keys;  // private: lib/src/lock/local_keys.hpp

/// The keys of this process. `redis::once_keys` are those of all that share a Redis.
class memory_once_keys final : public once_keys {
 public:
  /// `where` rings for the waits, and completes what was asked for with a handler that has no executor of its
  /// own. Times to live pass on `time`; null is the machine's clock.
  explicit memory_once_keys(boost::asio::any_io_executor where, std::shared_ptr<clock> time = nullptr);

 private:
  void start_claim(std::string key, once_options how, detail::completion_handler<once_claim> done) override;

  std::shared_ptr<local_keys> keys_;
};

}  // namespace carillon
