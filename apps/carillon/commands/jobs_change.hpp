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
/// The same, and waits for each run to end, one job after the other; `within`: a duration, or empty. Fails
/// unless all have succeeded.
loop_awaitable<int> run_jobs_and_wait(command_context& context, std::vector<std::string> ids,
                                      std::string within);
/// Sets what a job carries from run to run, to a JSON text.
loop_awaitable<int> set_what_job_carries(command_context& context, std::string id, std::string data);

loop_awaitable<int> remove_jobs(command_context& context, std::vector<std::string> ids);

/// Leaves out the next `fires` fires of a job; 0 takes that back.
loop_awaitable<int> skip_fires(command_context& context, std::string id, std::uint32_t fires);

/// Leaves out the fire of a job at a time, as it stood on the command line, or takes that back.
loop_awaitable<int> skip_fire_at(command_context& context, std::string id, std::string at, bool take_back);

/// What of jobs is to be cancelled.
struct jobs_cancel_request {
  std::vector<std::string> ids;
  std::string run;       ///< This run of the one job; empty: all that run.
  bool waiting = false;  ///< What waits, in the place of what runs.
};

/// Asks whoever runs them to stop runs of jobs, or drops what waits.
loop_awaitable<int> cancel_jobs(command_context& context, jobs_cancel_request request);

/// Runs a job outside its schedule as if a time had come.
loop_awaitable<int> trigger_job_at(command_context& context, std::string id, std::string at);

/// `carillon jobs backfill` as it was asked for.
struct jobs_backfill_request {
  std::string id;
  std::string from, to;  ///< As they stood on the command line; `to` empty: now.
  std::size_t limit = 10'000;
  bool again = false;
};

/// Puts down a run for each nominal time of a stretch that has passed.
loop_awaitable<int> backfill_job(command_context& context, jobs_backfill_request request);

}  // namespace carillon::app
