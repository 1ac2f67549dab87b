// Jobs of the memory store as records: add, change, remove, list. Their runs: memory_runs.cpp,
// memory_claims.cpp, memory_finishes.cpp.

#include "store/memory_jobs.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <stdexcept>

namespace carillon {

namespace {

constexpr std::optional<instant> optional_of(instant time) {
  return time == memory_job::none ? std::nullopt : std::optional{time};
}

bool has_all(const std::vector<std::string>& tags, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const auto& tag) { return std::ranges::find(tags, tag) != tags.end(); });
}

bool matches(const memory_job& job, const job_query& query) {
  if (query.state ? job.state != *query.state : job.state == job_state::removed) return false;
  if (!query.task.empty() && job.definition->task_name() != query.task) return false;
  return has_all(job.definition->options->tags, query.tags);
}

}  // namespace

/// Who wants to hear of changes. Told in one go after the step that made them, never from within it.
struct memory_jobs::listener : std::enable_shared_from_this<listener> {
  boost::asio::any_io_executor where;
  store_listener* tell = nullptr;
  // By their definitions, which many jobs added at once have anyway: a copy of each id would cost more than
  // adding it.
  std::vector<std::pair<std::shared_ptr<const job_definition>, std::uint64_t>> changed;

  void note(const memory_job& job, std::uint64_t number) {
    if (!changed.empty() && changed.back().first == job.definition) {
      changed.back().second = number;
      return;
    }
    changed.emplace_back(job.definition, number);
    if (changed.size() == 1) boost::asio::post(where, [self = shared_from_this()] { self->deliver(); });
  }
  void note_stop(const std::string& job, const std::string& run, cancel_reason why) {
    boost::asio::post(where, [self = shared_from_this(), job, run, why] {
      if (self->tell) self->tell->on_stop_asked(job, run, why);
    });
  }
  void deliver() {
    for (const auto& [job, number] : std::exchange(changed, {})) {
      if (tell) tell->on_job_changed(job->id, number);
    }
  }
};

rare_record& memory_job::rarely() {
  if (!rare) rare = std::make_unique<rare_record>();
  return *rare;
}

job_counters memory_job::counters() const {
  auto all = rare ? rare->counters : job_counters{};
  all.succeeded = succeeded;
  return all;
}

job_record memory_job::record() const {
  job_record seen;
  seen.definition = definition;
  seen.state = state;
  seen.revision = revision;
  seen.born = born;
  seen.anchor = optional_of(anchor);
  seen.where = where;
  seen.cursor = optional_of(cursor);
  if (seen.cursor) seen.due = due;
  seen.next_waiting = next_waiting();
  seen.active = held();
  seen.skip_next = skip_next;
  seen.counters = counters();
  seen.last_fire = optional_of(last_fire);
  if (rare) {
    seen.note = rare->note;
    seen.skip_at = rare->skip_at;
    seen.carried = rare->carried;
  }
  return seen;
}

memory_jobs::memory_jobs(std::size_t ledger_size) : ledger_{ledger_size} {}

memory_jobs::~memory_jobs() {
  jobs_.clear_and_dispose([](memory_job* job) { const auto last_hold = std::move(job->self); });
}

void memory_jobs::open(std::string member, boost::asio::any_io_executor where, store_listener& tell) {
  if (listener_) throw std::logic_error("this store has been opened before and not closed");
  member_ = std::move(member);
  listener_ = std::make_shared<listener>();
  listener_->where = std::move(where);
  listener_->tell = &tell;
}

void memory_jobs::close() {
  if (!listener_) return;
  listener_->tell = nullptr;
  listener_.reset();
  give_up(member_);
  tell_ends(latest_known());
}

void memory_jobs::notify(const memory_job& job, std::uint64_t number) {
  if (on_change) on_change(job, number);
  if (listener_) listener_->note(job, number);
}

void memory_jobs::notify_stop(const memory_job& job, const held_run& run) {
  if (on_stop) on_stop(run);
  if (listener_) listener_->note_stop(job.id(), run.id, run.stop);
}

memory_job* memory_jobs::find(std::string_view id) noexcept {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &*found;
}

memory_job* memory_jobs::find(std::string_view id, const job_handle& handle) noexcept {
  if (!handle) return find(id);
  auto* job = static_cast<memory_job*>(handle.get());
  return job->self ? job : nullptr;
}

