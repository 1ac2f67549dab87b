#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json/serialize.hpp>
#include <carillon/job/json.hpp>

#include <algorithm>
#include <ostream>

#include "carillon/commands/jobs_list.hpp"
#include "carillon/commands/next.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/runs_what.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t next_times_shown = 3;

std::vector<instant> next_times(const job_record& job) {
  std::vector<instant> times;
  if (!job.cursor || job.state != job_state::active) return times;
  const auto put = [&](instant time) {
    if (!std::ranges::binary_search(job.skip_at, time)) times.push_back(time);
  };
  put(*job.cursor);
  for (auto last = *job.cursor; times.size() < next_times_shown && !job.definition->when.fixed_delay();) {
    const auto next = job.definition->when.next(job.bound(), last);
    if (!next || !*next) break;
    last = **next;
    put(last);
  }
  return times;
}

void print_counters(const job_counters& counters, std::ostream& out) {
  out << fmt::format("  ended        {} succeeded, {} failed, {} cancelled, {} lost, {} attempts retried\n",
                     counters.succeeded, counters.failed, counters.cancelled, counters.lost,
                     counters.retried);
  out << fmt::format("  not run      {} missed, {} skipped, {} coalesced\n", counters.missed,
                     counters.skipped, counters.coalesced);
  if (counters.consecutive_failures > 0)
    out << fmt::format("  in a row     {} failed\n", counters.consecutive_failures);
}

void print_job(const job_record& job, const command_context& context) {
  auto& out = context.out;
  const auto time = [&](instant when) { return short_time(when, context.where); };
  const auto& definition = *job.definition;
  out << job.id() << '\n';
  out << fmt::format("  state        {}{}\n", name(job.state),
                     job.note.empty() ? "" : fmt::format(" ({})", shown(job.note, 500)));
  out << fmt::format("  schedule     {} (times in {})\n", definition.when.text(), job.where.name());
  out << fmt::format("  runs         {}\n", runs_what(definition));
  if (!definition.options->description.empty())
    out << fmt::format("  description  {}\n", shown(definition.options->description, 500));
  for (const auto next : next_times(job)) out << fmt::format("  next         {}\n", time(next));
  if (job.cursor && job.due != *job.cursor)
    out << fmt::format("  due          {}, with its jitter\n", time(job.due));
  if (job.skip_next > 0) out << fmt::format("  leaves out   its next {}\n", counted(job.skip_next, "fire"));
  for (const auto skipped : job.skip_at) {
    if (!job.cursor || skipped >= *job.cursor) out << fmt::format("  leaves out   {}\n", time(skipped));
  }
  if (!job.carried.empty()) out << fmt::format("  carries      {}\n", shown(job.carried, 500));
  if (job.next_waiting) out << fmt::format("  waiting      a run, for {}\n", time(*job.next_waiting));
  if (job.last_fire) out << fmt::format("  last fire    {}\n", time(*job.last_fire));
  out << fmt::format("  active       {} of {} allowed\n", job.active, definition.options->max_instances);
  print_counters(job.counters, out);
  const auto options = to_json(*definition.options);
  if (!options.empty()) out << fmt::format("  options      {}\n", boost::json::serialize(options));
  if (!definition.origin.empty()) out << fmt::format("  declared by  {}\n", shown(definition.origin.str()));
  const auto since = time_of_revision(job.revision);
  out << fmt::format("  revision     {}{}\n", job.revision, since ? ", since " + time(*since) : "");
}

}  // namespace

loop_awaitable<int> show_jobs(command_context& context, std::vector<std::string> ids) {
  int code = exit_code::done;
  for (const auto& id : ids) {
    const auto job = co_await context.store.load(id);
    if (!job) {
      code = co_await print_no_such_job(context, id);
    } else if (context.json) {
      auto object = job_json(job->record, context.where);
      boost::json::array next;
      for (const auto time : next_times(job->record)) next.push_back(time_json(time, context.where));
      object["next_times"] = std::move(next);
      context.out << boost::json::serialize(object) << '\n';
    } else {
      print_job(job->record, context);
    }
  }
  co_return code;
}

}  // namespace carillon::app
