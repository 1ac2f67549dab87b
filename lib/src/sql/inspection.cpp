#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <carillon/sql/inspection.hpp>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>

#include "sql/member_backend.hpp"
#include "sql/server_facts.hpp"
#include "sql/store_tables.hpp"
#include "sql/table_scan.hpp"
#include "sql/worker_pool.hpp"
#include "store/job_shares.hpp"

namespace carillon::sql {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience_for_page = 30s;  // A page is read within a part of a second.
constexpr std::chrono::milliseconds patience_for_file = 1h;
constexpr std::size_t briefs_of_a_page = 1'000, most_namespaces = 100;

/// Which names tables begin with that are a store's.
std::vector<std::string> namespaces_in(session& with) {
  constexpr std::string_view ending = "_meta";
  std::vector<std::string> tables;
  for (auto& found : with.ask(query{with.speaks().all_tables()}, "t"))
    tables.push_back(std::move(found[0].text));
  std::vector<std::string> all;
  for (const auto& table : tables) {
    if (!table.ends_with(ending) || all.size() == most_namespaces) continue;
    auto name = table.substr(0, table.size() - ending.size());
    if (std::ranges::find(tables, name + "_definitions") != tables.end()) all.push_back(std::move(name));
  }
  return all;
}

store_facts find_facts(session& with) {
  store_facts facts;
  const auto& speaks = with.speaks();
  const bool has_tables = !with.ask(speaks.finds_table(speaks.table("meta")), "n").empty();
  const auto id = has_tables ? number_of_store(with, "id") : std::nullopt;
  if (!id) {
    facts.other_namespaces = namespaces_in(with);
    std::erase(facts.other_namespaces, speaks.name_space());
    return facts;
  }
  facts.exists = true;
  facts.id = *id;
  facts.format = static_cast<std::uint32_t>(number_of_store(with, "format").value_or(0));
  facts.known_format = facts.format == table_format;
  facts.partitions = static_cast<std::uint32_t>(number_of_store(with, "partitions").value_or(0));
  return facts;
}

}  // namespace

std::string_view name(table_fault_kind what) noexcept {
  using enum table_fault_kind;
  switch (what) {
    case missing_table: return "missing_table";
    case foreign_partition: return "foreign_partition";
    case unreadable_job: return "unreadable_job";
    case unreadable_runs: return "unreadable_runs";
    case wrong_columns: return "wrong_columns";
    case wrong_partition: return "wrong_partition";
    case text_without_job: return "text_without_job";
    case unreadable_member: return "unreadable_member";
    case unreadable_work: return "unreadable_work";
    case unreadable_group: return "unreadable_group";
    case unreadable_end: return "unreadable_end";
  }
  return "unknown";
}

struct inspection::parts {
  explicit parts(std::string_view url) {
    tables->where = parse_database_url(url).value();
    tables->create = false;
    // Who looks says itself what cannot be read.
    tables->logger =
        std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::null_sink_mt>());
    pool = std::make_shared<worker_pool>(tables->where, 1, 5s, session_use::looks);
  }
  ~parts() { pool->stop(); }
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  loop_awaitable<void> look_at_tables(const store_facts& store, milliseconds grace, scanned_rows& all);
  loop_awaitable<void> look_at_members(store_look& seen);
  loop_awaitable<void> look_at_shares(store_look& seen);

  std::shared_ptr<store_tables> tables = std::make_shared<store_tables>();
  std::shared_ptr<worker_pool> pool;
};

inspection::inspection(std::string_view url) : parts_{std::make_unique<parts>(url)} {}
inspection::~inspection() = default;

const std::string& inspection::name_space() const noexcept { return parts_->tables->where.name_space; }

bool inspection::is_there() const {
  const auto& where = parts_->tables->where;
  std::error_code failed;
  return where.kind != database_kind::sqlite || std::filesystem::exists(where.file, failed);
}

