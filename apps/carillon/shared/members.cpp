#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <tuple>

#include "carillon/commands/next.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/job_json.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/shared/inspect.hpp"
#include "carillon/spoken.hpp"
#include "carillon/store_access.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

struct membership_seen {
  members_answer who;
  job_shares shares;

  std::uint64_t jobs_of(const member_info& member) const {
    const auto owned = shares.owned.find(member.id);
    return owned == shares.owned.end() ? 0 : owned->second;
  }
};

loop_awaitable<void> look(redis::inspection& inspector, membership_seen& seen) {
  const auto store = co_await inspector.existing_store();
  seen.who = co_await inspector.members();
  std::ranges::sort(seen.who.members, {},
                    [](const member_info& one) { return std::tie(one.instance, one.id); });
  seen.shares = co_await inspector.shares(store, seen.who.members);
}

// The machine's clock beside the store's.
std::string clock_words(const member_info& member) {
  if (!member.clock_offset) return "not known yet";
  if (member.clock_offset->count() == 0) return "the store's";
  return fmt::format("{} {}", spoken(*member.clock_offset),
                     member.clock_offset->count() > 0 ? "behind" : "ahead");
}

boost::json::object member_json(const member_info& member, const membership_seen& seen, const zone& where) {
  boost::json::object object{{"instance", member.instance}, {"id", member.id},
                             {"host", member.host},         {"process", member.process},
                             {"version", member.version},   {"takes_jobs", member.takes_jobs}};
  object["started"] = time_json(member.started, where);
  object["lease_left_ms"] = (member.expires - seen.who.store_time).count();
  object["jobs"] = seen.jobs_of(member);
  object["clock_offset_ms"] = nullptr;
  if (member.clock_offset) object["clock_offset_ms"] = member.clock_offset->count();
  if (!member.work) return object;
  boost::json::array tasks, executors;
  for (const auto& task : member.work->tasks) tasks.emplace_back(task);
  for (const auto& executor : member.work->executors) executors.emplace_back(executor);
  object["tasks"] = std::move(tasks);
  object["executors"] = std::move(executors);
  object["declares"] = member.work->declared.size();
  return object;
}

void print_as_json(const membership_seen& seen, const zone& where, std::ostream& out) {
  for (const auto& member : seen.who.members)
    out << boost::json::serialize(member_json(member, seen, where)) << '\n';
}

void print_for_people(const membership_seen& seen, const zone& where, std::ostream& out) {
  if (seen.who.members.empty()) {
    out << "nobody: no instance runs jobs of this store now\n";
    return;
  }
  table lines{{"INSTANCE", "JOBS", "HOST", "PROCESS", "VERSION", "STARTED", "LEASE LEFT", "CLOCK",
               "TAKES JOBS", "ID"}};
  for (const auto column : {1u, 3u, 6u}) lines.align_right(column);
  for (const auto& member : seen.who.members) {
    const auto left = member.expires - seen.who.store_time;
    lines.add({member.instance, std::to_string(seen.jobs_of(member)), member.host,
               std::to_string(member.process), member.version,
               short_time(std::chrono::floor<std::chrono::seconds>(member.started), where),
               left > milliseconds{0} ? spoken(left) : "none", clock_words(member),
               member.takes_jobs ? "yes" : "no: it is blocked", member.id});
  }
  out << lines;
  if (seen.shares.unserved > 0)
    out << fmt::format("{} can be run by none of them: carillon doctor\n",
                       counted(seen.shares.unserved, "job"));
}

}  // namespace

int run_members(const members_request& request, std::ostream& out, std::ostream& err) {
  return guarded(request.zone, request.json, err, [&](const zone& where) -> int {
    membership_seen seen;
    inspect(request.store, [&](redis::inspection& inspector) { return look(inspector, seen); });
    request.json ? print_as_json(seen, where, out) : print_for_people(seen, where, out);
    return exit_code::done;
  });
}

}  // namespace carillon::app
