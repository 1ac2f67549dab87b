#pragma once
#include <carillon/job/options.hpp>
#include <carillon/job/shared_text.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

/// One shared copy of each set of options: a million jobs mostly have the same. Checks them (`check`).
///
/// Thread safety: safe.
std::shared_ptr<const job_options> intern(const job_options& options);

/// The shared copy of `job_options{}`.
const std::shared_ptr<const job_options>& default_options();

/// What a person or a program asks for: when, what, and how. A value; stores keep it, job/json.hpp carries
/// it.
struct job_definition {
  std::string id;  ///< 1 to 255 bytes of UTF-8 without control characters (`fault_of_id`).
  trigger when;
  shared_text task;       ///< The name under which a program has registered the body; empty: the job's id.
  shared_text arguments;  ///< A JSON array, one element an argument; empty: none.
  std::shared_ptr<const job_options> options = default_options();  ///< Never null.
  std::optional<instant> first_time;                               ///< Fires nothing before this instant.
  shared_text origin;  ///< Who declared it: "program", a file's name, or empty (put at run time).

  const std::string& task_name() const noexcept { return task.empty() ? id : task.str(); }
  /// XXH64 with seed 0 of everything but `origin`: two definitions that behave the same have the same, on
  /// every machine.
  std::uint64_t hash() const;
  /// Whether all but `origin` is equal.
  bool same_but_origin(const job_definition& other) const;
  friend bool operator==(const job_definition& a, const job_definition& b) {
    return a.same_but_origin(b) && a.origin == b.origin;
  }
};

/// Where a job stands.
enum class job_state : std::uint8_t {
  active,
  paused,   ///< Fires nothing until resumed; the note says why.
  parked,   ///< Nobody here can run it: the note says why. Kept, and looked at again when that may have
            ///< changed.
  ended,    ///< Its trigger has no more fires.
  removed,  ///< By a person; the record is kept so that declaring the same text again does nothing.
};

std::string_view name(job_state state) noexcept;

/// How often a job did what, since it was added.
struct job_counters {
  std::uint64_t succeeded = 0,
                failed = 0;  ///< Runs; of one with retries, its last attempt. Timed out is failed.
  std::uint64_t cancelled = 0, lost = 0;                 ///< Runs.
  std::uint64_t retried = 0;                             ///< Attempts that failed and were tried again.
  std::uint64_t missed = 0, skipped = 0, coalesced = 0;  ///< Nominal times.
  std::uint32_t consecutive_failures = 0;  ///< Runs, since one succeeded or the job was resumed.
  friend bool operator==(const job_counters&, const job_counters&) = default;
};

/// A job as a store keeps it.
struct job_record {
  std::shared_ptr<const job_definition> definition;  ///< Never null.
  job_state state = job_state::active;
  std::uint64_t revision = 0;  ///< Grows with every change that is not a claim, a take or a finish.
  std::uint64_t born = 0;      ///< Tells two jobs of one id apart.
  std::optional<instant> anchor;
  zone where;  ///< Fixed when the job was added.
  std::optional<instant>
      cursor;     ///< The next nominal fire; none: ended, or waiting for its run to end (fixed_delay).
  instant due{};  ///< `cursor` plus jitter.
  std::optional<instant> next_waiting;  ///< The earliest waiting run (retry, queued, run_now).
  std::uint32_t active = 0;             ///< Runs; those of a removed job of this id included.
  std::uint32_t skip_next = 0;          ///< Fires still to be left out.
  /// Nominal times to be left out, earliest first, each once. Those before the cursor have been.
  std::vector<instant> skip_at;
  /// What its runs hand on to one another (`job_options::carries`), as JSON; empty: nothing.
  std::string carried;
  job_counters counters;
  std::optional<instant> last_fire;  ///< The last nominal time that the cursor has passed.
  std::string note;                  ///< Why it is paused or parked; what was changed, by whom.

  const std::string& id() const noexcept { return definition->id; }
  /// What the trigger must be asked with.
  binding bound() const { return {seed_of(definition->id), anchor, where}; }
};

/// Whether an id may be used; else a sentence that says what is wrong with it.
/// @param what What the sentence calls it: names of other things follow the same rules.
std::optional<std::string> fault_of_id(std::string_view id, std::string_view what = "a job's id");

}  // namespace carillon
