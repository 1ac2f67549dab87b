#pragma once
#include <carillon/redis/durability.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/store/shared_store.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace carillon::redis {

/// How an instance keeps its jobs in Redis.
struct job_store_options {
  /// How long an instance that says nothing counts as live; renewed every third of it. 100 ms to 1 h. All
  /// instances of a namespace must have the same.
  std::chrono::milliseconds lease{10'000};
  /// Over how many partitions the jobs are spread; fixed when the namespace is first used. 0: whatever is
  /// there, else 64. At most 4096.
  std::uint32_t partitions = 0;
  /// Whether a namespace without a store gets one. False: `open` throws `errc::no_store` and writes nothing.
  bool create = true;
  /// After how many leases without a word from its event loop an instance renews its lease no more.
  std::uint32_t stall_limit = 6;
  /// How many attempts that were started here are remembered, for a fail-over may bring what was due
  /// back. 0: none.
  std::size_t remembered = 100'000;
  /// How many entries of the ledger are kept, of all jobs together; some more may be. At least 1.
  std::uint64_t ledger_length = 100'000;
  /// How long they are kept at most. 0: however old.
  std::chrono::seconds ledger_age = std::chrono::hours{24 * 30};
  /// When a run that was won may start: `redis::replicas(1)` waits for a replica.
  durability durable{};
  /// Null: the system's. A scheduler must be given the same.
  std::shared_ptr<carillon::clock> clock{};
};

/// Keeps jobs in Redis, for any number of instances with the same namespace: they share the jobs out between
/// them, fire each occurrence once, and take over from one that dies. docs/redis.md says how.
///
///     carillon::redis::link link{io, {.url = "redis://127.0.0.1:6379", .name_space = "billing"}};
///     carillon::scheduler scheduler{io, carillon::redis::job_store{link}};
///
/// It has a connection of its own from `open` to `close`; its lease is renewed by the link's own thread.
/// Errors: as `carillon::job_store`; `open` throws `errc::store_refused`, with what to do about it, for a
/// server that cannot keep jobs, and for a namespace of another format or number of partitions: nothing is
/// written then; `errc::no_store` as `job_store_options::create` says. Cancellation: none; a call that is
/// under way is waited for. Lifetime: the link outlives it, up to the end of `close`. Thread safety: none;
/// one strand, that of `open`.
class job_store final : public shared_store {
 public:
  /// Touches no Redis yet. Errors: throws `std::invalid_argument` naming an option that is out of range.
  explicit job_store(link& to, job_store_options how = job_store_options());
};

}  // namespace carillon::redis
