#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/redis/inspection.hpp>

#include <algorithm>
#include <chrono>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/shared/doctor_findings.hpp"
#include "carillon/shared/inspect.hpp"
#include "carillon/shared/quiet_link.hpp"
#include "carillon/spoken.hpp"
#include "carillon/store_access.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

// A lease and a heartbeat, and again as much: what is due for longer should have been claimed.
constexpr milliseconds claimed_by_then = 30s;

// What is wrong with the server, in the doctor's words.
std::vector<finding> findings_about_server(const redis::server_report& server) {
  std::vector<finding> found;
  for (const auto& one : server.findings) {
    found.push_back(
        {one.unfit ? weight::fault : weight::warning, one.message, one.at_stake, one.advice, std::nullopt});
  }
  return found;
}

struct diagnosis {
  redis::server_report server;
  store_examination store;
  std::vector<finding> found;  // Those that were mended are not among them.
  std::vector<finding> mended;
};

loop_awaitable<void> look_at_store(redis::inspection& inspector, store_examination& seen) {
  seen.store = co_await inspector.store();
  if (!seen.store.exists || !seen.store.known_format) co_return;
  for (std::uint32_t which = 0; which < seen.store.partitions; ++which) {
    auto partition = co_await inspector.partition(seen.store, which, claimed_by_then);
    seen.partitions.push_back(std::move(partition));
  }
  seen.keys = co_await inspector.keys(seen.store);
  seen.members = co_await inspector.members();
  seen.groups = co_await inspector.groups();
  seen.missing = co_await inspector.missing_predecessors(seen.store);
  seen.shares = co_await inspector.shares(seen.store, seen.members.members);
}

loop_awaitable<void> mend(redis::inspection& inspector, diagnosis& seen) {
  std::vector<finding> left;
  for (auto& one : seen.found) {
    bool mended = false;
    if (one.repairable) mended = co_await inspector.repair(seen.store.store, *one.repairable);
    (mended ? seen.mended : left).push_back(std::move(one));
  }
  seen.found = std::move(left);
}

loop_awaitable<void> examine(redis::inspection& inspector, bool repair, diagnosis& seen) {
  seen.server = co_await inspector.server();
  seen.found = findings_about_server(seen.server);
  if (seen.server.role == "sentinel") co_return;  // It has no keys to look at.
  co_await look_at_store(inspector, seen.store);
  const bool fit = std::ranges::none_of(seen.server.findings, &redis::server_finding::unfit);
  for (auto& one : findings_of(seen.store)) seen.found.push_back(std::move(one));
  if (repair && fit) co_await mend(inspector, seen);
}

diagnosis examined(const doctor_request& request) {
  diagnosis seen;
  seen.store.name_space = quiet_options(request.store).name_space;
  inspect(request.store,
          [&](redis::inspection& inspector) { return examine(inspector, request.repair, seen); });
  return seen;
}

std::uint64_t sum(const std::vector<redis::partition_facts>& all,
                  std::uint64_t redis::partition_facts::* what) {
  std::uint64_t count = 0;
  for (const auto& one : all) count += one.*what;
  return count;
}

std::string instances_in_words(const members_answer& members) {
  std::set<std::string> names;
  for (const auto& member : members.members) names.insert(member.instance);
  std::string words = names.empty() ? "no instance is live" : counted(names.size(), "live instance") + ":";
  for (const auto& name : names) words += (words.ends_with(':') ? " " : ", ") + shown(name);
  return words;
}

// What those hold who are live: the places of others are given to the next who asks.
struct group_use {
  std::uint64_t held = 0, waiting = 0;
  std::optional<std::uint32_t> limit;
};

group_use use_of(const redis::group_facts& group, const members_answer& members) {
  group_use use;
  for (const auto& part : group.parts) {
    const bool live =
        std::ranges::find(members.members, part.member, &member_info::id) != members.members.end();
    if (!live) continue;
    use.held += part.held, use.waiting += part.waiting;
    use.limit = std::min(use.limit.value_or(part.limit), part.limit);
  }
  return use;
}

void print_group(const redis::group_facts& group, const members_answer& members, std::ostream& out) {
  const auto use = use_of(group, members);
  if (!use.limit) return;
  out << fmt::format("group     {}: {} of {} places taken, {} waiting\n", shown(group.name), use.held,
                     *use.limit, counted(use.waiting, "run"));
}

