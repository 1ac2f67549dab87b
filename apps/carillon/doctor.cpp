#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "carillon/diagnostic.hpp"
#include "carillon/doctor.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/store_access.hpp"
#include "carillon/store_kinds.hpp"
#include "carillon/store_session.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

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

group_use use_of(const group_facts& group, const members_answer& members) {
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

void print_group(const group_facts& group, const members_answer& members, std::ostream& out) {
  const auto use = use_of(group, members);
  if (!use.limit) return;
  out << fmt::format("group     {}: {} of {} places taken, {} waiting\n", shown(group.name), use.held,
                     *use.limit, counted(use.waiting, "run"));
}

std::string clock_in_words(const server_report& server) {
  if (!server.clock_offset) return "its clock is this machine's";
  const auto offset = server.clock_offset->count();
  return fmt::format("its clock is {} ms {} this machine's", offset < 0 ? -offset : offset,
                     offset < 0 ? "behind" : "ahead of");
}

void print_summary(const diagnosis& seen, const std::string& address, std::ostream& out) {
  const auto& server = seen.server;
  if (!server.product.empty())
    out << fmt::format("server    {} {} at {}: answers in {:.1f} ms, {}\n", server.product, server.version,
                       address, static_cast<double>(server.latency.count()) / 1000, clock_in_words(server));
  if (!server.settings.empty()) out << fmt::format("settings  {}\n", server.settings);
  const auto& [jobs, runs, waiting, ledger, active, overdue] = seen.store.contents;
  const auto& store = seen.store.store;
  if (!store.exists || !store.known_format) return;
  out << fmt::format("store     namespace {}, {}: {}, {} active, {} with waiting runs, {} in the ledger\n",
                     seen.store.name_space, counted(store.partitions, "partition"), counted(jobs, "job"),
                     counted(runs, "run"), counted(waiting, "job"), ledger);
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
  const auto& contents = seen.store.contents;
  boost::json::object object;
  object["server"] = {{"address", address},
                      {"product", server.product},
                      {"version", server.version},
                      {"latency_us", server.latency.count()},
                      {"clock_offset_ms", nullptr}};
  if (server.clock_offset) object["server"].as_object()["clock_offset_ms"] = server.clock_offset->count();
  if (!server.settings.empty()) object["server"].as_object()["settings"] = server.settings;
  object["store"] = {{"namespace", seen.store.name_space},
                     {"exists", seen.store.store.exists},
                     {"format", seen.store.store.format},
                     {"partitions", seen.store.store.partitions},
                     {"jobs", contents.jobs},
                     {"runs", contents.runs},
                     {"waiting", contents.waiting},
                     {"ledger", contents.ledger}};
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
    const auto seen = is_database(request.store) ? examine_database(request) : examine_redis(request);
    const auto address = address_of(request.store);
    request.json ? print_as_json(seen, address, out) : print_for_people(seen, address, out);
    return has_weight(seen.found) ? exit_code::failed : exit_code::done;
  });
}

}  // namespace carillon::app
