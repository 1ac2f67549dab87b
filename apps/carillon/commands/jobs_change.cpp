#include "carillon/commands/jobs_change.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

// "report: paused", or {"job": "report", "done": true, "what": "paused"}.
void print_done(const command_context& context, const std::string& id, bool done, const std::string& what) {
  if (context.json) {
    const boost::json::object object{{"job", id}, {"done", done}, {"what", what}};
    context.out << boost::json::serialize(object) << '\n';
  } else {
    context.out << shown(id) << ": " << what << '\n';
  }
}

loop_awaitable<bool> is_there(command_context& context, std::string id) {
  const auto job = co_await context.store.load(std::move(id));
  co_return job && job->record.state != job_state::removed;
}

}  // namespace

loop_awaitable<int> pause_jobs(command_context& context, std::vector<std::string> ids, std::string note) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const bool there = co_await is_there(context, id);
    if (!there) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const bool done = co_await context.operations.pause(id, note);
    const auto job = co_await context.store.load(id);
    const auto state = job ? name(job->record.state) : name(job_state::removed);
    print_done(context, id, done, done ? "paused" : fmt::format("is {} already: nothing was changed", state));
  }
  co_return code;
}

loop_awaitable<int> resume_jobs(command_context& context, std::vector<std::string> ids, bool catch_up) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const bool there = co_await is_there(context, id);
    if (!there) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const bool done =
        co_await context.operations.resume(id, catch_up ? resume_from::catch_up : resume_from::now);
    print_done(context, id, done, done ? "resumed" : "was not paused: nothing was changed");
  }
  co_return code;
}

loop_awaitable<int> run_jobs_now(command_context& context, std::vector<std::string> ids) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const bool done = co_await context.operations.run_now(id);
    if (!done) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const auto job = co_await context.store.load(id);
    const bool waits = job && job->record.state == job_state::paused;
    print_done(context, id, true,
               waits ? "will run once it is resumed: the job is paused"
                     : "will run as soon as an instance that can run it has a place for it");
  }
  co_return code;
}

loop_awaitable<int> remove_jobs(command_context& context, std::vector<std::string> ids) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const auto job = co_await context.store.load(id);
    const bool done = co_await context.operations.remove(id);
    if (!done) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const auto origin = job ? job->record.definition->origin.str() : std::string{};
    print_done(context, id, true,
               origin.empty()
                   ? "removed"
                   : fmt::format("removed; {} still declares it, which brings it back only when its text "
                                 "there changes",
                                 shown(origin)));
  }
  co_return code;
}

loop_awaitable<int> skip_fires(command_context& context, std::string id, std::uint32_t fires) {
  const bool there = co_await is_there(context, id);
  if (!there) co_return co_await print_no_such_job(context, id);
  const bool done = co_await context.operations.skip_next(id, fires);
  if (!done) {
    co_return print_failure(context, fmt::format("job '{}' has ended: it has no fires to leave out", id));
  }
  print_done(context, id, true,
             fires == 0 ? "leaves out none of its fires"
                        : fmt::format("leaves out its next {}", counted(fires, "fire")));
  co_return exit_code::done;
}

loop_awaitable<int> cancel_jobs(command_context& context, std::vector<std::string> ids) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const bool there = co_await is_there(context, id);
    if (!there) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const auto runs = co_await context.operations.cancel_runs(id);
    print_done(context, id, runs > 0,
               runs > 0 ? fmt::format("{} asked to stop", counted(runs, "run")) : "nothing of it runs");
  }
  co_return code;
}

}  // namespace carillon::app
