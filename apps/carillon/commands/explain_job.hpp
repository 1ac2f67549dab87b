#pragma once
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// `carillon explain JOB --at TIME` as it was asked for.
struct explain_job_request {
  std::string job;
  std::string at;
  std::vector<std::string> files;  ///< Configuration files whose calendars the schedule may name.
};

/// Says why a job ran at a time, or why it did not.
loop_awaitable<int> explain_job(command_context& context, explain_job_request request);

}  // namespace carillon::app
