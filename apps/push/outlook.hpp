#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <span>
#include <vector>

#include "push/reservations.hpp"

namespace carillon::pushes {

/// What would become of some pushes.
struct outlook {
  std::uint64_t due = 0;      ///< To be sent.
  std::uint64_t sent = 0;     ///< Marked as sent, and still so when they might be sent.
  std::uint64_t pending = 0;  ///< Reserved by somebody.
  std::uint64_t dead = 0;     ///< Failed for good.
  std::uint64_t malformed = 0;
  std::vector<misfit> misfits;  ///< The first 20 of those of each page.

  void add(outlook other);
};

/// What would be sent, read as the service reads it, without changing anything.
///
/// Errors and cancellation: as `redis::client`. Lifetime: of all it is made with. Thread safety: none; one
/// strand.
class foreseer {
 public:
  foreseer(redis::client& through, reservations& state, const push_options& how);

  /// All that has this score, and is due then. A page at a time.
  loop_awaitable<outlook> minute(instant due, int score, instant now);
  /// Pushes by their names.
  loop_awaitable<outlook> named(std::span<const wanted_push> all, instant now);

 private:
  milliseconds wait_for(instant due, instant now) const;

  redis::client& redis_;
  reservations& state_;
  push_options how_;
};

}  // namespace carillon::pushes
