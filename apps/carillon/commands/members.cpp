#include "carillon/commands/members.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ostream>
#include <tuple>

#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

boost::json::object member_json(const member_info& member, const command_context& context) {
  boost::json::object object{{"instance", member.instance}, {"id", member.id},
                             {"host", member.host},         {"process", member.process},
                             {"version", member.version},   {"takes_jobs", member.takes_jobs}};
  object["started"] = time_json(member.started, context.where);
  object["lease_left_ms"] = (member.expires - context.now).count();
  if (member.work) {
    boost::json::array tasks, executors;
    for (const auto& task : member.work->tasks) tasks.emplace_back(task);
    for (const auto& executor : member.work->executors) executors.emplace_back(executor);
    object["tasks"] = std::move(tasks);
    object["executors"] = std::move(executors);
    object["declares"] = member.work->declared.size();
  }
  return object;
}

}  // namespace

loop_awaitable<int> print_members(command_context& context) {
  auto members = co_await context.store.members();
  std::ranges::sort(members, {}, [](const member_info& one) { return std::tie(one.instance, one.id); });
  table lines{{"INSTANCE", "HOST", "PROCESS", "VERSION", "STARTED", "LEASE LEFT", "TAKES JOBS", "ID"}};
  lines.align_right(2);
  lines.align_right(5);
  for (const auto& member : members) {
    if (context.json) {
      context.out << boost::json::serialize(member_json(member, context)) << '\n';
      continue;
    }
    const auto left = member.expires - context.now;
    lines.add({member.instance, member.host, std::to_string(member.process), member.version,
               short_time(std::chrono::floor<std::chrono::seconds>(member.started), context.where),
               left > milliseconds{0} ? spoken(left) : "none",
               member.takes_jobs ? "yes" : "no: it is blocked", member.id});
  }
  if (context.json) co_return exit_code::done;
  if (members.empty()) {
    context.out << "nobody: no instance runs jobs of this store now\n";
  } else {
    context.out << lines;
  }
  co_return exit_code::done;
}

}  // namespace carillon::app
