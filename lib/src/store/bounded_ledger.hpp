#pragma once
#include <carillon/store/ledger.hpp>
#include <cstddef>
#include <deque>

namespace carillon {

/// The newest entries of a ledger, in a ring: to write one costs no allocation once the ring is full, but for
/// long messages.
class bounded_ledger {
 public:
  /// @pre `capacity > 0`
  explicit bounded_ledger(std::size_t capacity) : capacity_{capacity} {}

  /// The entry to fill in, numbered, everything else at its default. Valid until the next call.
  ledger_entry& write();

  /// Newest first, at most `query.limit` of them.
  ledger_page read(const ledger_query& query) const;

 private:
  const ledger_entry& at(std::uint64_t number) const { return ring_[(number - 1) % capacity_]; }

  std::size_t capacity_;
  std::uint64_t written_ = 0;
  std::deque<ledger_entry>
      ring_;  // Not a vector: growing one would move all entries at once, in the event loop.
};

}  // namespace carillon
