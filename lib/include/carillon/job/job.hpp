#pragma once
#include <carillon/job/options.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace carillon {

/// What a person or a program asks for: when, what, and how. A value; stores keep it, `to_json` and
/// `job_from_json` carry it.
struct job_definition {
  std::string id;  ///< 1 to 255 bytes of UTF-8 without control characters.
  trigger when;
  std::string task;  ///< The name under which a program has registered the body; of a declared job, its id.
  std::string arguments;                       ///< A JSON array, one element an argument; empty: none.
  std::shared_ptr<const job_options> options;  ///< Never null; equal sets are shared (`intern`).
  std::optional<instant> first_time;           ///< Fires nothing before this instant.
  std::string origin;  ///< Who declared it: "program", a file's name, or empty (put at run time).

  /// XXH64 of everything but `origin`: two definitions that behave the same have the same.
  std::uint64_t hash() const;
  friend bool operator==(const job_definition& a, const job_definition& b);
};

/// One shared copy of each set of options: a million jobs mostly have the same.
std::shared_ptr<const job_options> intern(const job_options& options);

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
  std::uint64_t succeeded = 0, failed = 0, missed = 0, skipped = 0, coalesced = 0, lost = 0;
  std::uint32_t consecutive_failures = 0;
  friend bool operator==(const job_counters&, const job_counters&) = default;
};

/// A job as a store keeps it.
struct job_record {
  std::shared_ptr<const job_definition> definition;  ///< Never null.
  job_state state = job_state::active;
  std::uint64_t revision = 0;  ///< Grows with every change that is not a claim or a finish.
  std::uint64_t born = 0;      ///< Tells two jobs of one id apart.
  std::optional<instant> anchor;
  zone where;  ///< Fixed when the job was added.
  std::optional<instant>
      cursor;     ///< The next nominal fire; none: ended, or waiting for its run to end (fixed_delay).
  instant due{};  ///< `cursor` plus jitter.
  std::optional<instant> next_waiting;  ///< The earliest waiting run (retry, queued, run_now).
  std::uint32_t active = 0;             ///< Runs.
  std::uint32_t skip_next = 0;          ///< Fires still to be left out.
  job_counters counters;
  std::optional<instant> last_fire;  ///< The nominal time that was claimed last.
  std::string note;                  ///< Why it is paused or parked; what was changed, by whom.

  const std::string& id() const noexcept { return definition->id; }
  /// What the trigger must be asked with.
  binding bound() const { return {seed_of(definition->id), anchor, where}; }
};

/// Whether an id may be used; else a sentence that says what is wrong with it.
std::optional<std::string> fault_of_id(std::string_view id);

}  // namespace carillon
