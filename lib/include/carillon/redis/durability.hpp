#pragma once
#include <chrono>
#include <cstdint>

namespace carillon::redis {

/// When a run that was won may start.
///
/// A fail-over may lose what the old master had not told its replicas yet: an occurrence would be claimed
/// twice. With `replicas(n)` a run starts only when so many have heard of it. What is not known to them at
/// the deadline waits again, with a note `not replicated` in the ledger.
struct durability {
  std::uint32_t replicas = 0;               ///< 0: at once.
  std::chrono::milliseconds within{1'000};  ///< More than 0.
};

inline durability replicas(std::uint32_t count,
                           std::chrono::milliseconds within = std::chrono::milliseconds{1'000}) {
  return durability{count, within};
}

}  // namespace carillon::redis
