#include "carillon/commands/members_of_store.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <tuple>

#include "carillon/commands/next.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

boost::json::object json_of_member(const member_info& member, const command_context& context) {
  boost::json::object object{{"instance", member.instance}, {"id", member.id},
                             {"host", member.host},         {"process", member.process},
                             {"version", member.version},   {"takes_jobs", member.takes_jobs}};
  object["started"] = time_json(member.started, context.where);
  object["lease_left_ms"] = (member.expires - context.now).count();
  return object;
}

}  // namespace

loop_awaitable<int> print_members(command_context& context) {
  auto members = co_await context.store.members();
  std::ranges::sort(members, {}, [](const member_info& one) { return std::tie(one.instance, one.id); });
  if (context.json) {
    for (const auto& member : members)
      context.out << boost::json::serialize(json_of_member(member, context)) << '\n';
    co_return exit_code::done;
  }
  if (members.empty()) {
    context.out << "nobody: no instance runs jobs of this store now\n";
    co_return exit_code::done;
  }
  table lines{{"INSTANCE", "HOST", "PROCESS", "VERSION", "STARTED", "LEASE LEFT", "TAKES JOBS", "ID"}};
  for (const auto column : {2u, 5u}) lines.align_right(column);
  for (const auto& member : members) {
    const auto left = member.expires - context.now;
    lines.add({member.instance, member.host, std::to_string(member.process), member.version,
               short_time(std::chrono::floor<std::chrono::seconds>(member.started), context.where),
               left > milliseconds{0} ? spoken(left) : "none",
               member.takes_jobs ? "yes" : "no: it is blocked", member.id});
  }
  context.out << lines;
  co_return exit_code::done;
}

}  // namespace carillon::app
