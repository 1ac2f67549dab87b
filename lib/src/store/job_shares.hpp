#pragma once
#include <carillon/store/job_backend.hpp>
#include <carillon/store/store_facts.hpp>
#include <cstdint>

#include "store/ownership.hpp"

namespace carillon {

/// Adds a job to the share of whom it belongs to, or to those that nobody serves if it is to run; ended and
/// removed jobs are nobody's.
void count_share(const ownership& owners, std::uint32_t partition, job_brief&& job, job_shares& shares);

}  // namespace carillon
