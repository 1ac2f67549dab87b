#pragma once
#include <carillon/job/options.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/time/instant.hpp>
#include <cstdint>

namespace carillon {

/// Whether a run that ended like this is tried again. `attempt` is the one that ended, from 1.
///
/// Only failures are (failed, timed_out): a cancelled run was told to stop.
bool should_retry(const retry_policy& policy, const outcome& result, std::uint32_t attempt) noexcept;

/// How long after the end of `attempt` (from 1) the next one is due: from `backoff_min`, doubled each time,
/// to `backoff_max`, never outside them, spread by up to a tenth so that jobs which failed together do not
/// come back together.
///
/// The spread is a hash (XXH64) of the job's seed, the occurrence and the attempt: the same on every
/// instance.
milliseconds backoff(const retry_policy& policy, std::uint64_t seed, instant occurrence,
                     std::uint32_t attempt) noexcept;

}  // namespace carillon
