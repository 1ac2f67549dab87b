#include "carillon/doctor_findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "carillon/declaration.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/ledger_words.hpp"
#include "carillon/spoken.hpp"
#include "carillon/store_session.hpp"
#include "carillon/table.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t most_of_a_kind = 10;
constexpr milliseconds far_off{1'000};

using namespace promise;

class examiner {
 public:
  explicit examiner(const store_examination& seen) : seen_{seen} {}

  std::vector<finding> take() {
    if (!look_at_store()) return std::move(found_);
    look_at_members();
    look_at_unserved();
    look_at_groups();
    look_at_overdue();
    look_at_missing();
    look_at_holders();
    return std::move(found_);
  }

 private:
  void add(weight how, std::string what, std::string_view breaks, std::string remedy) {
    found_.push_back({how, std::move(what), std::string{breaks}, std::move(remedy), std::nullopt});
  }

  bool look_at_store() {
    const auto& store = seen_.store;
    if (!store.exists) {
      const auto& others = store.other_namespaces;
      add(weight::warning,
          store.why_none.empty() ? fmt::format("there is no store in namespace '{}'", seen_.name_space)
                                 : store.why_none,
          somebody_claims,
          others.empty()
              ? std::string{how_a_store_begins}
              : fmt::format("{} There is one in '{}'.", how_a_store_begins, fmt::join(others, "', '")));
    } else if (!store.known_format) {
      add(weight::fault,
          fmt::format("the store in namespace '{}' has format {}, which this version does not know",
                      seen_.name_space, store.format),
          fires_again, "use the version that wrote it, or another namespace and add the jobs there");
    }
    return store.exists && store.known_format;
  }

  void look_at_members() {
    const auto& members = seen_.members.members;
    const auto jobs = seen_.contents.jobs;
    if (members.empty() && jobs > 0)
      add(weight::warning,
          fmt::format("no instance is live, and there {} {}", jobs == 1 ? "is" : "are", counted(jobs, "job")),
          somebody_claims, "start an instance: carillon run FILE --store URL");
    std::set<std::string> versions;
    for (const auto& member : members) {
      versions.insert(member.version);
      look_at_clock(member);
      if (!member.takes_jobs)
        add(weight::warning,
            fmt::format("instance '{}' is blocked: its event loop has not answered for half a lease; others "
                        "run its jobs",
                        shown(member.instance)),
            somebody_claims,
            "look what keeps its loop: a body that blocks should run on threads or as a command");
    }
    std::map<std::string, std::size_t> names;
    for (const auto& member : members) ++names[member.instance];
    for (const auto& [name, times] : names) {
      if (times > 1)
        add(weight::note, fmt::format("{} live instances are called '{}'", times, shown(name)), {},
            "give each a name of its own: carillon run --instance NAME");
    }
    if (versions.size() > 1)
      add(weight::note, fmt::format("the instances are of several versions: {}", fmt::join(versions, ", ")),
          {}, {});
  }

  void look_at_clock(const member_info& member) {
    const auto offset = member.clock_offset.value_or(milliseconds{0});
    if (offset <= far_off && offset >= -far_off) return;
    add(weight::warning,
        fmt::format("the clock of instance '{}' is {} {} the store's", shown(member.instance), spoken(offset),
                    offset < milliseconds{0} ? "ahead of" : "behind"),
        "nothing: jobs fire by the store's clock; but what bodies read on that machine differs",
        "let that machine keep time by NTP");
  }

  void look_at_groups() {
    for (const auto& group : seen_.groups) {
      std::map<std::uint32_t, std::string> by_limit;  // And somebody who says so.
      for (const auto& part : group.parts) {
        const auto& live = seen_.members.members;
        const auto who = std::ranges::find(live, part.member, &member_info::id);
        if (who != live.end()) by_limit.emplace(part.limit, who->instance);
      }
      if (by_limit.size() < 2) continue;
      const auto& [least, one] = *by_limit.begin();
      const auto& [most, another] = *by_limit.rbegin();
      add(weight::warning,
          fmt::format("group '{}' has {} places by instance '{}', but {} by '{}': the smaller number counts",
                      shown(group.name), most, shown(another), least, shown(one)),
          "nothing: but fewer runs go on at once than one of them says",
          "give all instances the same limit, and restart those that have another");
    }
  }

  // Without any instance there is but one thing to say.
  void look_at_unserved() {
    const auto& shares = seen_.shares;
    if (seen_.members.members.empty() || shares.unserved == 0) return;
    std::map<std::string, std::vector<std::string>> by_need;
    for (const auto& job : shares.unserved_jobs) {
      const auto kind = job.executor == command_executor_name ? executor_kind::command
                        : job.executor == http_executor_name  ? executor_kind::http
                                                              : kind_of(job.task, job.executor);
      const bool on_usual = kind && job.executor == name_of(*kind);
      const auto what = !kind                          ? fmt::format("task '{}'", shown(job.task))
                        : *kind == executor_kind::http ? std::string{"http requests"}
                                                       : std::string{"commands"};
      const auto need = on_usual || job.executor.empty()
                            ? what
                            : fmt::format("{} on executor '{}'", what, shown(job.executor));
      by_need[need].push_back(job.id);
    }
    std::uint64_t told = 0;
    std::size_t kinds = 0;
    for (const auto& [need, ids] : by_need) {
      if (++kinds > most_of_a_kind) break;
      told += ids.size();
      const bool one = ids.size() == 1;
      add(weight::fault,
          fmt::format("no live instance runs {}, so nobody runs job '{}'{}", need, shown(ids.front()),
                      one ? "" : fmt::format(" and {} more", ids.size() - 1)),
          somebody_claims,
          need.starts_with("commands") || need.starts_with("http requests")
              ? "start an instance that does: carillon run FILE --store URL"
              : "start an instance of a program that registers it, or pause or remove what "
                "needs it: carillon jobs list --task NAME");
    }
    if (shares.unserved > told)
      add(weight::fault, fmt::format("and nobody runs {} more jobs", shares.unserved - told), somebody_claims,
          "carillon doctor again, when the others are served");
  }

  void look_at_overdue() {
    auto all = seen_.contents.overdue;
    std::ranges::sort(all, {}, &unclaimed::due);
    for (std::size_t k = 0; k < std::min(all.size(), most_of_a_kind); ++k) {
      const auto& late = all[k];
      add(weight::fault,
          fmt::format("{} of job '{}' has been due since {} UTC, {} ago, and nobody has claimed it",
                      late.waiting ? "a waiting run" : "a fire", shown(late.job),
                      short_time(late.due, zone{}), spoken(seen_.members.store_time - late.due)),
          somebody_claims,
          seen_.members.members.empty()
              ? "start an instance"
              : "see with carillon members whether an instance serves its task, and takes jobs");
    }
    if (all.size() > most_of_a_kind)
      add(weight::fault,
          fmt::format("and {} more are due that nobody has claimed", all.size() - most_of_a_kind),
          somebody_claims, {});
  }

  void look_at_missing() {
    for (std::size_t k = 0; k < std::min(seen_.missing.size(), most_of_a_kind); ++k) {
      const auto& [job, follower] = seen_.missing[k];
      add(weight::warning,
          fmt::format("job '{}' runs after '{}', and there is no such job", shown(follower), shown(job)),
          "it does not run before that one is there",
          fmt::format("add '{}', or say otherwise when '{}' runs: carillon jobs modify", shown(job),
                      shown(follower)));
    }
    if (seen_.missing.size() > most_of_a_kind)
      add(weight::warning,
          fmt::format("and {} more run after jobs that are not there", seen_.missing.size() - most_of_a_kind),
          {}, {});
  }

  void look_at_holders() {
    std::set<std::string_view> live;
    for (const auto& member : seen_.members.members) live.insert(member.id);
    std::map<std::string, std::vector<const run_holder*>> dead;
    for (const auto& run : seen_.contents.active)
      if (!live.contains(run.member)) dead[run.member].push_back(&run);
    for (const auto& [member, runs] : dead) {
      add(weight::warning,
          fmt::format("{} still {} to '{}', which is not live any more: of job '{}'{}",
                      counted(runs.size(), "run"), runs.size() == 1 ? "belongs" : "belong", shown(member),
                      shown(runs.front()->job), runs.size() == 1 ? "" : " and others"),
          room_held,
          live.empty()
              ? "an instance that starts records them as lost, and runs them again where on_lost says so"
              : "the instances that are live record them as lost within a third of a lease; if this stays, "
                "none of them has a lease that is good");
    }
  }

  const store_examination& seen_;
  std::vector<finding> found_;
};

}  // namespace

