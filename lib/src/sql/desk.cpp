#include "sql/desk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <limits>

#include "sql/row_writer.hpp"

namespace carillon::sql {

namespace {

/// Reads definitions that are not at hand.
void read_definitions(session& with, store_tables& tables, std::map<std::string, job_row>& rows) {
  std::vector<std::string> missing;
  for (auto& [id, row] : rows) {
    if (row.state == state_of_orphans) continue;
    row.definition = tables.definitions.find(id, row.defined);
    if (!row.definition) missing.push_back(id);
  }
  if (missing.empty()) return;
  query asks{"SELECT id, content FROM "};
  asks.add(with.speaks().table("definitions")).add(" WHERE id IN ").bind_list(missing);
  for (auto& found : with.ask(asks, "tt")) {
    auto& row = rows[found[0].text];
    try {
      row.definition = definition_in(found[1].text);
      tables.definitions.keep(found[0].text, row.defined, row.definition);
    } catch (const unreadable& fault) {
      row.why = fault.what();
    }
  }
}

/// Which row is at fault when a job cannot be read.
std::string words_of_row(const session& with, const std::string& id, bool is_definition) {
  return fmt::format("the {} of job '{}' in {}", is_definition ? "definition" : "record", id,
                     with.speaks().table(is_definition ? "definitions" : "jobs"));
}

std::string words_of_change(const stand_in& of, bool is_defined) {
  return fmt::format("{} could not be read and {}{}", of.what,
                     is_defined ? "was replaced by what is declared now" : "was removed",
                     of.has_content ? "" : ": counters, runs and data that it had are gone with it");
}

std::string words_of_unreadable(const std::string& what, const std::string& why) {
  return fmt::format(
      "{} cannot be read, and nothing was done: {}; declare the job again, or remove it: carillon jobs "
      "remove",
      what, why);
}

std::optional<std::int64_t> milliseconds_of(std::optional<instant> time) {
  return time ? std::optional<std::int64_t>{time->time_since_epoch().count()} : std::nullopt;
}

}  // namespace

std::map<std::string, job_row> read_rows(session& with, store_tables& tables,
                                         std::span<const std::string> ids) {
  std::map<std::string, job_row> found;
  if (ids.empty()) return found;
  query asks{"SELECT id, state, revision, defined, task, content FROM "};
  asks.add(with.speaks().table("jobs")).add(" WHERE id IN ").bind_list(ids);
  for (auto& each : with.ask(asks, "tnnntt")) {
    auto& row = found[each[0].text];
    row.exists = true;
    row.state = static_cast<int>(each[1].number);
    row.revision = each[2].count();
    row.defined = each[3].count();
    row.task = std::move(each[4].text);
    row.content = std::move(each[5].text);
  }
  read_definitions(with, tables, found);
  for (auto& [id, row] : found) {
    if (row.state == state_of_orphans) continue;
    const bool is_state = row.state >= 0 && row.state <= static_cast<int>(job_state::removed);
    if (!is_state) row.why = fmt::format("its state is {}", row.state);
    if (!row.definition && row.why.empty()) row.why = "its definition is missing";
  }
  return found;
}

std::shared_ptr<memory_job> job_of(const job_row& row, const name_keeper& name_of) {
  if (!row.why.empty()) throw unreadable(row.why);
  auto job = std::make_shared<memory_job>();
  job->definition = row.definition;
  job->state = static_cast<job_state>(row.state);
  job->revision = row.revision;
  read_job(row.content, *job, name_of);
  return job;
}

stand_in stand_in_of(const session& with, const std::string& id, const job_row& row,
                     const name_keeper& name_of) {
  stand_in made;
  const auto state = static_cast<job_state>(row.state);
  const bool is_state = row.state >= 0 && row.state <= static_cast<int>(job_state::removed);
  made.what = words_of_row(with, id, !row.definition);
  const auto empty = [&] {
    made.job = std::make_shared<memory_job>();
    made.job->definition = row.definition;
    if (!row.definition || state != job_state::removed) {
      job_definition job{id, trigger{"at 9999-12-31T00:00:00Z"}, {}, {}, default_options(), {}, {}};
      if (!row.task.empty()) job.task = row.task;
      if (row.definition) job.origin = row.definition->origin;
      made.job->definition = std::make_shared<const job_definition>(std::move(job));
    }
    made.job->state = is_state ? state : job_state::active;
    made.job->revision = row.revision;
  };
  empty();
  try {
    read_job(row.content, *made.job, name_of);
    made.has_content = is_state;
  } catch (const unreadable&) {
    empty();
    made.job->born = row.revision;
  }
  return made;
}

desk::desk(session& with, store_tables& tables, const store_identity& store, std::uint32_t part)
    : with_{with},
      tables_{tables},
      store_{store},
      part_{part},
      jobs_{std::numeric_limits<std::size_t>::max()} {
  const auto clock = with_.speaks().clock();
  query asks{"SELECT store, seq, ledger, noticed, followed, "};
  asks.add(clock.empty() ? "0" : clock).add(" FROM ").add(with_.speaks().table("parts"));
  asks.add(" WHERE part = ").bind(part).add(with_.speaks().locked());
  const auto found = with_.ask(asks, "nnnnnn");
  if (found.empty() || found[0][0].count() != store.id) throw boost::system::system_error(errc::other_store);
  seq_before_ = found[0][1].count();
  ledger_ = ledger_before_ = found[0][2].count();
  noticed_ = noticed_before_ = found[0][3].count();
  is_followed_ = found[0][4].number != 0;
  // Numbers are times as well, of one clock for all: what ended before a job was born is told by them.
  first_number_ = std::max(seq_before_, clock.empty() ? microseconds_now() : found[0][5].count() * 1'000);
  jobs_.put_back_number(first_number_);
  jobs_.keeps_ends = true;
  jobs_.on_change = [this](const memory_job& job, std::uint64_t number) { tell(job, number); };
  jobs_.on_stop = [this](const held_run& run) { tell_stop(run, run.stop); };
}

void desk::fetch(std::vector<std::string> ids) {
  std::ranges::sort(ids);
  const auto twice = std::ranges::unique(ids);
  ids.erase(twice.begin(), twice.end());
  auto found = read_rows(with_, tables_, ids);
  for (auto& id : ids) {
    auto& row = rows_[id];
    if (const auto there = found.find(id); there != found.end()) row = std::move(there->second);
    if (row.exists) put_back(id, row);
  }
}

void desk::put_back(const std::string& id, job_row& row) {
  const auto name_of = [this](std::string_view member) { return jobs_.name_of(member); };
  try {
    if (row.state == state_of_orphans) {
      auto runs = runs_in(row.content, name_of);
      note_taken(id, *runs);
      note_awaited(id, *runs);
      jobs_.put_back_orphans(id, std::move(runs));
      return;
    }
    auto job = job_of(row, name_of);
    if (job->live) {
      note_taken(id, *job->live);
      note_awaited(id, *job->live);
    }
    jobs_.put_back(std::move(job));
  } catch (const unreadable& fault) {
    const bool is_definition = row.state != state_of_orphans && !row.definition;
    row.why = words_of_unreadable(words_of_row(with_, id, is_definition), fault.what());
    tables_.tell_once(row.why);
  }
}

void desk::stand_in_to_remove(const std::string& id) {
  auto* const made = make_stand_in(id);
  if (!made) return;
  const auto& definition = rows_.find(id)->second.definition;
  if (definition) made->job->definition = definition;
  put_back(*made);
}

std::optional<job_state> desk::stand_in_to_define(const std::string& id) {
  auto* const made = make_stand_in(id);
  if (!made) return std::nullopt;
  if (!made->has_content && made->job->state != job_state::removed) return made->job->state;
  put_back(*made);
  return std::nullopt;
}

stand_in* desk::make_stand_in(const std::string& id) {
  const auto row = rows_.find(id);
  if (row == rows_.end() || row->second.why.empty() || stand_ins_.contains(id)) return nullptr;
  auto& made = stand_ins_[id];
  if (row->second.state == state_of_orphans) {
    made.what = words_of_row(with_, id, false);
    return nullptr;
  }
  const auto name_of = [this](std::string_view member) { return jobs_.name_of(member); };
  made = stand_in_of(with_, id, row->second, name_of);
  return &made;
}

void desk::put_back(const stand_in& made) {
  const auto& id = made.job->id();
  if (made.job->live) {
    note_taken(id, *made.job->live);
    note_awaited(id, *made.job->live);
  }
  jobs_.put_back(made.job);
}

void desk::note_taken(const std::string& id, const live_runs& before) {
  for (const auto& run : before.held) {
    if (run.taken) taken_before_[id].push_back(run.id);
  }
}

void desk::fetch_tokens(std::vector<std::string> tokens) {
  if (tokens.empty()) return;
  query asks{"SELECT token, says FROM "};
  asks.add(with_.speaks().table("tokens")).add(" WHERE token IN ").bind_list(tokens);
  for (auto& found : with_.ask(asks, "tn")) tokens_[found[0].text] = found[1].number;
}

const std::string& desk::refusal(std::string_view id) const {
  static const std::string none;
  const auto row = rows_.find(id);
  return row == rows_.end() ? none : row->second.why;
}

bool desk::is_born(std::string_view id, std::uint64_t born) const {
  const auto* const job = jobs_.kept(id);
  return job && (born == 0 || job->born == born);
}

job_handle desk::handle_of(std::string_view id, std::uint64_t born) const {
  if (born == 0) return nullptr;
  const auto* const job = jobs_.kept(id);
  if (job && job->born == born) return job->self;
  return std::make_shared<memory_job>();  // As of a job that is gone.
}

std::optional<std::int64_t> desk::token(const std::string& which) const {
  const auto found = tokens_.find(which);
  return found == tokens_.end() ? std::nullopt : std::optional{found->second};
}

void desk::keep_token(const std::string& which, std::int64_t says) { new_tokens_[which] = says; }

void desk::tell(const memory_job& job, std::uint64_t number) {
  auto& notice = notices_.emplace_back();
  notice.part = part_;
  notice.number = number;
  notice.job = brief_of(job);
}

void desk::tell_stop(const held_run& run, cancel_reason why) {
  auto& notice = notices_.emplace_back();
  notice.part = part_;
  notice.run = run.id;
  notice.member = *run.member;
  notice.why = why;
}

found_by columns_of(const memory_job& job) {
  found_by columns;
  const bool fires = job.state == job_state::active && job.cursor != memory_job::none;
  if (fires) columns.due = milliseconds_of(job.due);
  columns.waiting = milliseconds_of(job.next_waiting());
  columns.active = job.held();
  columns.task = job.definition->task_name();
  columns.executor = job.definition->options->executor;
  return columns;
}

/// A row as it is to be.
struct desk::changed_row {
  std::string id;
  int state = 0;
  std::uint64_t revision = 0, defined = 0;
  found_by columns;
  std::string content;
  std::shared_ptr<const job_definition> definition;  ///< Of one that is to be written.
};

struct desk::changed_rows {
  std::vector<changed_row> written;
  std::vector<std::string> removed;
  std::vector<std::string> undefined;  ///< Whose definitions go.
};

void desk::collect(const std::string& id, job_row& row, changed_rows& into) {
  const auto* const job = jobs_.kept(id);
  const auto* const orphans = jobs_.kept_orphans(id);
  if (!row.why.empty()) {
    const auto made = stand_ins_.find(id);
    const bool unchanged =
        made == stand_ins_.end() || (job && job == made->second.job.get() && job->revision == row.revision);
    if (unchanged || (!job && !made->second.job)) return;
    tables_.tell_once(words_of_change(made->second, job && job->state != job_state::removed));
  }
  const bool had_definition = row.exists && row.state != state_of_orphans;
  if (had_definition && !job) into.undefined.push_back(id);
  if (!job && !orphans) {
    if (row.exists) into.removed.push_back(id);
    return;
  }
  changed_row now;
  now.id = id;
  if (job) {
    now.state = static_cast<int>(job->state);
    now.revision = job->revision;
    now.defined = row.defined;
    now.columns = columns_of(*job);
    now.content = text_of(*job);
    if (!had_definition || job->definition != row.definition) {
      now.definition = job->definition;
      now.defined = ++seq_;
    }
  } else {
    now.state = state_of_orphans;
    now.columns.active = orphans->held.size();
    now.content = text_of(*orphans);
  }
  const bool same = row.exists && !now.definition && now.state == row.state && now.revision == row.revision &&
                    now.content == row.content;
  if (!same) into.written.push_back(std::move(now));
}

std::vector<change_notice> desk::save() {
  seq_ = jobs_.last_number() == first_number_ ? seq_before_ : jobs_.last_number();
  changed_rows changed;
  for (auto& [id, row] : rows_) collect(id, row, changed);
  for (const auto& [id, runs] : taken_before_) {
    const auto* const job = jobs_.kept(id);
    const auto* const live = job ? job->live.get() : jobs_.kept_orphans(id);
    for (const auto& run : runs) {
      const bool still = live && std::ranges::find(live->held, run, &held_run::id) != live->held.end();
      if (!still) keep_token("taken:" + run);
    }
  }
  collect_ends();
  write_jobs(changed);
  write_definitions(changed);
  write_removed(changed);
  write_ledger();
  write_untold();
  write_tokens();
  write_values();
  write_ends();
  write_notices();
  write_part();
  return std::move(notices_);
}

void desk::write_jobs(const changed_rows& what) {
  if (what.written.empty()) return;
  static constexpr std::string_view columns[] = {"part",    "state",  "revision", "defined",  "due",
                                                 "waiting", "active", "task",     "executor", "content"};
  row_writer rows{with_, "jobs",
                  "id, part, state, revision, defined, due, waiting, active, task, executor, content",
                  with_.speaks().or_update("id", columns)};
  for (const auto& row : what.written) {
    auto& writes = rows.next().bind(row.id).add(", ").bind(part_);
    writes.add(", ").bind(row.state).add(", ").bind(row.revision).add(", ").bind(row.defined);
    const auto& [due, waiting, active, task, executor] = row.columns;
    writes.add(", ").bind(due).add(", ").bind(waiting).add(", ").bind(active);
    writes.add(", ").bind(task).add(", ").bind(executor).add(", ").bind(row.content).add(")");
  }
  rows.write();
}

void desk::write_definitions(const changed_rows& what) {
  static constexpr std::string_view columns[] = {"defined", "content"};
  row_writer rows{with_, "definitions", "id, defined, content", with_.speaks().or_update("id", columns)};
  for (const auto& row : what.written) {
    if (!row.definition) continue;
    auto& writes = rows.next().bind(row.id).add(", ").bind(row.defined);
    writes.add(", ").bind(text_of(*row.definition)).add(")");
  }
  rows.write();
}

void desk::write_removed(const changed_rows& what) {
  const auto remove = [&](std::string_view table, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    with_.run(query{"DELETE FROM "}.add(with_.speaks().table(table)).add(" WHERE id IN ").bind_list(ids));
  };
  remove("jobs", what.removed);
  remove("definitions", what.undefined);
}

/// Numbers of entries are times as well, so that those of all partitions together are in order; and each says
/// which partition it is of, so that no two are the same.
void desk::write_ledger() {
  ledger_query all;
  all.limit = std::numeric_limits<std::size_t>::max();
  auto entries = jobs_.history(all).entries;
  const auto now = microseconds_now();
  row_writer rows{with_, "ledger", "num, job, first_at, last_at, content"};
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    ledger_ = std::max(ledger_ + 1, now);
    auto& writes = rows.next().bind(ledger_ * store_.partitions + part_);
    writes.add(", ").bind(entry->job).add(", ").bind(milliseconds_of(entry->first));
    writes.add(", ").bind(milliseconds_of(entry->last)).add(", ").bind(text_of(*entry)).add(")");
  }
  rows.write();
}

void desk::write_tokens() {
  const auto now = microseconds_now();
  row_writer rows{with_, "tokens", "token, says, made", with_.speaks().or_nothing("token")};
  for (const auto& [token, says] : new_tokens_)
    rows.next().bind(token).add(", ").bind(says).add(", ").bind(now).add(")");
  rows.write();
}

void desk::write_notices() {
  const auto now = microseconds_now();
  row_writer rows{with_, "changes", "part, num, teller, made, content"};
  for (const auto& notice : notices_) {
    auto& writes = rows.next().bind(part_).add(", ").bind(++noticed_);
    writes.add(", ").bind(tables_.teller).add(", ").bind(now).add(", ").bind(text_of(notice)).add(")");
  }
  rows.write();
}

void desk::write_part() {
  if (seq_ == seq_before_ && ledger_ == ledger_before_ && noticed_ == noticed_before_) return;
  query writes{"UPDATE "};
  writes.add(with_.speaks().table("parts")).add(" SET seq = ").bind(seq_).add(", ledger = ").bind(ledger_);
  with_.run(writes.add(", noticed = ").bind(noticed_).add(" WHERE part = ").bind(part_));
}

}  // namespace carillon::sql
