#include "carillon/commands/jobs_list.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <ostream>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

job_state state_named(const std::string& given) {
  constexpr std::array all{job_state::active, job_state::paused, job_state::parked, job_state::ended,
                           job_state::removed};
  std::vector<std::string_view> words;
  for (const auto state : all) {
    if (name(state) == given) return state;
    words.push_back(name(state));
  }
  throw wrong_argument(fmt::format("--state '{}' is not known", shown(given)), suggestion(given, words));
}

std::string next_words(const job_record& job, const command_context& context) {
  if (!job.cursor && job.state == job_state::active)
    return job.definition->when.follows() ? "after others" : "when its run has ended";
  if (!job.cursor) return {};
  if (job.state == job_state::removed) return {};
  const auto far = job.due - context.now;
  return fmt::format("{} ({})", short_time(*job.cursor, context.where),
                     far >= milliseconds{0} ? "in " + spoken(far) : spoken(far) + " late");
}

std::string note_words(const job_record& job) {
  if (!job.note.empty() || job.skip_next == 0) return job.note;
  return "leaves out its next " + counted(job.skip_next, "fire");
}

}  // namespace

loop_awaitable<int> list_jobs(command_context& context, jobs_list_request request) {
  job_query query;
  query.id_prefix = request.prefix;
  query.tags = request.tags;
  query.task = request.task;
  query.limit = 1'000;
  if (!request.state.empty()) query.state = state_named(request.state);
  table lines{{"ID", "STATE", "NEXT", "SCHEDULE", "RUNNING", "FAILED", "NOTE"}};
  lines.align_right(4);
  lines.align_right(5);
  std::size_t count = 0;
  for (bool more = true; more;) {
    const auto page = co_await context.store.list(query);
    for (const auto& job : page.jobs) {
      if (request.limit != 0 && count == request.limit) break;
      ++count;
      if (context.json) {
        context.out << boost::json::serialize(job_json(job, context.where)) << '\n';
      } else {
        lines.add({job.id(), std::string{name(job.state)}, next_words(job, context),
                   job.definition->when.text(), std::to_string(job.active),
                   std::to_string(job.counters.failed), note_words(job)});
      }
    }
    more = page.next_after && !(request.limit != 0 && count == request.limit);
    if (more) query.after = *page.next_after;
  }
  if (context.json) co_return exit_code::done;
  if (count == 0) {
    context.out << "no jobs\n";
  } else {
    context.out << lines << counted(count, "job") << '\n';
  }
  co_return exit_code::done;
}

}  // namespace carillon::app
