#pragma once
#include <carillon/job/job.hpp>
#include <carillon/job/task.hpp>
#include <carillon/scheduler/options.hpp>

#include "cluster/body_log.hpp"
#include "cluster/job_mix.hpp"
#include "cluster/worker_arguments.hpp"

namespace carillon::testing {

// What processes that work on a mix of jobs have in common, whatever the store that they share.

/// The mix of which a worker is told: seed, jobs, until (milliseconds since 1970) and lease (milliseconds).
mix_options mix_of(const worker_arguments& with);
/// How its scheduler runs, as the instance of which it is told. It logs to stderr.
scheduler_options options_of(const worker_arguments& with);

/// Does what the job is to do, and writes it down. Lifetime: refers to both.
task body_of(body_log& log, const mixed_job& job);
job_definition definition_of(const mixed_job& job);

}  // namespace carillon::testing
