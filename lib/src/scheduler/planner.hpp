#pragma once
#include <boost/container/small_vector.hpp>
#include <carillon/job/options.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What a job should do next, computed from values: no clock, no store, no coroutine. Everything here costs
// the same however much has piled up, but for `coalesce_policy::all`, `skip_next` and `skip_at`, which walk
// over the fires they name.
//
// Errors: all of it throws `system_error` with `errc::search_exhausted` where the trigger answers so.

namespace carillon {

/// One fire: its nominal time, and with jitter.
struct fire {
  instant nominal;
  instant due;
  friend bool operator==(const fire&, const fire&) = default;
};

/// A job as the planner sees it.
struct planner_job {
  const trigger& when;
  const binding& bound;
  const job_options& options;
  fire cursor;                         ///< The first fire that has not been claimed.
  std::uint32_t skip_next = 0;         ///< Fires still to be left out, beside those of `skip_at`.
  std::uint32_t free_places = 1;       ///< Runs that could start now.
  bool catching_up = false;            ///< The plan before left fires over (`fire_plan::more`).
  std::span<const instant> skip_at{};  ///< Nominal times to be left out, earliest first, each once.
};

/// What to claim.
struct fire_plan {
  boost::container::small_vector<fire, 1> runs;                ///< Oldest first.
  boost::container::small_vector<ledger_stretch, 2> left_out;  ///< Oldest first.
  std::optional<fire>
      next;  ///< The cursor to be; none: the trigger has ended, or waits for its run (`fixed_delay`).
  bool ends = false;  ///< The trigger has no more fires.
  bool more = false;  ///< Fires are left that are due and wait for a place (`coalesce_policy::all`).
  std::uint32_t skips_used = 0;

  /// Whether there is nothing to claim: nothing is due, or what is due waits for a place.
  bool empty() const noexcept { return runs.empty() && left_out.empty(); }
};

/// What to do with the fires that are due at `now`: run, coalesce, miss, skip; and which comes next.
fire_plan plan_fires(const planner_job& job, instant now);

/// Leaves out all fires that are due at `now`, with `reason` in the ledger: what a pause has passed over.
fire_plan plan_to_leave_out(const planner_job& job, instant now, std::string_view reason);

/// The first fire of a job that is added at `now`: at `first_time` if there is one, at the anchor of a
/// trigger that fires `immediately`, else the first one after `now`. A trigger that fires once and whose time
/// has passed fires late. None: it has ended.
std::optional<fire> first_fire(const trigger& when, const binding& bound, instant now,
                               std::optional<instant> first_time);

/// The fire that follows the end of a run of a `fixed_delay` job.
std::optional<fire> fire_after_run(const trigger& when, const binding& bound, instant finished);

/// Whether a trigger fires at `time`, so that a cursor there can stay when a job is given another schedule.
bool fires_at(const trigger& when, const binding& bound, instant time);

}  // namespace carillon
