#pragma once
#include <algorithm>
#include <carillon/job/job.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace carillon {

inline constexpr std::uint32_t most_skips = 10'000;        ///< Of `skip_next`.
inline constexpr std::size_t most_times_left_out = 1'000;  ///< Of `skip_at`.

/// The times that a job is still to leave out.
inline std::vector<instant> times_ahead(const job_record& job) {
  auto times = job.skip_at;
  if (job.cursor) std::erase_if(times, [&](instant time) { return time < *job.cursor; });
  return times;
}

}  // namespace carillon
