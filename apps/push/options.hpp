#pragma once
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace carillon::pushes {

/// When a push that was not delivered is tried again.
struct push_retry {
  std::uint32_t attempts = 5;        ///< In all, the first included. 1 to 1,000.
  milliseconds backoff_min{200};     ///< Before the second attempt; doubles with each one after it ...
  milliseconds backoff_max{10'000};  ///< ... up to this, shortened at random by up to a half.
};

/// What is sent, and when.
struct push_options {
  std::string subscriptions;  ///< Sorted set: member `user:UID|tag:TAG`, score HHMM. Not empty.
  std::string sent;    ///< What the keys begin with that mark a push as sent: `SENT:UID|TAG`. Not empty.
  std::string rich{};  ///< Hash of `rich_subscription`s; empty: SUBSCRIPTIONS with `:rich` behind it.
  /// How long a push is marked: at least lookahead + grace, at most 23 h less lookahead and grace.
  milliseconds sent_ttl{900'000};
  milliseconds lookahead{240'000};  ///< How early a push may go out. 0 to 12 h.
  milliseconds grace{600'000};      ///< How late. 1 min to 12 h.
  std::optional<zone> time_zone{};  ///< Of scores and of subscriptions that name none; none: this machine's.

  std::size_t concurrency = 256;  ///< Deliveries under way at once, of this process. 1 to 100,000.
  push_retry retry{};

  /// How long a reservation lasts of which nothing is heard any more; renewed every third of it. 1 s to 10
  /// min.
  milliseconds lease{10'000};
  std::uint32_t slices = 16;  ///< Into how many jobs the work is split; the same for all instances. 1 to 256.
  std::size_t page = 250;  ///< How many members are read and reserved in one step: 1 ms of Redis. 1 to 1,000.
  /// How many pushes are reserved at most and not ended, of this process: what bounds its memory.
  std::size_t most_reserved = 20'000;
  std::uint64_t dead_letters = 100'000;  ///< About how many are kept.
};

/// Throws `std::invalid_argument` naming the first member that is out of range, its value and the range.
void check(const push_options& options);

}  // namespace carillon::pushes
