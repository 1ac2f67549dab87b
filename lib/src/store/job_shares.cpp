#include "store/job_shares.hpp"

#include <utility>

namespace carillon {

namespace {

constexpr std::size_t most_unserved_named = 100;

bool is_to_run(const job_brief& job) { return job.state == job_state::active || job.waits; }

}  // namespace

void count_share(const ownership& owners, std::uint32_t partition, job_brief&& job, job_shares& shares) {
  if (job.state == job_state::removed || job.state == job_state::ended) return;
  if (const auto* owner = owners.owner(partition, job.task, job.executor)) {
    ++shares.owned[owner->id];
  } else if (is_to_run(job) && ++shares.unserved <= most_unserved_named) {
    shares.unserved_jobs.push_back({std::move(job.id), std::move(job.task), std::move(job.executor)});
  }
}

}  // namespace carillon
