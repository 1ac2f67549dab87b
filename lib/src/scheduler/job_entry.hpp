#pragma once
#include <carillon/async/wall_timer.hpp>
#include <carillon/job/job.hpp>
#include <carillon/store/job_store.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include "scheduler/planner.hpp"

namespace carillon {

class runner;
class task;
struct executor_place;

/// What carries out the runs of a job: one copy for all jobs of the same task, executor and group.
struct run_means {
  const task* body = nullptr;       ///< Null: the executor brings what it runs.
  executor_place* place = nullptr;  ///< Null: in the event loop.
  executor_place* group = nullptr;  ///< Null: none.
};

/// Nominal times so far: for a `fixed_delay` with a limit.
inline std::uint32_t fired_of(const job_record& record) noexcept {
  const auto& did = record.counters;
  return static_cast<std::uint32_t>(did.succeeded + did.failed + did.cancelled + did.lost + did.missed +
                                    did.skipped + did.coalesced);
}

/// A job whose loop this instance runs: what the loop needs of the record, kept up with the store. A million
/// of them exist at once.
struct job_entry {
  static constexpr instant never = instant::max();

  job_entry(clock& time, const loop_executor& where, loaded_job job) : bell{time, where} {
    take_over(std::move(job));
  }

  const std::string& id() const noexcept { return definition->id; }
  bool parked() const noexcept { return how == nullptr; }
  const job_options& options() const noexcept { return *definition->options; }
  bool full() const noexcept { return active >= definition->options->max_instances; }
  /// How much later than others that are due at the same instant it is looked at.
  std::chrono::microseconds place_in_order() const noexcept {
    return (100 - definition->options->priority) * std::chrono::microseconds{2};
  }
  bool has_cursor() const noexcept { return cursor.nominal != never; }
  void set_cursor(std::optional<fire> next) noexcept { cursor = next.value_or(fire{never, never}); }

  /// Replaces all that the store knows better.
  void take_over(loaded_job job) {
    const auto& record = job.record;
    definition = record.definition;
    handle = std::move(job.handle);
    anchor = record.anchor.value_or(never);
    where = record.where;
    revision = record.revision;
    set_cursor(record.cursor ? std::optional{fire{*record.cursor, record.due}} : std::nullopt);
    next_waiting = record.next_waiting.value_or(never);
    skip_next = record.skip_next;
    if (record.skip_at.empty())
      skip_at.reset();
    else
      skip_at = std::make_unique<const std::vector<instant>>(record.skip_at);
    fired = fired_of(record);
    state = record.state;
    stale = false;
    ++round;
  }

  wall_timer bell;
  std::shared_ptr<const job_definition> definition;
  job_handle handle;
  const run_means* how = nullptr;  ///< Null: the job is parked.
  runner* running = nullptr;       ///< Those of its runs that are not plain calls, as a list.
  fire cursor{never, never};
  instant next_waiting = never;
  instant not_before =
      instant::min();  ///< After a failure of its loop, or to spread what a resume makes due.
  std::uint64_t revision = 0;
  instant anchor = never;
  zone where;
  std::uint32_t fired = 0;                              ///< `fired_of` it, kept up.
  std::unique_ptr<const std::vector<instant>> skip_at;  ///< Null: none.
  std::uint32_t skip_next = 0;
  std::uint32_t active = 0;    ///< Runs of this instance.
  std::uint16_t failures = 0;  ///< Of its loop, in a row.
  std::uint16_t round = 0;     ///< Another after each `take_over`: what was asked before is older.
  job_state state = job_state::active;
  bool retired : 1 = false;           ///< Its loop is to end.
  bool loop_over : 1 = false;         ///< Its loop has ended.
  bool stale : 1 = false;             ///< The store knows better, and is being asked.
  bool catching_up : 1 = false;       ///< Fires are due that wait for a place.
  bool no_room : 1 = false;           ///< Waiting runs found no place; the end of a run changes that.
  bool leave_out_paused : 1 = false;  ///< What is due was passed over while the scheduler was paused.
};

}  // namespace carillon
