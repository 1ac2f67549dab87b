#pragma once
#include <carillon/job/outcome.hpp>
#include <carillon/trigger/after.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace carillon {

/// The run whose end a run follows (`after`).
struct followed_run {
  std::string job;
  std::string run;  ///< Its id.
  outcome_kind how{};
  friend bool operator==(const followed_run&, const followed_run&) = default;
};

/// Null: it follows none. Shared, for a run, what is kept of it and its ledger entries have the same.
using followed_run_ptr = std::shared_ptr<const followed_run>;

/// Ends of runs as a set of bits: 1 success, 2 failure, 4 all else that a run may end by.
using ends_mask = std::uint8_t;

constexpr ends_mask mask_of(on_end ends) noexcept {
  return ends == on_end::success ? 1 : ends == on_end::failure ? 2 : 7;
}
/// The bit of a run that ended so; 0 for what is no end of a run.
constexpr ends_mask mask_of(outcome_kind how) noexcept {
  switch (how) {
    case outcome_kind::succeeded: return 1;
    case outcome_kind::failed:
    case outcome_kind::timed_out:
    case outcome_kind::lost: return 2;
    case outcome_kind::cancelled: return 4;
    case outcome_kind::missed:
    case outcome_kind::skipped:
    case outcome_kind::coalesced: break;
  }
  return 0;
}

}  // namespace carillon
