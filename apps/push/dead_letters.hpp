#pragma once
#include <spdlog/logger.h>

#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/time/clock.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "push/delivery.hpp"
#include "push/options.hpp"

namespace carillon::pushes {

/// A push that has failed for good.
struct dead_letter {
  std::string id;  ///< Of its place in the list; they grow.
  std::string user, tag;
  instant due{};
  std::string key;
  std::uint32_t attempts = 0;
  std::string reason;   ///< Of the last attempt.
  instant at{};         ///< When it was given up.
  bool repeat = false;  ///< It may have arrived all the same.
};

/// Dead letters of a service (`service_keys::dead`) behind `after` (empty: from the first), the oldest first,
/// at most `count`. Errors and cancellation: as `redis::client`.
loop_awaitable<std::vector<dead_letter>> read_dead_letters(redis::client& through, std::string key,
                                                           std::string after, std::size_t count,
                                                           std::string up_to = "+");

/// What became of dead letters that were sent again.
struct redriven {
  std::uint64_t letters = 0;  ///< Looked at, and chosen.
  std::uint64_t sent = 0;     ///< Delivered; they are no dead letters any more.
  std::uint64_t dead = 0;     ///< Failed for good again; they have a new letter.
  std::uint64_t with_others =
      0;  ///< Somebody else is sending them, or has sent them lately; their letters stay.
};

/// Sends the dead letters again that are there when it begins, and for which `chosen` says yes (empty: all),
/// by the rules of the service: reserved, tried as often as the options say, and marked. Run on a strand of
/// the link's io_context.
///
/// Errors: throws `system_error` when the store cannot be asked. Cancellation: terminal; what has not been
/// sent stays a dead letter. Lifetime: of the link and the way, until it returns; the way is not closed.
loop_awaitable<redriven> redrive(
    redis::link& through, delivery& way, push_options how, std::shared_ptr<carillon::clock> clock,
    std::shared_ptr<spdlog::logger> logger,
    std::function<bool(const dead_letter&)> chosen = std::function<bool(const dead_letter&)>());

}  // namespace carillon::pushes