/// The next number of the store: greater than all before it, and no less than the time that a request brings.
std::uint64_t memory_jobs::take_number(instant now) {
  if (has_clock_) return take_number();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
  number_ = std::max(number_ + 1, micros > 0 ? static_cast<std::uint64_t>(micros) : 0);
  return number_;
}

put_answer memory_jobs::add(job_record&& wanted, on_conflict policy) {
  // Many jobs added at once mostly come in the order of their ids: a look at the last one saves a search.
  index::insert_commit_data place;
  auto [found, is_new] = jobs_.insert_check(jobs_.cend(), wanted.id(), place);
  if (!is_new && found->state == job_state::removed) {
    const bool declared_again =
        !wanted.definition->origin.empty() && found->definition->same_but_origin(*wanted.definition);
    if (declared_again) return {put_answer::kind::unchanged, found->revision, {}};
    forget(*found);
    is_new = jobs_.insert_check(wanted.id(), place).second;
  }
  if (is_new) {
    auto& job = make(std::move(wanted));
    jobs_.insert_commit(job, place);
    notify(job, job.revision);
    return {put_answer::kind::added, job.revision, job.self};
  }
  auto& there = *found;
  const bool same = there.definition->same_but_origin(*wanted.definition);
  if (same && there.definition->origin.empty() && !wanted.definition->origin.empty()) {
    there.definition =
        std::move(wanted.definition);  // Declared now: kept when it ends, its file may remove it.
  }
  if (same || policy == on_conflict::keep) return {put_answer::kind::unchanged, there.revision, {}};
  if (policy == on_conflict::refuse) return {put_answer::kind::conflict, there.revision, {}};
  replace(there, std::move(wanted));
  notify(there, there.revision);
  return {put_answer::kind::replaced, there.revision, {}};
}

/// A job that nobody can find yet.
memory_job& memory_jobs::make(job_record&& wanted) {
  const auto job = std::make_shared<memory_job>();
  job->self = job;
  job->definition = std::move(wanted.definition);
  job->state = wanted.state;
  job->born = take_number(wanted.anchor.value_or(instant{}));
  job->revision = job->born;
  job->anchor = wanted.anchor.value_or(memory_job::none);
  job->where = wanted.where;
  job->cursor = wanted.cursor.value_or(memory_job::none);
  job->due = wanted.due;
  job->skip_next = wanted.skip_next;
  if (!wanted.note.empty()) job->rarely().note = std::move(wanted.note);
  if (!wanted.skip_at.empty()) job->rarely().skip_at = std::move(wanted.skip_at);
  if (!wanted.carried.empty()) job->rarely().carried = std::move(wanted.carried);
  if (const auto orphans = orphans_.find(job->id()); orphans != orphans_.end()) {
    job->live = std::move(orphans->second);
    orphans_.erase(orphans);
  }
  follow_others(*job);
  return *job;
}

void memory_jobs::replace(memory_job& job, job_record&& wanted) {
  follow_no_others(job);
  job.definition = std::move(wanted.definition);
  follow_others(job);
  job.cursor = wanted.cursor.value_or(memory_job::none);
  job.due = wanted.due;
  job.anchor = wanted.anchor.value_or(memory_job::none);
  job.where = wanted.where;
  if (job.state != job_state::paused) {
    job.state = wanted.state;
    if (job.rare || !wanted.note.empty()) job.rarely().note = std::move(wanted.note);
  }
  job.revision = take_number();
}

/// Takes a job out of the index. Its active runs stay, and count against a job of that id that is added
/// again.
void memory_jobs::forget(memory_job& job) {
  drop_waiting(job, "removed");
  follow_no_others(job);
  if (job.live && !job.live->held.empty()) orphans_[job.id()] = std::move(job.live);
  jobs_.erase(jobs_.iterator_to(job));
  const auto last_hold = std::move(job.self);
}

/// What waited does not run, and the ledger says so.
void memory_jobs::drop_waiting(memory_job& job, std::string_view why) {
  if (!job.live) return;
  for (const auto& run : std::exchange(job.live->waiting, {})) write_skip(job, run, why);
}

