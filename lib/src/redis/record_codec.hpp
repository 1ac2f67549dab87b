#pragma once
#include <carillon/job/job.hpp>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/ledger.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <carillon/redis/reply.hpp>
#include "redis/msgpack.hpp"

namespace carillon::redis {

// What lies in Redis, as the scripts pack it (scripts/prelude/partition.lua) and as the library has it.

/// The short part of a job: all but its definition and its note.
std::string packed_record(const job_record& job);
/// Whose ends a job follows, and which; empty: none's.
std::string packed_predecessors(const job_definition& job);
/// An end of which followers are to be told.
kept_end read_kept_end(std::string_view packed);
/// The definition as JSON, without the id, which is its field's name, and without the origin, which is in the
/// record: jobs that differ in nothing else have the same text.
std::string definition_text(const job_definition& job);

/// A job from its parts. One whose definition this version cannot read is parked, with a note that says why.
job_record read_record(std::string_view id, std::string_view packed, std::string_view definition,
                       std::string_view note, std::string_view skips = {});
/// The times that a job leaves out; empty: none.
std::string packed_skips(const std::vector<instant>& times);
job_brief read_brief(std::string_view id, std::string_view packed, bool waits);
active_record read_run(std::string_view run_id, std::string_view packed);

/// How a run ended, for the ledger.
std::string packed_outcome(const outcome& result, std::optional<instant> started,
                           std::optional<instant> finished);
/// What became of nominal times that did not run, for the ledger.
std::string packed_times(const ledger_stretch& stretch);
std::string packed_times(const ledger_entry& entry);
/// An entry of a partition's ledger: `{ 'NUMBER-0', { field, value, … } }`. Its number is that of the
/// partition. Errors: throws `system_error` with `errc::store_refused` for what is none.
ledger_entry read_entry(const reply& entry);

/// What the scripts tell on the channel of a partition.
struct change_notice {
  std::uint64_t seq = 0;
  job_brief job;
};
struct stop_notice {
  std::string run_id;
  std::string member;
  cancel_reason why{};
};
std::variant<change_notice, stop_notice> read_notice(std::string_view packed);

}  // namespace carillon::redis
