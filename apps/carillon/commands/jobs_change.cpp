#include "carillon/commands/jobs_change.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/duration.hpp>

#include <functional>
#include <optional>
#include <ostream>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

// What came of an operation on one job.
struct done_to_job {
  done_to_job(bool done_, std::string words_) : done{done_}, words{std::move(words_)} {}
  bool done;
  std::string words;
};

// Nothing: there is no such job (any more).
using job_operation = std::function<loop_awaitable<std::optional<done_to_job>>(const job_record&)>;

// "report: paused", or {"job": "report", "done": true, "what": "paused"}.
void print_done(const command_context& context, const std::string& id, const done_to_job& what) {
  if (context.json) {
    const boost::json::object object{{"job", id}, {"done", what.done}, {"what", what.words}};
    context.out << boost::json::serialize(object) << '\n';
  } else {
    context.out << shown(id) << ": " << what.words << '\n';
  }
}

bool is_removed(const job_record& job) { return job.state == job_state::removed; }

loop_awaitable<int> operate_on(command_context& context, std::vector<std::string> ids,
                               const job_operation& operation) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const auto job = co_await context.store.load(id);
    std::optional<done_to_job> what;
    if (job) what = co_await operation(job->record);
    if (what)
      print_done(context, id, *what);
    else
      code = co_await print_no_such_job(context, id);
  }
  co_return code;
}

}  // namespace

loop_awaitable<int> pause_jobs(command_context& context, std::vector<std::string> ids, std::string note) {
  const job_operation pause = [&](const job_record& job) -> loop_awaitable<std::optional<done_to_job>> {
    if (is_removed(job)) co_return std::nullopt;
    const auto& id = job.id();
    const bool done = co_await context.operations.pause(id, note);
    if (done) co_return done_to_job(true, "paused");
    const auto now = co_await context.store.load(id);
    if (!now) co_return std::nullopt;
    co_return done_to_job(false, fmt::format("is {} already: nothing was changed", name(now->record.state)));
  };
  co_return co_await operate_on(context, std::move(ids), pause);
}

loop_awaitable<int> resume_jobs(command_context& context, std::vector<std::string> ids, bool catch_up) {
  const auto from = catch_up ? resume_from::catch_up : resume_from::now;
  const job_operation resume = [&](const job_record& job) -> loop_awaitable<std::optional<done_to_job>> {
    if (is_removed(job)) co_return std::nullopt;
    const bool done = co_await context.operations.resume(job.id(), from);
    co_return done_to_job(done, done ? "resumed" : "was not paused: nothing was changed");
  };
  co_return co_await operate_on(context, std::move(ids), resume);
}

loop_awaitable<int> run_jobs_now(command_context& context, std::vector<std::string> ids) {
  const job_operation run = [&](const job_record& job) -> loop_awaitable<std::optional<done_to_job>> {
    const bool waits = job.state == job_state::paused;
    const bool done = co_await context.operations.run_now(job.id());
    if (!done) co_return std::nullopt;
    co_return done_to_job(true, waits ? "will run once it is resumed: the job is paused"
                                      : "will run as soon as an instance that can run it has a place for it");
  };
  co_return co_await operate_on(context, std::move(ids), run);
}

