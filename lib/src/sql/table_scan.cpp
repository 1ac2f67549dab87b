#include "sql/table_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "sql/desk.hpp"
#include "sql/group_codec.hpp"
#include "sql/job_codec.hpp"

namespace carillon::sql {

namespace {

using kind_of_fault = table_fault_kind;

constexpr std::size_t jobs_of_a_page = 500;
constexpr std::ptrdiff_t most_faults_of_a_kind = 100;
constexpr std::size_t most_overdue = 200, most_missing = 100, most_asked_at_once = 500;

/// What stands in the row of a job, and what is wrong with it.
class job_scan {
 public:
  job_scan(const store_facts& store, std::string table, instant limit, scanned_rows& into)
      : store_{store}, table_{std::move(table)}, limit_{limit}, into_{into} {}

  void look_at(row& found) {
    const auto& id = found[0].text;
    const auto part = static_cast<std::uint32_t>(found[1].number);
    if (const auto home = partition_of(id, store_.partitions); home != part)
      add(kind_of_fault::wrong_partition, id, fmt::format("it stands in {}, not in {}", part, home));
    if (found[2].number == state_of_orphans) {
      look_at_orphans(found);
      return;
    }
    const bool is_kept = static_cast<job_state>(found[2].number) != job_state::removed;
    if (is_kept) ++into_.contents.jobs;
    try {
      const auto job = job_in(found);
      const auto expected = columns_of(*job);
      look_at_columns(found, expected, job->id());
      look_at_runs(*job);
      look_at_times(*job, expected);
      if (!is_kept) return;
      for (auto& each : job->definition->when.predecessors())
        into_.follows.push_back({std::move(each.job), id});
    } catch (const unreadable& fault) {
      add(kind_of_fault::unreadable_job, id, fault.what());
    }
  }

 private:
  void add(kind_of_fault what, const std::string& subject, std::string detail) {
    into_.faults.push_back({what, table_, subject, std::move(detail)});
  }

  std::shared_ptr<memory_job> job_in(row& found) {
    job_row made;
    made.exists = true;
    made.state = static_cast<int>(found[2].number);
    made.revision = found[3].count();
    made.content = std::move(found[9].text);
    const bool is_state = made.state >= 0 && made.state <= static_cast<int>(job_state::removed);
    if (!is_state) throw unreadable(fmt::format("its state is {}", made.state));
    if (found[10].is_null) throw unreadable("its definition is missing");
    made.definition = definition_in(found[10].text);
    return job_of(made, name_of_);
  }

  void look_at_orphans(const row& found) {
    try {
      take_held(found[0].text, *runs_in(found[9].text, name_of_));
    } catch (const unreadable& fault) {
      add(kind_of_fault::unreadable_runs, found[0].text, fault.what());
    }
  }

  void look_at_columns(const row& found, const found_by& expected, const std::string& id) {
    const auto number = [](const cell& from) {
      return from.is_null ? std::nullopt : std::optional<std::int64_t>{from.number};
    };
    found_by there;
    there.due = number(found[4]);
    there.waiting = number(found[5]);
    there.active = static_cast<std::size_t>(found[6].number);
    there.task = found[7].text;
    there.executor = found[8].text;
    if (there == expected) return;
    const auto* const which = there.due != expected.due           ? "due"
                              : there.waiting != expected.waiting ? "waiting"
                              : there.active != expected.active   ? "active"
                              : there.task != expected.task       ? "task"
                                                                  : "executor";
    add(kind_of_fault::wrong_columns, id, which);
  }

  void take_held(const std::string& id, const live_runs& runs) {
    into_.contents.runs += runs.held.size();
    for (const auto& run : runs.held) into_.contents.active.push_back({run.id, id, *run.member, run.started});
  }

  void look_at_runs(const memory_job& job) {
    if (!job.live) return;
    take_held(job.id(), *job.live);
    if (job.next_waiting()) ++into_.contents.waiting;
  }