std::string_view name(weight which) noexcept {
  switch (which) {
    case weight::note: return "note";
    case weight::warning: return "warning";
    case weight::fault: return "fault";
  }
  return "unknown";
}

finding finding_of(const fault_words& words, std::string_view subject, std::string_view detail,
                   std::string remedy) {
  auto what = fmt::format(fmt::runtime(words.what), subject);
  if (!detail.empty()) what += fmt::format(" ({})", shown(detail));
  return {words.how, std::move(what), std::string{words.breaks}, std::move(remedy), std::nullopt};
}

std::vector<finding> findings_of(const store_examination& seen) { return examiner{seen}.take(); }

void add_findings_of(const store_examination& seen, std::vector<finding> own, std::vector<finding>& found) {
  auto all = findings_of(seen);
  std::ranges::move(own, std::back_inserter(all));
  sort_by_weight(all);
  std::ranges::move(all, std::back_inserter(found));
}

std::vector<finding> findings_about(const server_report& server) {
  std::vector<finding> found;
  for (const auto& one : server.findings) {
    found.push_back(
        {one.unfit ? weight::fault : weight::warning, one.message, one.at_stake, one.advice, std::nullopt});
  }
  return found;
}

void sort_by_weight(std::vector<finding>& found) {
  std::multimap<weight, finding, std::greater<>> by_weight;  // Keeps those of one weight in their order.
  for (auto& one : found) by_weight.emplace(one.how, std::move(one));
  found.clear();
  for (auto& [how, one] : by_weight) found.push_back(std::move(one));
}

bool has_weight(const std::vector<finding>& found) {
  return std::ranges::any_of(found, [](const finding& one) { return one.how > weight::note; });
}

}  // namespace carillon::app
