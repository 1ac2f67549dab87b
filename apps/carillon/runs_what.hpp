#pragma once
#include <carillon/job/job.hpp>

#include <string>

namespace carillon::app {

/// What a job runs, for people: the command, "POST http://host/path" of a request, or "task NAME(ARGUMENTS)".
std::string runs_what(const job_definition& job);

}  // namespace carillon::app