  void look_at_times(const memory_job& job, const found_by& columns) {
    if (columns.due && job.due <= limit_) into_.contents.overdue.push_back({job.id(), job.due, false});
    const auto waiting = job.next_waiting();
    const bool is_held = job.state == job_state::paused || job.state == job_state::parked ||
                         job.held() >= job.definition->options->max_instances;
    if (waiting && *waiting <= limit_ && !is_held)
      into_.contents.overdue.push_back({job.id(), *waiting, true});
  }

  const store_facts& store_;
  const std::string table_;
  const instant limit_;
  scanned_rows& into_;
  std::set<std::string, std::less<>> names_;
  const name_keeper name_of_ = [this](std::string_view name) { return &*names_.emplace(name).first; };
};

/// Rows that are a text by which they are known and one of which it is asked whether it can be read.
template <typename Read>
void scan_texts(session& with, std::string_view table, std::string_view key, kind_of_fault what, Read read,
                scanned_rows& into) {
  const auto name = with.speaks().table(table);
  const auto columns = fmt::format("SELECT {}, content FROM {} ORDER BY {}", key, name, key);
  for (auto& found : with.ask(query{columns}, "tt")) {
    try {
      read(found[0].text, found[1].text);
    } catch (const unreadable& fault) {
      into.faults.push_back({what, name, std::move(found[0].text), fault.what()});
    }
  }
}

void scan_groups(session& with, scanned_rows& into) {
  const auto table = with.speaks().table("groups");
  const auto read = [&](const std::string& name, const std::string& content) {
    group_shares all;
    read_shares(content, all, [&](std::string_view member, const unreadable& why) {
      auto detail = member.empty() ? std::string{why.what()} : fmt::format("of {}: {}", member, why.what());
      into.faults.push_back({kind_of_fault::unreadable_group, table, name, std::move(detail)});
    });
    auto& group = into.groups.emplace_back();
    group.name = name;
    for (const auto& [member, share] : all.members)
      group.parts.push_back({member, share.limit, share.held(), share.waiting});
  };
  scan_texts(with, "groups", "name", kind_of_fault::unreadable_group, read, into);
}

void scan_definitions(session& with, scanned_rows& into) {
  const auto& speaks = with.speaks();
  const auto table = speaks.table("definitions");
  const query asks{fmt::format(
      "SELECT d.id FROM {} d LEFT JOIN {} j ON j.id = d.id AND j.state >= 0 WHERE j.id IS NULL LIMIT {}",
      table, speaks.table("jobs"), most_faults_of_a_kind)};
  for (auto& found : with.ask(asks, "t"))
    into.faults.push_back({kind_of_fault::text_without_job, table, std::move(found[0].text), {}});
}

}  // namespace

void take_in(scanned_rows&& some, scanned_rows& all) {
  take_in(std::move(some.contents), all.contents);
  auto& overdue = all.contents.overdue;
  std::ranges::sort(overdue, {}, &unclaimed::due);
  if (overdue.size() > most_overdue) overdue.resize(most_overdue);
  std::ranges::move(some.follows, std::back_inserter(all.follows));
  std::ranges::move(some.groups, std::back_inserter(all.groups));
  for (auto& fault : some.faults) {
    if (std::ranges::count(all.faults, fault.what, &table_fault::what) < most_faults_of_a_kind)
      all.faults.push_back(std::move(fault));
  }
}

scanned_rows scan_parts(session& with, const store_facts& store) {
  scanned_rows made;
  for (auto& table : missing_tables(with))
    made.faults.push_back({kind_of_fault::missing_table, std::move(table), {}, {}});
  if (!made.faults.empty()) return made;
  std::map<std::int64_t, std::uint64_t> owners;
  const auto parts = with.speaks().table("parts");
  for (const auto& found : with.ask(query{"SELECT part, store FROM "}.add(parts), "nn"))
    owners[found[0].number] = found[1].count();
  for (std::int64_t part = part_of_groups; part < std::int64_t{store.partitions}; ++part) {
    const auto owner = owners.find(part);
    if (owner == owners.end())
      made.faults.push_back({kind_of_fault::foreign_partition, parts, std::to_string(part), "is not there"});
    else if (owner->second != store.id)
      made.faults.push_back({kind_of_fault::foreign_partition, parts, std::to_string(part),
                             fmt::format("belongs to store {}, not {}", owner->second, store.id)});
  }
  return made;
}

scanned_rows scan_jobs(session& with, const store_facts& store, const std::string& after,
                       milliseconds grace) {
  scanned_rows made;
  const auto limit = with.now() - grace;
  const auto& speaks = with.speaks();
  const auto table = speaks.table("jobs");
  // One statement, so that no instance comes between a job and its definition.
  query asks{fmt::format(
      "SELECT j.id, j.part, j.state, j.revision, j.due, j.waiting, j.active, j.task, j.executor, j.content, "
      "d.content FROM {} j LEFT JOIN {} d ON d.id = j.id WHERE j.id > ",
      table, speaks.table("definitions"))};
  auto found = with.ask(asks.bind(after).add(" ORDER BY j.id LIMIT ").bind(jobs_of_a_page), "tnnnnnntttt");
  if (found.size() == jobs_of_a_page) made.next_after = found.back()[0].text;
  job_scan scan{store, table, limit, made};
  for (auto& each : found) scan.look_at(each);
  return made;
}

scanned_rows scan_others(session& with) {
  scanned_rows made;
  const auto read_one_member = [](const std::string& id, const std::string& content) {
    member_info member;
    member.id = id;
    read_member(content, member);
  };
  scan_texts(with, "members", "id", kind_of_fault::unreadable_member, read_one_member, made);
  const auto read_work = [](const std::string&, const std::string& content) { work_in(content); };
  scan_texts(with, "works", "digest", kind_of_fault::unreadable_work, read_work, made);
  const auto table = with.speaks().table("untold");
  for (const auto& found : with.ask(query{"SELECT part, num, content FROM "}.add(table), "nnt")) {
    try {
      kept_end end;
      read_end(found[2].text, end);
    } catch (const unreadable& fault) {
      made.faults.push_back({kind_of_fault::unreadable_end, table,
                             fmt::format("{} of partition {}", found[1].number, found[0].number),
                             fault.what()});
    }
  }
  scan_groups(with, made);
  scan_definitions(with, made);
  const auto entries = query{"SELECT COUNT(*) FROM "}.add(with.speaks().table("ledger"));
  made.contents.ledger = with.ask(entries, "n").at(0).at(0).count();
  return made;
}

std::vector<missing_predecessor> missing_among(session& with, std::span<const missing_predecessor> follows) {
  std::vector<std::string> wanted;
  for (const auto& each : follows) wanted.push_back(each.job);
  std::ranges::sort(wanted);
  const auto twice = std::ranges::unique(wanted);
  wanted.erase(twice.begin(), twice.end());
  std::set<std::string> there;
  for (std::span<const std::string> rest{wanted}; !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), most_asked_at_once));
    query asks{"SELECT id FROM "};
    asks.add(with.speaks().table("jobs")).add(" WHERE id IN ").bind_list(some);
    asks.add(" AND state >= 0 AND state <> ").bind(static_cast<int>(job_state::removed));
    for (auto& found : with.ask(asks, "t")) there.insert(std::move(found[0].text));
    rest = rest.subspan(some.size());
  }
  std::vector<missing_predecessor> missing;
  for (const auto& each : follows) {
    if (missing.size() < most_missing && !there.contains(each.job)) missing.push_back(each);
  }
  return missing;
}

std::vector<brief_of_part> briefs_of(session& with, const std::string& after, std::size_t limit) {
  query asks{"SELECT part, id, task, executor, state, waiting FROM "};
  asks.add(with.speaks().table("jobs")).add(" WHERE state >= 0 AND id > ").bind(after);
  std::vector<brief_of_part> all;
  for (auto& found : with.ask(asks.add(" ORDER BY id LIMIT ").bind(limit), "ntttnn")) {
    auto& [part, job] = all.emplace_back();
    part = static_cast<std::uint32_t>(found[0].number);
    job.id = std::move(found[1].text);
    job.task = std::move(found[2].text);
    job.executor = std::move(found[3].text);
    job.state = static_cast<job_state>(found[4].number);
    job.waits = !found[5].is_null;
  }
  return all;
}

}  // namespace carillon::sql
