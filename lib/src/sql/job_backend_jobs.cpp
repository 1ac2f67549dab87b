// Jobs as records: add, change, remove, read.

#include <algorithm>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>

#include "sql/job_backend.hpp"
#include "sql/json_fields.hpp"

namespace carillon::sql {

namespace {

[[noreturn]] void refuse_step(const std::string& why) {
  throw boost::system::system_error(errc::store_refused, why);
}

std::string token_of_change(const std::string& token) { return "change:" + token; }

/// A row as a record; if it cannot be read, which is told, one that stands for it: parked, and saying so.
job_record record_of(const session& with, store_tables& tables, const std::string& id, const job_row& row) {
  std::set<std::string, std::less<>> names;
  const auto name_of = [&](std::string_view name) { return &*names.emplace(name).first; };
  try {
    return job_of(row, name_of)->record();
  } catch (const unreadable& fault) {
    const auto found = stand_in_of(with, id, row, name_of);
    tables.tell_once(found.what + " cannot be read, and nobody runs the job: " + fault.what());
    auto record = found.job->record();
    if (record.state == job_state::active) record.state = job_state::parked;
    record.note = found.what + " cannot be read: " + fault.what();
    return record;
  }
}

bool has_all_tags(const job_record& job, const std::vector<std::string>& wanted) {
  const auto& tags = job.definition->options->tags;
  return std::ranges::all_of(wanted,
                             [&](const auto& tag) { return std::ranges::find(tags, tag) != tags.end(); });
}

/// The ids of a page that is looked through for what fits.
std::vector<std::string> listed_ids(session& with, const job_query& what, const std::string& after,
                                    std::size_t limit) {
  query asks{"SELECT id FROM "};
  asks.add(with.speaks().table("jobs")).add(" WHERE id > ").bind(after);
  if (what.state)
    asks.add(" AND state = ").bind(static_cast<int>(*what.state));
  else
    asks.add(" AND state >= 0 AND state <> ").bind(static_cast<int>(job_state::removed));
  if (!what.id_prefix.empty()) asks.add(" AND id >= ").bind(what.id_prefix);
  if (!what.task.empty()) asks.add(" AND task = ").bind(what.task);
  std::vector<std::string> ids;
  for (auto& found : with.ask(asks.add(" ORDER BY id LIMIT ").bind(limit), "t")) {
    if (!found[0].text.starts_with(what.id_prefix)) break;
    ids.push_back(std::move(found[0].text));
  }
  return ids;
}

job_page listed(session& with, store_tables& tables, const job_query& what) {
  const auto limit = std::max<std::size_t>(what.limit, 1);
  const auto some = std::clamp<std::size_t>(limit + 1, 100, 1'000);
  job_page page;
  auto after = what.after;
  for (bool more = true; more;) {
    const auto ids = listed_ids(with, what, after, some);
    more = ids.size() == some;
    if (more) after = ids.back();
    for (const auto& [id, row] : read_rows(with, tables, ids)) {
      auto job = record_of(with, tables, id, row);
      if (!has_all_tags(job, what.tags)) continue;
      if (page.jobs.size() == limit) {
        page.next_after = page.jobs.back().id();
        return page;
      }
      page.jobs.push_back(std::move(job));
    }
  }
  return page;
}

ledger_page entries_of(session& with, store_tables& tables, const ledger_query& what) {
  const auto limit = std::max<std::size_t>(what.limit, 1);
  ledger_page page;
  query asks{"SELECT num, job, content FROM "};
  asks.add(with.speaks().table("ledger")).add(" WHERE num < ");
  constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
  const auto before = what.before.value_or(static_cast<std::uint64_t>(greatest));
  asks.bind(std::min(before, static_cast<std::uint64_t>(greatest)));
  if (!what.job.empty()) asks.add(" AND job = ").bind(what.job);
  if (what.to) asks.add(" AND first_at <= ").bind(std::int64_t{what.to->time_since_epoch().count()});
  if (what.from) asks.add(" AND last_at >= ").bind(std::int64_t{what.from->time_since_epoch().count()});
  // One more than is wanted, to know whether there are more.
  const auto found =
      with.ask(asks.add(" ORDER BY num DESC LIMIT ").bind(std::min(limit, std::size_t{1} << 31) + 1), "ntt");
  if (found.size() > limit) page.next_before = found[limit - 1][0].count();
  for (const auto& each : std::span{found}.first(std::min(limit, found.size()))) {
    ledger_entry entry;
    entry.number = each[0].count();
    entry.job = each[1].text;
    try {
      read_entry(each[2].text, entry);
      page.entries.push_back(std::move(entry));
    } catch (const unreadable& fault) {
      tables.tell_once("entry " + std::to_string(entry.number) +
                       " of the ledger cannot be read and is passed over: " + fault.what());
    }
  }
  return page;
}

}  // namespace

loop_awaitable<std::vector<step_answer<put_answer>>> job_backend::add(std::uint32_t partition,
                                                                      std::span<const add_step> steps) {
  const auto one = [](desk& there, owned_add& step) {
    auto wanted = step.job;
    const bool was_paused = there.stand_in_to_define(step.id) == job_state::paused;
    if (was_paused) wanted.state = job_state::paused;
    auto answer = there.jobs().add(std::move(wanted), step.policy);
    answer.handle.reset();
    return answer;
  };
  auto owned = own<owned_add>(steps);
  auto adding = change_each<put_answer>(partition, std::move(owned), one);
  co_return co_await std::move(adding);
}

loop_awaitable<change_answer> job_backend::update(std::string id, std::uint64_t expected_revision,
                                                  const job_change& what) {
  if (what.definition && what.definition->id != id)
    throw std::invalid_argument("update of '" + id + "' with the definition of '" + what.definition->id +
                                "'");
  const auto partition = partition_of(id);
  auto work = [id = std::move(id), expected_revision, what](desk& there) {
    there.fetch({id});
    if (!there.refusal(id).empty()) {
      if (what.definition) there.stand_in_to_define(id);
      if (!there.jobs().kept(id)) refuse_step(there.refusal(id));
    }
    const auto token = token_of_change(what.token);
    if (!what.token.empty()) there.fetch_tokens({token});
    if (there.token(token)) there.jobs().put_back_token(what.token);
    auto copy = what;
    const auto answer = there.jobs().update(id, expected_revision, std::move(copy));
    if (answer == change_answer::done && !what.token.empty()) there.keep_token(token);
    return answer;
  };
  auto changing = change<change_answer>(partition, std::move(work));
  co_return co_await std::move(changing);
}

loop_awaitable<change_answer> job_backend::remove(std::string id,
                                                  std::optional<std::uint64_t> expected_revision,
                                                  bool tombstone) {
  const auto partition = partition_of(id);
  auto work = [id = std::move(id), expected_revision, tombstone](desk& there) {
    there.fetch({id});
    there.stand_in_to_remove(id);
    return there.jobs().remove(id, expected_revision, tombstone);
  };
  auto removing = change<change_answer>(partition, std::move(work));
  co_return co_await std::move(removing);
}

loop_awaitable<std::uint64_t> job_backend::enqueue(const extra_run& run) {
  const auto partition = partition_of(run.id);
  auto work = [run, id = std::string{run.id}](desk& there) {
    there.fetch({id});
    if (!there.refusal(id).empty()) refuse_step(there.refusal(id));
    const auto token = token_of_change(run.token);
    if (!run.token.empty()) there.fetch_tokens({token});
    if (const auto number = there.token(token)) return static_cast<std::uint64_t>(*number);
    auto wanted = run;
    wanted.id = id;
    const auto number = there.jobs().enqueue(wanted);
    if (number != 0 && !run.token.empty()) there.keep_token(token, static_cast<std::int64_t>(number));
    return number;
  };
  auto putting = change<std::uint64_t>(partition, std::move(work));
  co_return co_await std::move(putting);
}

loop_awaitable<std::vector<std::optional<job_record>>> job_backend::load(std::uint32_t partition,
                                                                         std::span<const std::string> ids) {
  using records = std::vector<std::optional<job_record>>;
  auto work = [tables = tables_, store = store_, partition,
               wanted = std::vector<std::string>(ids.begin(), ids.end())](session& with) {
    expect_store(with, store, partition);
    const auto found = read_rows(with, *tables, wanted);
    records all;
    for (const auto& id : wanted) {
      auto& job = all.emplace_back();
      const auto row = found.find(id);
      if (row != found.end() && row->second.state != state_of_orphans)
        job = record_of(with, *tables, id, row->second);
    }
    return all;
  };
  auto loading = reach<records>(std::move(work));
  co_return co_await std::move(loading);
}

loop_awaitable<brief_page> job_backend::page(std::uint32_t partition, std::string after, std::size_t limit) {
  auto work = [store = store_, partition, after = std::move(after), limit](session& with) {
    expect_store(with, store, partition);
    query asks{"SELECT id, task, executor, revision, state, waiting FROM "};
    asks.add(with.speaks().table("jobs")).add(" WHERE part = ").bind(partition);
    asks.add(" AND id > ").bind(after).add(" AND state >= 0 ORDER BY id LIMIT ").bind(limit + 1);
    brief_page made;
    for (auto& found : with.ask(asks, "tttnnn")) {
      if (made.jobs.size() == limit) {
        made.next_after = made.jobs.back().id;
        break;
      }
      auto& job = made.jobs.emplace_back();
      job.id = std::move(found[0].text);
      job.task = std::move(found[1].text);
      job.executor = std::move(found[2].text);
      job.revision = found[3].count();
      job.state = static_cast<job_state>(found[4].number);
      job.waits = !found[5].is_null;
    }
    return made;
  };
  auto paging = reach<brief_page>(std::move(work));
  co_return co_await std::move(paging);
}

loop_awaitable<job_page> job_backend::list(const job_query& what) {
  auto work = [tables = tables_, store = store_, what](session& with) {
    expect_store(with, store, 0);
    return listed(with, *tables, what);
  };
  auto listing = reach<job_page>(std::move(work));
  co_return co_await std::move(listing);
}

loop_awaitable<ledger_page> job_backend::history(const ledger_query& what) {
  auto work = [tables = tables_, store = store_, what](session& with) {
    expect_store(with, store, 0);
    return entries_of(with, *tables, what);
  };
  auto reading = reach<ledger_page>(std::move(work));
  co_return co_await std::move(reading);
}

}  // namespace carillon::sql
