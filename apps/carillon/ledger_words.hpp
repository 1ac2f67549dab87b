#pragma once
#include <carillon/job/options.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/time/zone.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::app {

/// What became of the occurrence, in a sentence without a full stop: "it succeeded in 2 s on cellar, 4 ms
/// late (attempt 1, run k3f9-7, fence 17)". `options` are those of the job as it is now; null: not known.
std::string sentence_of(const ledger_entry& entry, const job_options* options, const zone& where);

/// Why a fire was left out, for people: of the ledger's "overlap", "paused", "skip_next" and so on.
std::string skip_reason(std::string_view reason, const job_options* options);

/// A time to read: "2026-03-27 09:30:00", with milliseconds where there are any.
std::string short_time(instant time, const zone& where);

/// When a job came to a revision: those of a shared store follow its clock, in microseconds. None: of a store
/// in memory, which counts.
std::optional<instant> time_of_revision(std::uint64_t revision);

/// The first line of what a run said, and the last if there are several.
std::string short_message(std::string_view message);

}  // namespace carillon::app