loop_awaitable<server_report> inspection::server() {
  auto work = [tables = parts_->tables](session& with) { return look_at_server(with, tables->where); };
  auto asking = ask<server_facts>(parts_->pool, std::move(work), patience_for_file);
  const auto facts = co_await std::move(asking);
  server_report report;
  report.product = facts.product;
  report.version = facts.version;
  report.latency = facts.latency;
  report.clock_offset = facts.clock_offset;
  report.settings = settings_in_words(facts);
  report.findings = findings_about(facts);
  co_return report;
}

loop_awaitable<store_facts> inspection::store() {
  if (!is_there()) {
    store_facts none;
    none.why_none = "there is no store yet: there is no file " + parts_->tables->where.file;
    co_return none;
  }
  auto work = [](session& with) { return find_facts(with); };
  auto asking = ask<store_facts>(parts_->pool, std::move(work), patience_for_page);
  co_return co_await std::move(asking);
}

loop_awaitable<void> inspection::parts::look_at_tables(const store_facts& store, milliseconds grace,
                                                       scanned_rows& all) {
  auto parts = [store](session& with) { return scan_parts(with, store); };
  auto scanning_parts = ask<scanned_rows>(pool, std::move(parts), patience_for_page);
  take_in(co_await std::move(scanning_parts), all);
  const bool is_whole =
      std::ranges::find(all.faults, table_fault_kind::missing_table, &table_fault::what) == all.faults.end();
  if (!is_whole) co_return;
  std::optional<std::string> after = std::string{};
  while (after) {
    auto page = [store, grace, from = *after](session& with) { return scan_jobs(with, store, from, grace); };
    auto scanning = ask<scanned_rows>(pool, std::move(page), patience_for_page);
    auto some = co_await std::move(scanning);
    after = std::move(some.next_after);
    take_in(std::move(some), all);
  }
  auto others = [](session& with) { return scan_others(with); };
  auto scanning_others = ask<scanned_rows>(pool, std::move(others), patience_for_page);
  take_in(co_await std::move(scanning_others), all);
}

loop_awaitable<void> inspection::parts::look_at_members(store_look& seen) {
  member_backend asked{tables, pool};
  auto looking = asked.look();
  auto there = co_await std::move(looking);
  seen.members = std::move(there.answer);
  seen.expired = std::move(there.expired);
  for (auto& member : seen.members.members) {
    auto fetching = asked.fetch_work(member.work_digest);
    member.work = co_await std::move(fetching);
  }
}

loop_awaitable<void> inspection::parts::look_at_shares(store_look& seen) {
  const ownership owners{seen.members.members, {}};
  std::string after;
  for (bool more = true; more;) {
    auto page = [after](session& with) { return briefs_of(with, after, briefs_of_a_page); };
    auto reading = ask<std::vector<brief_of_part>>(pool, std::move(page), patience_for_page);
    auto some = co_await std::move(reading);
    more = some.size() == briefs_of_a_page;
    if (more) after = some.back().job.id;
    for (auto& [part, job] : some) count_share(owners, part, std::move(job), seen.shares);
  }
}

loop_awaitable<store_look> inspection::look(const store_facts& store, milliseconds grace) {
  store_look seen;
  scanned_rows all;
  auto scanning = parts_->look_at_tables(store, grace, all);
  co_await std::move(scanning);
  seen.contents = std::move(all.contents);
  seen.groups = std::move(all.groups);
  seen.faults = std::move(all.faults);
  const bool is_whole = std::ranges::find(seen.faults, table_fault_kind::missing_table, &table_fault::what) ==
                        seen.faults.end();
  if (!is_whole) co_return seen;
  auto counting = parts_->look_at_members(seen);
  co_await std::move(counting);
  auto sharing = parts_->look_at_shares(seen);
  co_await std::move(sharing);
  auto missing = [follows = std::move(all.follows)](session& with) { return missing_among(with, follows); };
  auto asking = ask<std::vector<missing_predecessor>>(parts_->pool, std::move(missing), patience_for_page);
  seen.missing = co_await std::move(asking);
  co_return seen;
}

}  // namespace carillon::sql