change_answer memory_jobs::update(std::string_view id, std::uint64_t expected_revision, job_change&& what) {
  if (what.definition && what.definition->id != id) {
    throw std::invalid_argument("update of '" + std::string{id} + "' with the definition of '" +
                                what.definition->id + "'");
  }
  if (tokens_.contains(what.token)) return change_answer::done;  // Its answer was lost.
  auto* job = find(id);
  if (!job || job->state == job_state::removed) return change_answer::gone;
  if (job->revision != expected_revision) return change_answer::conflict;
  if (what.cursor && what.cursor->from != optional_of(job->cursor)) return change_answer::conflict;
  if (!what.token.empty()) tokens_.add(what.token);
  change(*job, std::move(what));
  job->revision = take_number();
  notify(*job, job->revision);
  return change_answer::done;
}

void memory_jobs::change(memory_job& job, job_change&& what) {
  if (what.definition) {
    follow_no_others(job);
    job.definition = std::move(what.definition);
    follow_others(job);
  }
  if (what.state) {
    const bool resumed = job.state == job_state::paused && *what.state == job_state::active;
    if (resumed && job.rare) job.rare->counters.consecutive_failures = 0;
    job.state = *what.state;
  }
  if (what.note) job.rarely().note = std::move(*what.note);
  if (what.skip_next) job.skip_next = *what.skip_next;
  if (what.skip_at) job.rarely().skip_at = std::move(*what.skip_at);
  if (what.carried) job.rarely().carried = std::move(*what.carried);
  if (what.drop_waiting) {
    drop_waiting(job, "cancelled");
    release_live(job);
  }
  if (what.anchor) job.anchor = *what.anchor;
  if (what.cursor) {
    job.cursor = what.cursor->cursor.value_or(memory_job::none);
    job.due = what.cursor->due;
  }
  for (auto& entry : what.ledger) {
    auto& written = ledger_.write();
    const auto number = written.number;
    written = std::move(entry);
    written.number = number;
    written.job = job.id();
    count(job, written.result.kind, written.count);
  }
}

change_answer memory_jobs::remove(std::string_view id, std::optional<std::uint64_t> expected_revision,
                                  bool tombstone) {
  auto* job = find(id);
  if (!job || (tombstone && job->state == job_state::removed)) return change_answer::gone;
  if (expected_revision && job->revision != *expected_revision) return change_answer::conflict;
  notify(*job, take_number());
  if (!tombstone) {
    forget(*job);
    return change_answer::done;
  }
  drop_waiting(*job, "removed");
  job->state = job_state::removed;
  job->cursor = memory_job::none;
  job->skip_next = 0;
  job->succeeded = 0;
  job->rare.reset();
  release_live(*job);
  job->revision = take_number();
  return change_answer::done;
}

std::optional<loaded_job> memory_jobs::load(std::string_view id) {
  auto* job = find(id);
  if (!job) return std::nullopt;
  return loaded_job{job->record(), job->self};
}

job_page memory_jobs::list(const job_query& query) const {
  job_page page;
  auto job =
      query.after < query.id_prefix ? jobs_.lower_bound(query.id_prefix) : jobs_.upper_bound(query.after);
  for (; job != jobs_.end() && job->id().starts_with(query.id_prefix); ++job) {
    if (!matches(*job, query)) continue;
    if (page.jobs.size() >= std::max<std::size_t>(query.limit, 1)) {
      page.next_after = page.jobs.back().id();
      break;
    }
    page.jobs.push_back(job->record());
  }
  return page;
}

own_jobs memory_jobs::load_own(const std::string& from, const job_store::known_job& is_known) {
  constexpr std::size_t page_size = 1'000;
  own_jobs page;
  std::size_t seen = 0;
  for (auto job = jobs_.upper_bound(from); job != jobs_.end(); ++job) {
    if (seen++ == page_size) {
      page.next = std::prev(job)->id();
      break;
    }
    if (job->state == job_state::removed || is_known(job->id(), job->revision)) continue;
    page.jobs.push_back({job->record(), job->self});
  }
  return page;
}

void memory_jobs::put_back(std::shared_ptr<memory_job> job) {
  auto& there = *job;
  there.self = std::move(job);
  held_ += there.held();
  jobs_.insert(there);
}

const memory_job* memory_jobs::kept(std::string_view id) const noexcept {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &*found;
}

void memory_jobs::visit_jobs(const std::function<void(const memory_job&)>& visit) const {
  for (const auto& job : jobs_) visit(job);
}

}  // namespace carillon
