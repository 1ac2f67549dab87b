#pragma once
#include <carillon/job/task_registry.hpp>

namespace carillon::bench {

/// What the worker processes of this program run: to be given to `run_worker` at the beginning of main.
const task_registry& worker_tasks();

}  // namespace carillon::bench
