#pragma once
#include <carillon/job/followed_run.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// What became of a stretch of nominal times that did not run.
struct ledger_stretch {
  outcome_kind kind{};  ///< missed, skipped or coalesced.
  instant first;
  instant last;
  std::uint64_t count = 1;
  std::optional<instant> into;  ///< Of coalesced: the occurrence that ran in their place.
  std::string reason;  ///< Of skipped: "overlap", "paused", "skip_next", "skip_at"; told only: "already ran".
};

/// What became of one occurrence, or of a contiguous stretch of them: the answer to "why did it not run?".
struct ledger_entry {
  std::uint64_t number = 0;  ///< Grows by one with each entry of the store.
  std::string job;
  outcome result;
  instant first;
  instant last;             ///< Of a stretch; else the same as `first`.
  std::uint64_t count = 1;  ///< Nominal times in the stretch.
  std::optional<instant> into;
  bool extra =
      false;  ///< Outside the schedule (run_now, trigger_at, backfill, after): not one of the nominal times.
  bool final = true;  ///< False for an attempt that is tried again.

  std::string run;  ///< Run id; the rest only for what ran.
  std::string instance;
  std::uint32_t attempt = 0;
  std::uint64_t fence = 0;
  std::optional<instant> due, started, finished;
  followed_run_ptr follows{};  ///< The run whose end was its fire; also of one that was skipped.
};

struct ledger_query {
  std::string job;                      ///< Empty: all.
  std::optional<instant> from, to;      ///< By nominal time, inclusive: stretches that touch this one.
  std::optional<std::uint64_t> before;  ///< Entries with a smaller number.
  std::size_t limit = 100;              ///< 0 counts as 1.
};

/// Newest first. With `next_before` there are more: ask again with it.
struct ledger_page {
  std::vector<ledger_entry> entries;
  std::optional<std::uint64_t> next_before;
};

}  // namespace carillon
