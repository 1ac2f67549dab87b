#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// Stops jobs from firing. A job that is paused already is told of, and is no failure.
loop_awaitable<int> pause_jobs(command_context& context, std::vector<std::string> ids, std::string note);

/// Lets jobs fire again, and with `catch_up` make up for what came due meanwhile, by their own policies.
loop_awaitable<int> resume_jobs(command_context& context, std::vector<std::string> ids, bool catch_up);

/// Runs jobs outside their schedules, wherever an instance can.
loop_awaitable<int> run_jobs_now(command_context& context, std::vector<std::string> ids);

loop_awaitable<int> remove_jobs(command_context& context, std::vector<std::string> ids);

/// Leaves out the next `fires` fires of a job; 0 takes that back.
loop_awaitable<int> skip_fires(command_context& context, std::string id, std::uint32_t fires);

/// Asks whoever runs them to stop the runs of jobs.
loop_awaitable<int> cancel_jobs(command_context& context, std::vector<std::string> ids);

}  // namespace carillon::app
