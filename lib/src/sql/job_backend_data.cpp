// What runs have left behind: how those have ended for which somebody waits, and what they returned.

#include <algorithm>
#include <set>

#include "sql/job_backend.hpp"
#include "sql/json_fields.hpp"

namespace carillon::sql {

namespace {

[[noreturn]] void refuse_reading(store_tables& tables, const std::string& why) {
  tables.tell_once(why);
  throw boost::system::system_error(errc::store_refused, why);
}

/// Whether a run waits or is active. To be asked before its end is looked for: what is none of both then has
/// ended before.
bool is_pending(session& with, store_tables& tables, const std::string& id, std::uint64_t number) {
  auto asks = query{"SELECT content FROM "}.add(with.speaks().table("jobs")).add(" WHERE id = ").bind(id);
  const auto found = with.ask(asks, "t");
  if (found.empty()) return false;
  std::set<std::string, std::less<>> names;
  const auto name_of = [&](std::string_view name) { return &*names.emplace(name).first; };
  const auto is_it = [number](const auto& run) { return run.awaited && run.revision == number; };
  try {
    const auto runs = runs_in(found[0][0].text, name_of);
    return std::ranges::any_of(runs->held, is_it) || std::ranges::any_of(runs->waiting, is_it);
  } catch (const unreadable& fault) {
    refuse_reading(tables, "the runs of job '" + id + "' cannot be read: " + fault.what());
  }
}

awaited_end end_in(session& with, store_tables& tables, std::uint32_t partition, std::uint64_t number) {
  awaited_end end;
  end.what = awaited_end::kind::unknown;
  query asks{"SELECT job, content, returned FROM "};
  asks.add(with.speaks().table("ends")).add(" WHERE part = ").bind(partition);
  auto found = with.ask(asks.add(" AND num = ").bind(number), "ttt");
  if (found.empty()) return end;
  end.entry.job = std::move(found[0][0].text);
  end.value = std::move(found[0][2].text);
  try {
    read_entry(found[0][1].text, end.entry);
  } catch (const unreadable& fault) {
    refuse_reading(tables, "the end of run " + std::to_string(number) + " cannot be read: " + fault.what());
  }
  end.what = awaited_end::kind::ended;
  return end;
}

}  // namespace

loop_awaitable<awaited_end> job_backend::end_of(std::string id, std::uint64_t number) {
  auto work = [tables = tables_, store = store_, partition = partition_of(id), id, number](session& with) {
    expect_store(with, store, partition);
    awaited_end pending;
    pending.what = awaited_end::kind::pending;
    return is_pending(with, *tables, id, number) ? pending : end_in(with, *tables, partition, number);
  };
  auto asking = reach<awaited_end>(std::move(work));
  co_return co_await std::move(asking);
}

loop_awaitable<std::optional<std::string>> job_backend::result(std::string id, std::string run_id,
                                                               instant now) {
  using found_value = std::optional<std::string>;
  auto work = [store = store_, partition = partition_of(id), id, run_id = std::move(run_id),
               now](session& with) -> found_value {
    expect_store(with, store, partition);
    query asks{"SELECT content FROM "};
    asks.add(with.speaks().table("results")).add(" WHERE run = ").bind(run_id);
    asks.add(" AND job = ").bind(id).add(" AND ends_at > ");
    auto found = with.ask(asks.bind(std::int64_t{now.time_since_epoch().count()}), "t");
    if (found.empty()) return std::nullopt;
    return std::move(found[0][0].text);
  };
  auto reading = reach<found_value>(std::move(work));
  co_return co_await std::move(reading);
}

}  // namespace carillon::sql
