#include "carillon/commands/jobs_edit.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

#include "carillon/daemon_files.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"

namespace carillon::app {
namespace {

int print_flag_faults(const command_context& context, const std::vector<diagnostic>& found) {
  for (const auto& one : found) {
    auto text = one.to_string();
    const std::string_view place = "command line: ";
    if (text.starts_with(place)) text.erase(0, place.size());
    print_failure(context, text);
  }
  return exit_code::usage;
}

void print_edited(const command_context& context, const job_record& job, const std::string& what) {
  if (context.json) {
    auto object = job_json(job, context.where);
    object["what"] = what;
    context.out << boost::json::serialize(object) << '\n';
    return;
  }
  const auto next = job.cursor ? fmt::format(", next at {}", short_time(*job.cursor, context.where)) : "";
  context.out << fmt::format("{}: {} (revision {}){}\n", job.id(), what, job.revision, next);
}

std::string words_of(put_result what) {
  switch (what) {
    case put_result::added: return "added";
    case put_result::replaced: return "replaced";
    default: return "is there already, as it is: nothing was changed";
  }
}

// " since 2026-11-21 18:40:03", where the revision tells.
std::string since_words(const command_context& context, std::uint64_t revision) {
  const auto since = time_of_revision(revision);
  return since ? " since " + short_time(*since, context.where) : "";
}

// Empty where all calendars of the schedule are known.
std::string_view hint_on_calendars(const command_context& context, const trigger& when) {
  const auto known = [&](const std::string& name) {
    return context.calendars && context.calendars->find(name) != nullptr;
  };
  return std::ranges::all_of(when.calendars(), known) ? std::string_view{} : how_calendars_are_named;
}

loop_awaitable<int> add_one(command_context& context, job_definition job, on_conflict policy) {
  const auto id = job.id;
  const auto when = job.when;
  std::optional<put_result> what;
  std::string refused;
  try {
    what = co_await context.operations.put(std::move(job), policy);
  } catch (const std::invalid_argument& fault) {
    refused = fault.what();
  }
  if (!what) co_return print_failure(context, refused, hint_on_calendars(context, when));
  const auto there = co_await context.store.load(id);
  if (*what == put_result::conflict) {
    const auto revision = there ? there->record.revision : 0;
    co_return print_failure(
        context,
        fmt::format("there is a job '{}' already, with another definition (revision {}{})", id, revision,
                    since_words(context, revision)),
        "--replace gives it this definition, --keep leaves it as it is; jobs modify changes a part of it.");
  }
  if (!there)
    co_return print_failure(context, fmt::format("job '{}' was added, and removed by somebody at once", id));
  print_edited(context, there->record, words_of(*what));
  co_return exit_code::done;
}

// What the new definition changes, as the scheduler takes it.
job_changes changes_between(const job_definition& old, const job_definition& changed) {
  job_changes changes;
  if (!(changed.when == old.when)) changes.when = changed.when;
  if (!(changed.task == old.task)) changes.task = changed.task.str();
  if (!(changed.arguments == old.arguments)) changes.arguments = changed.arguments.str();
  if (!(*changed.options == *old.options)) changes.options = *changed.options;
  return changes;
}

int print_conflict(const command_context& context, const std::string& id, std::uint64_t expected,
                   std::uint64_t revision) {
  return print_failure(
      context,
      fmt::format("conflict: job '{}' is at revision {}{}, not at {}: somebody has changed it meanwhile; "
                  "nothing was changed",
                  id, revision, since_words(context, revision), expected),
      fmt::format(
          "carillon jobs show {} says how it is now; if your change is still right, give it again with "
          "--if-revision {}.",
          id, revision));
}

// One try to change a job as it was read.
struct modify_answer {
  std::optional<job_record> changed;
  bool conflict = false;  // Somebody else was faster.
  std::string refused;
};

loop_awaitable<modify_answer> try_modify(command_context& context, std::string id, job_changes changes) {
  modify_answer answer;
  try {
    answer.changed = co_await context.operations.modify(id, std::move(changes));
  } catch (const std::invalid_argument& fault) {
    answer.refused = fault.what();
  } catch (const boost::system::system_error& fault) {
    if (fault.code() != errc::conflict) throw;
    answer.conflict = true;
  }
  co_return answer;
}

void print_modified(const command_context& context, const job_record& job) {
  print_edited(context, job, "changed");
  const auto& origin = job.definition->origin.str();
  if (origin.empty() || context.json) return;
  context.out << fmt::format("note: {} declares this job: its text there comes back when it changes\n",
                             shown(origin));
}

}  // namespace

loop_awaitable<int> add_jobs(command_context& context, jobs_add_request request) {
  if (request.files.empty()) {
    auto read = job_of_flags(request.flags);
    if (!read.definition) co_return print_flag_faults(context, read.found);
    co_return co_await add_one(context, std::move(*read.definition), request.policy);
  }
  auto plan = read_files(only_configs(request.files), context.now, crontab_surroundings::of_this_machine(),
                         context.calendars ? *context.calendars : date_calendars{});
  for (const auto& problem : plan.found) print_failure(context, problem.to_string());
  if (has_errors(plan.found)) co_return exit_code::failed;
  for (const auto& job : plan.jobs) {
    if (job.store.empty()) continue;
    co_return print_failure(
        context,
        fmt::format("{}:{}: job '{}' is for the store '{}' of its file, and nothing was added: this command "
                    "puts all jobs into one store",
                    job.file, job.line, job.definition.id, job.store),
        fmt::format("carillon run brings each job into its store; or leave out: store = \"{}\"", job.store));
  }
  for (const auto name : plan.calendars.names())
    if (context.calendars) context.calendars->define(name, *plan.calendars.find(name));
  int code = exit_code::done;
  for (auto& job : plan.jobs) {
    job.definition.origin = {};
    if (job.at_start) {
      code = print_failure(context, fmt::format("{}: {}", job.definition.id, only_daemons_know_starts));
      continue;
    }
    const auto one = co_await add_one(context, std::move(job.definition), request.policy);
    if (one != exit_code::done) code = one;
  }
  co_return code;
}

// What the flags leave out is as it was read, so a change by somebody else in between must not be lost:
// without a revision to hold to, the flags are put on what is there then.
loop_awaitable<int> modify_job(command_context& context, jobs_modify_request request) {
  for (;;) {
    const auto there = co_await context.store.load(request.id);
    if (!there || there->record.state == job_state::removed)
      co_return co_await print_no_such_job(context, request.id);
    const auto& old = there->record;
    if (request.if_revision && *request.if_revision != old.revision)
      co_return print_conflict(context, request.id, *request.if_revision, old.revision);
    const auto changed = changed_by_flags(*old.definition, request.flags);
    if (!changed.definition) co_return print_flag_faults(context, changed.found);
    auto changes = changes_between(*old.definition, *changed.definition);
    changes.expected_revision = old.revision;
    const auto answer = co_await try_modify(context, request.id, std::move(changes));
    if (answer.conflict) continue;
    if (!answer.changed)
      co_return print_failure(context, answer.refused, hint_on_calendars(context, changed.definition->when));
    print_modified(context, *answer.changed);
    co_return exit_code::done;
  }
}

}  // namespace carillon::app