namespace {

// Does what may be refused, as usage or as a failure, and prints why.
loop_awaitable<int> unless_refused(command_context& context, loop_awaitable<int> work) {
  std::string refused;
  int code = exit_code::failed;
  try {
    code = co_await std::move(work);
  } catch (const wrong_argument&) {
    throw;
  } catch (const std::invalid_argument& fault) {
    refused = fault.what();
  }
  co_return refused.empty() ? code : print_failure(context, refused);
}

loop_awaitable<int> set_carried(command_context& context, std::string id, boost::json::value data) {
  const bool nothing = data.is_null();
  co_await context.operations.set_carried(id, std::move(data));
  print_done(context, id, {true, nothing ? "carries nothing any more" : "carries this from its next run on"});
  co_return exit_code::done;
}

std::string words_of(const run_result& ended) {
  auto words = fmt::format("{}", name(ended.result.kind));
  if (ended.started && ended.finished)
    words += fmt::format(" after {}", format_duration(*ended.finished - *ended.started));
  if (ended.attempt > 1) words += fmt::format(", attempt {}", ended.attempt);
  if (const auto message = short_message(ended.result.message); !message.empty()) words += ": " + message;
  if (!ended.value.empty()) words += "; returned " + shown(ended.value, 1000);
  return words;
}

void print_end(const command_context& context, const std::string& id, const run_result& ended) {
  if (!context.json) return print_done(context, id, {ended.succeeded(), words_of(ended)});
  boost::json::object object{{"job", id},
                             {"done", ended.succeeded()},
                             {"outcome", name(ended.result.kind)},
                             {"run", ended.run},
                             {"attempt", ended.attempt},
                             {"instance", ended.instance},
                             {"message", in_utf8(ended.result.message)}};
  object["started"] = time_json(ended.started, context.where);
  object["finished"] = time_json(ended.finished, context.where);
  if (!ended.value.empty()) object["value"] = ended.json();
  context.out << boost::json::serialize(object) << '\n';
}

}  // namespace

loop_awaitable<int> run_jobs_and_wait(command_context& context, std::vector<std::string> ids,
                                      std::string within) {
  and_wait how;
  if (!within.empty()) {
    const auto read = parse_duration(within);
    if (!read) throw wrong_argument("--within: " + read.error().to_string(), "--within 30s, for example");
    how.within = *read;
  }
  int code = exit_code::done;
  for (const auto& id : ids) {
    const auto job = co_await context.store.load(id);
    if (!job || is_removed(job->record)) {
      code = co_await print_no_such_job(context, id);
      continue;
    }
    const auto ended = co_await context.operations.run_now(id, how);
    if (ended) {
      print_end(context, id, *ended);
    } else {
      print_done(context, id, {false, fmt::format("has not ended within {}; it goes on", within)});
    }
    if (!ended || !ended->succeeded()) code = exit_code::failed;
  }
  co_return code;
}

loop_awaitable<int> set_what_job_carries(command_context& context, std::string id, std::string data) {
  boost::system::error_code failed;
  auto value = boost::json::parse(data, failed);
  if (failed)
    throw wrong_argument(fmt::format("JSON '{}': {}", shown(data, 100), failed.message()),
                         "A JSON text: '{\"page\": 1}'; null takes away what there is.");
  const auto job = co_await context.store.load(id);
  if (!job || is_removed(job->record)) co_return co_await print_no_such_job(context, id);
  co_return co_await unless_refused(context, set_carried(context, id, std::move(value)));
}

loop_awaitable<int> remove_jobs(command_context& context, std::vector<std::string> ids) {
  const job_operation remove = [&](const job_record& job) -> loop_awaitable<std::optional<done_to_job>> {
    const std::string origin = job.definition->origin.str();
    const bool done = co_await context.operations.remove(job.id());
    if (!done) co_return std::nullopt;
    co_return done_to_job(true, origin.empty() ? std::string{"removed"}
                                               : fmt::format("removed; {} still declares it, which brings it "
                                                             "back only when its text there changes",
                                                             shown(origin)));
  };
  co_return co_await operate_on(context, std::move(ids), remove);
}

