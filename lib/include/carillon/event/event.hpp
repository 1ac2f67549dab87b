#pragma once
#include <algorithm>
#include <carillon/job/options.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/// What happened. Kinds are bits, so that a listener can name several: `event_kind::run_failed |
/// event_kind::run_missed`.
enum class event_kind : std::uint64_t {
  scheduler_started = 1ull << 0,
  scheduler_paused = 1ull << 1,
  scheduler_resumed = 1ull << 2,
  scheduler_stopped = 1ull << 3,
  clock_stepped = 1ull << 4,  ///< The wall clock was set, or the machine resumed.
  loop_failed = 1ull << 5,    ///< A job's loop met an error of ours, or of the store, and starts again.
  loop_blocked = 1ull << 6,   ///< A body kept the event loop from running.
  clock_differs = 1ull << 7,  ///< This machine's clock is not the shared store's: jobs fire by the store's.
  job_added = 1ull << 8,
  job_changed = 1ull << 9,  ///< Its definition: rescheduled, modified, replaced.
  job_removed = 1ull << 10,
  job_paused = 1ull << 11,
  job_resumed = 1ull << 12,
  job_ended = 1ull << 13,   ///< Its trigger has no more fires.
  job_parked = 1ull << 14,  ///< Its task is unknown here, its arguments do not fit, or its record does not
                            ///< load.
  job_changed_elsewhere = 1ull << 15,  ///< On a shared store: another instance has added, changed or removed
                                       ///< it, or asked for a run. A hint: several may become one.
  run_started = 1ull << 16,
  run_succeeded = 1ull << 17,
  run_failed = 1ull << 18,
  run_timed_out = 1ull << 19,
  run_cancelled = 1ull << 20,
  run_lost = 1ull << 21,
  run_missed = 1ull << 22,         ///< One event for a stretch of `count` occurrences.
  run_skipped = 1ull << 23,        ///< One event for a stretch of `count` occurrences.
  run_coalesced = 1ull << 24,      ///< One event for a stretch of `count` occurrences.
  run_queued = 1ull << 25,         ///< It waits for a free place.
  run_retrying = 1ull << 26,       ///< Another attempt has been put down for `until`.
  run_stuck = 1ull << 27,          ///< It was asked to stop and has not.
  run_unreported = 1ull << 28,     ///< It has ended as `result` says, but its store has not confirmed that:
                                   ///< the message says why, and whether it may know all the same. Else it
                                   ///< counts as lost there.
  run_requested = 1ull << 29,      ///< A run outside the schedule was asked for: it waits in the store.
  run_claimed = 1ull << 30,        ///< It is this instance's, and goes to its executor: `run_started` follows
                                   ///< when there is a place.
  store_lost = 1ull << 32,         ///< The store does not answer: nothing is claimed until it does.
  store_back = 1ull << 33,         ///< It answers again.
  store_replaced = 1ull << 34,     ///< It was emptied, or is another: what is declared is added again.
  lease_lost = 1ull << 35,         ///< This instance is not a member any more; `count` runs are cancelled.
  ownership_changed = 1ull << 36,  ///< This instance runs the loops of `count` jobs now.
  heartbeats_lost = 1ull << 37,    ///< The store answers, but not the heartbeats, which have a connection of
                                   ///< their own: this instance is a member until `until`, if none is.
  heartbeats_back = 1ull << 38,    ///< They are answered again.
  store_opened = 1ull << 39,       ///< By the scheduler, as it starts.
  store_closed = 1ull << 40,       ///< By the scheduler, at its end.
  executor_added = 1ull << 41,     ///< Under `name`.
  executor_closed = 1ull << 42,    ///< By the scheduler, at its end.
  task_added = 1ull << 43,         ///< A body was registered under `name`.
  jobs_cleared = 1ull << 44,       ///< All `count` jobs were removed at once; each was told of as well.
  job_unparked = 1ull << 45,       ///< What was missing is there: it fires again.
  run_waiting = 1ull << 50,        ///< It waits for a place: of its group or its executor, `name`, or of the
                                   ///< scheduler as a whole. `run_started` follows.
  group_limits_differ =
      1ull << 51,  ///< Another instance gives the group `name` fewer places, and that counts.
};

/// A set of event kinds.
using event_mask = std::uint64_t;
inline constexpr event_mask all_events = ~event_mask{0};

constexpr event_mask mask(event_kind kind) noexcept { return static_cast<event_mask>(kind); }
constexpr event_mask operator|(event_kind a, event_kind b) noexcept { return mask(a) | mask(b); }
constexpr event_mask operator|(event_mask a, event_kind b) noexcept { return a | mask(b); }

/// The end of an attempt, however it went.
inline constexpr event_mask run_ends = event_kind::run_succeeded | event_kind::run_failed |
                                       event_kind::run_timed_out | event_kind::run_cancelled |
                                       event_kind::run_lost;

std::string_view name(event_kind kind) noexcept;

/// One thing that happened. Members that do not apply keep their defaults.
struct event {
  using enum event_kind;  // so that `event::run_failed | event::run_missed` reads well

  event_kind kind{};
  instant at{};
  std::string instance;
  std::string store;  ///< The alias of the store that it is of ("default": the scheduler's own, and what is
                      ///< of no store). Empty only of events that no scheduler told.
  std::string job;
  std::string run;                    ///< Run id.
  std::string name;                   ///< Of what is no job: a task, an executor, a group.
  std::optional<instant> occurrence;  ///< Nominal time; of a stretch, its first.
  std::optional<instant> last;        ///< Of a stretch.
  std::uint64_t count = 1;            ///< Of a stretch.
  std::uint32_t attempt = 0;
  std::uint64_t fence = 0;
  milliseconds lateness{0};  ///< From due to started.
  milliseconds duration{0};
  std::optional<instant> until;  ///< Of `run_retrying`: when; of `heartbeats_lost`: the end of the lease.
  outcome result;
  std::string message;           ///< For people.
  std::exception_ptr exception;  ///< Of `run_failed`, when a body threw; of `scheduler_stopped`, what `run`
                                 ///< throws.
  std::optional<instant> next;   ///< Of events of a job whose loop runs here: its next nominal fire.
  /// The job's, where they are known to who tells it; else null.
  std::shared_ptr<const job_options> options;
  /// In an `event_stream`: how many events between the one before and this one found no place.
  std::uint64_t dropped = 0;

  /// Whether it is of a job that has this tag.
  bool has_tag(std::string_view tag) const {
    return options && std::ranges::find(options->tags, tag) != options->tags.end();
  }
};

}  // namespace carillon