void print_summary(const diagnosis& seen, const std::string& address, std::ostream& out) {
  const auto& server = seen.server;
  const auto offset = server.clock_offset.count();
  out << fmt::format("server    {} {} at {}: answers in {:.1f} ms, its clock is {} ms {} this machine's\n",
                     server.product, server.version, address,
                     static_cast<double>(server.latency.count()) / 1000, offset < 0 ? -offset : offset,
                     offset < 0 ? "behind" : "ahead of");
  const auto& store = seen.store.store;
  if (!store.exists || !store.known_format) return;
  const auto& parts = seen.store.partitions;
  out << fmt::format(
      "store     namespace {}, {} partitions: {}, {} active, {} with waiting runs, {} in the ledger\n",
      seen.store.name_space, store.partitions, counted(sum(parts, &redis::partition_facts::jobs), "job"),
      counted(sum(parts, &redis::partition_facts::runs), "run"),
      counted(sum(parts, &redis::partition_facts::waiting), "job"),
      sum(parts, &redis::partition_facts::ledger));
  out << "members   " << instances_in_words(seen.store.members) << '\n';
  for (const auto& group : seen.store.groups) print_group(group, seen.store.members, out);
}

void print_finding(const finding& one, std::string_view head, std::ostream& out) {
  out << fmt::format("{:<9} {}\n", head, one.what);
  if (!one.breaks.empty()) out << fmt::format("          at stake: {}\n", one.breaks);
  if (!one.remedy.empty() && head != "mended") out << fmt::format("          to do: {}\n", one.remedy);
}

void print_for_people(const diagnosis& seen, const std::string& address, std::ostream& out) {
  print_summary(seen, address, out);
  for (const auto& one : seen.mended) print_finding(one, "mended", out);
  for (const auto& one : seen.found) print_finding(one, name(one.how), out);
  if (!has_weight(seen.found)) out << "well      nothing is wrong\n";
}

boost::json::object finding_json(const finding& one, bool mended) {
  return {{"weight", name(one.how)},
          {"message", in_utf8(one.what)},
          {"at_stake", one.breaks},
          {"advice", in_utf8(one.remedy)},
          {"repairable", one.repairable.has_value()},
          {"mended", mended}};
}

void print_as_json(const diagnosis& seen, const std::string& address, std::ostream& out) {
  const auto& server = seen.server;
  const auto& parts = seen.store.partitions;
  boost::json::object object;
  object["server"] = {{"address", address},
                      {"product", server.product},
                      {"version", server.version},
                      {"latency_us", server.latency.count()},
                      {"clock_offset_ms", server.clock_offset.count()}};
  object["store"] = {{"namespace", seen.store.name_space},
                     {"exists", seen.store.store.exists},
                     {"format", seen.store.store.format},
                     {"partitions", seen.store.store.partitions},
                     {"jobs", sum(parts, &redis::partition_facts::jobs)},
                     {"runs", sum(parts, &redis::partition_facts::runs)},
                     {"waiting", sum(parts, &redis::partition_facts::waiting)},
                     {"ledger", sum(parts, &redis::partition_facts::ledger)}};
  boost::json::object groups;
  for (const auto& group : seen.store.groups) {
    const auto use = use_of(group, seen.store.members);
    if (use.limit)
      groups[in_utf8(group.name)] = {{"places", *use.limit}, {"taken", use.held}, {"waiting", use.waiting}};
  }
  object["groups"] = std::move(groups);
  object["members"] = seen.store.members.members.size();
  object["well"] = !has_weight(seen.found);
  boost::json::array findings;
  for (const auto& one : seen.mended) findings.push_back(finding_json(one, true));
  for (const auto& one : seen.found) findings.push_back(finding_json(one, false));
  object["findings"] = std::move(findings);
  out << boost::json::serialize(object) << '\n';
}

}  // namespace

int run_doctor(const doctor_request& request, std::ostream& out, std::ostream& err) {
  return guarded(request.json, err, [&]() -> int {
    const auto seen = examined(request);
    const auto address = address_of(request.store);
    request.json ? print_as_json(seen, address, out) : print_for_people(seen, address, out);
    return has_weight(seen.found) ? exit_code::failed : exit_code::done;
  });
}

}  // namespace carillon::app