namespace {

loop_awaitable<done_to_job> cancel_in(command_context& context, std::string id,
                                      const jobs_cancel_request& request) {
  if (request.waiting) {
    const bool waited = co_await context.operations.cancel_waiting(id);
    co_return done_to_job(waited, waited ? "what waited of it is cancelled" : "nothing of it waits");
  }
  if (!request.run.empty()) {
    const bool ran = co_await context.operations.cancel_run(id, request.run);
    const auto run = shown(request.run);
    co_return done_to_job(ran, ran ? fmt::format("run {} is asked to stop", run)
                                   : fmt::format("no run {} of it is active", run));
  }
  const auto runs = co_await context.operations.cancel_runs(id);
  co_return done_to_job(
      runs > 0, runs > 0 ? fmt::format("{} asked to stop", counted(runs, "run")) : "nothing of it runs");
}

loop_awaitable<int> skip_at(command_context& context, std::string id, instant time, bool take_back) {
  const auto at = short_time(time, context.where);
  if (take_back) {
    const bool done = co_await context.operations.take_back_skip_at(id, time);
    print_done(context, id,
               {done, done ? fmt::format("fires at {} again", at)
                           : fmt::format("does not leave out its fire at {}", at)});
  } else {
    const bool done = co_await context.operations.skip_at(id, time);
    print_done(context, id, {done, fmt::format("leaves out its fire at {}{}", at, done ? "" : " already")});
  }
  co_return exit_code::done;
}

loop_awaitable<int> backfill(command_context& context, std::string id, instant from, instant to,
                             backfill_options how) {
  const auto [times, runs] = co_await context.operations.backfill(id, from, to, how);
  if (context.json) {
    const boost::json::object object{{"job", id}, {"done", runs > 0}, {"runs", runs}, {"times", times}};
    context.out << boost::json::serialize(object) << '\n';
  } else if (times == 0) {
    context.out << fmt::format("{}: its schedule has no times there\n", shown(id));
  } else if (runs == 0) {
    context.out << fmt::format("{}: 0 of {} are new, no run was put down: --again runs them once more\n",
                               shown(id), counted(times, "time"));
  } else {
    const auto how_many = runs == times ? counted(runs, "run")
                                        : fmt::format("{} (the other {} are not new)", counted(runs, "run"),
                                                      counted(times - runs, "time"));
    context.out << fmt::format(
        "{}: {} put down, the oldest first; jobs cancel --waiting takes back what has not begun\n", shown(id),
        how_many);
  }
  co_return exit_code::done;
}

}  // namespace

loop_awaitable<int> cancel_jobs(command_context& context, jobs_cancel_request request) {
  bool named_run_missing = false;
  const job_operation cancel = [&](const job_record& job) -> loop_awaitable<std::optional<done_to_job>> {
    if (is_removed(job)) co_return std::nullopt;
    auto done = co_await cancel_in(context, job.id(), request);
    named_run_missing = !request.run.empty() && !done.done;
    co_return std::move(done);
  };
  const auto code = co_await operate_on(context, request.ids, cancel);
  co_return named_run_missing ? exit_code::failed : code;
}

loop_awaitable<int> skip_fire_at(command_context& context, std::string id, std::string at, bool take_back) {
  const auto time = time_of(context.now, context.where, "--at", at);
  const auto job = co_await context.store.load(id);
  if (!job || is_removed(job->record)) co_return co_await print_no_such_job(context, id);
  co_return co_await unless_refused(context, skip_at(context, id, time, take_back));
}

loop_awaitable<int> trigger_job_at(command_context& context, std::string id, std::string at) {
  const auto time = time_of(context.now, context.where, "TIME", at);
  const bool done = co_await context.operations.trigger_at(id, time);
  if (!done) co_return co_await print_no_such_job(context, id);
  print_done(
      context, id,
      {true,
       fmt::format("will run as if it were {}, as soon as an instance that can run it has a place for it",
                   short_time(time, context.where))});
  co_return exit_code::done;
}

loop_awaitable<int> backfill_job(command_context& context, jobs_backfill_request request) {
  const auto from = time_of(context.now, context.where, "--from", request.from);
  const auto now = context.operations.now();
  const auto to = request.to.empty() ? now : time_of(now, context.where, "--to", request.to);
  const auto job = co_await context.store.load(request.id);
  if (!job || is_removed(job->record)) co_return co_await print_no_such_job(context, request.id);
  const backfill_options how{request.limit, request.again};
  co_return co_await unless_refused(context, backfill(context, request.id, from, to, how));
}

loop_awaitable<int> skip_fires(command_context& context, std::string id, std::uint32_t fires) {
  const auto job = co_await context.store.load(id);
  if (!job || is_removed(job->record)) co_return co_await print_no_such_job(context, id);
  const bool done = co_await context.operations.skip_next(id, fires);
  if (!done)
    co_return print_failure(context, fmt::format("job '{}' has ended: it has no fires to leave out", id));
  print_done(context, id,
             {true, fires == 0 ? "leaves out none of its fires"
                               : fmt::format("leaves out its next {}", counted(fires, "fire"))});
  co_return exit_code::done;
}

}  // namespace carillon::app
