#include "support/simulated_store.hpp"

#include <algorithm>

namespace carillon::testing {

namespace {

std::uint64_t micros(instant time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count()) * 1'000;
}

job_brief brief_of(const memory_job& job) {
  job_brief brief;
  brief.id = job.id();
  brief.task = job.definition->task_name();
  brief.executor = job.definition->options->executor;
  brief.revision = job.revision;
  brief.state = job.state;
  brief.waits = job.next_waiting().has_value();
  return brief;
}

active_record record_of(const std::string& job, const held_run& run) {
  active_record record;
  record.run_id = run.id;
  record.job = job;
  record.member = *run.member;
  record.born = run.born;
  record.fence = run.fence;
  record.occurrence = run.occurrence;
  record.due = run.due;
  record.started = run.started;
  record.attempt = run.attempt;
  record.why = run.why;
  record.taken = run.taken;
  record.extra = run.extra;
  record.stop = run.stop;
  record.revision = run.revision;
  return record;
}

}  // namespace

simulated_store::simulated_store(std::shared_ptr<clock> time, std::size_t ledger_size)
    : time_{std::move(time)}, ledger_size_{ledger_size}, nobody_{std::make_shared<memory_job>()} {}

void simulated_store::create(std::uint32_t partitions) {
  identity_ = {1, partitions};
  jobs_ = std::make_unique<memory_jobs>(ledger_size_);
  observe();
}

void simulated_store::observe() {
  jobs_->on_change = [this](const memory_job& job, std::uint64_t number) { changed(job, number); };
}

void simulated_store::replace() {
  identity_ = {std::max(identity_.id + 1, micros(time_->now())), identity_.partitions};
  jobs_ = std::make_unique<memory_jobs>(ledger_size_);
  observe();
  by_birth_.clear();
  members_.clear();
  works_.clear();
}

void simulated_store::expect(const store_identity& identity) const {
  if (identity != identity_) throw boost::system::system_error(errc::other_store);
}

void simulated_store::changed(const memory_job& job, std::uint64_t number) {
  notice news;
  news.partition = partition_of(job.id(), identity_.partitions);
  news.number = number;
  news.job = brief_of(job);
  for (const auto& tell : on_change_) tell(news);
}

job_handle simulated_store::handle_of(std::uint64_t born) const {
  const auto known = by_birth_.find(born);
  return known == by_birth_.end() ? nobody_ : known->second;
}

claim_answer simulated_store::claim(const claim_request& wanted, std::uint64_t born,
                                    std::string_view member) {
  auto request = wanted;
  request.member = member;
  request.handle = born == 0 ? nullptr : handle_of(born);
  if (broken.any_cursor) accept_any_cursor(request);
  return jobs_->claim(request);
}

take_answer simulated_store::take(take_request request, std::uint64_t born, std::string_view member) {
  request.member = member;
  request.handle = born == 0 ? nullptr : handle_of(born);
  return jobs_->take(request);
}

finish_answer simulated_store::finish(run_report report, std::uint64_t born) {
  report.handle = born == 0 ? nullptr : handle_of(born);
  std::string instead;
  if (broken.any_fence) accept_any_fence(report);
  const auto answer = jobs_->finish(report);
  const auto there = jobs_->load(report.id);
  const bool to_be_moved_on = there && there->record.state == job_state::active &&
                              (report.next || (!there->record.cursor && there->record.active == 0));
  if (answer.what == finish_answer::kind::done && to_be_moved_on) {
    changed(*static_cast<memory_job*>(there->handle.get()), jobs_->last_number());
  }
  return answer;
}

std::optional<job_record> simulated_store::load(const std::string& id) {
  auto job = jobs_->load(id);
  if (!job) return std::nullopt;
  by_birth_[job->record.born] = job->handle;
  // Read anew, as from another machine: nobody's definition lives as long as the store's.
  job->record.definition = std::make_shared<const job_definition>(*job->record.definition);
  return std::move(job->record);
}

brief_page simulated_store::page(std::uint32_t partition, const std::string& after, std::size_t limit) const {
  brief_page page;
  jobs_->visit_jobs([&](const memory_job& job) {
    if (job.id() <= after || partition_of(job.id(), identity_.partitions) != partition) return;
    if (page.jobs.size() < limit) {
      page.jobs.push_back(brief_of(job));
    } else {
      page.next_after = page.jobs.back().id;
    }
  });
  return page;
}

partition_look simulated_store::look(std::uint32_t partition, instant now) const {
  partition_look seen;
  seen.seq = jobs_->last_number();
  jobs_->visit_active([&](const std::string& job, const held_run& run) {
    if (partition_of(job, identity_.partitions) == partition) seen.runs.push_back(record_of(job, run));
  });
  jobs_->visit_jobs([&](const memory_job& job) {
    if (partition_of(job.id(), identity_.partitions) != partition) return;
    const bool due = job.state == job_state::active && job.cursor != memory_job::none && job.due <= now;
    if (due && seen.due.size() < 100) seen.due.push_back(job.id());
    const auto waits = job.next_waiting();
    if (waits && *waits <= now && seen.waiting.size() < 100) seen.waiting.push_back(job.id());
  });
  return seen;
}

/// As a script would without its comparison: it believes whoever asks.
void simulated_store::accept_any_cursor(claim_request& request) {
  const auto there = jobs_->load(request.id);
  if (!there || !there->record.cursor || there->record.state != job_state::active) return;
  static_cast<memory_job*>(there->handle.get())->cursor = request.expected_cursor;
  request.expected_revision = there->record.revision;
}

/// As a script would that looks for the run by its occurrence.
void simulated_store::accept_any_fence(run_report& report) {
  const memory_job* job = nullptr;
  jobs_->visit_jobs([&](const memory_job& each) {
    if (each.id() == report.id) job = &each;
  });
  if (!job || !job->live) return;
  for (auto& run : job->live->held) {
    if (run.occurrence != report.occurrence || run.fence == report.fence) continue;
    run.id = report.run_id;
    run.fence = report.fence;
    return;
  }
}

members_answer simulated_store::heartbeat(member_info me, milliseconds lease, const store_identity& expected,
                                          bool joins) {
  members_answer answer;
  answer.store_time = time_->now();
  if (expected != identity_) {
    answer.what = members_answer::kind::other_store;
    return answer;
  }
  if (!broken.nobody_leaves) drop_expired();
  const auto known = members_.find(me.id);
  if (!joins && known == members_.end()) {
    answer.what = members_answer::kind::gone;
    return answer;
  }
  const bool is_new = known == members_.end();
  me.work = nullptr;
  const auto id = me.id;
  members_[id] = {std::move(me), time_->now() + lease};
  if (is_new) members_changed();
  return members();
}

members_answer simulated_store::members() {
  members_answer answer;
  answer.what = members_answer::kind::member;
  answer.store_time = time_->now();
  for (const auto& [id, entry] : members_) {
    if (entry.expires <= time_->now()) continue;
    answer.members.push_back(entry.who);
    answer.members.back().expires = entry.expires;
  }
  return answer;
}

void simulated_store::drop_expired() {
  const auto now = time_->now();
  if (std::erase_if(members_, [now](const auto& each) { return each.second.expires <= now; }) > 0) {
    members_changed();
  }
}

void simulated_store::members_changed() {
  for (const auto& tell : on_members_) tell();
}

std::vector<std::string> simulated_store::live() const {
  std::vector<std::string> ids;
  for (const auto& [id, entry] : members_) {
    if (entry.expires > time_->now()) ids.push_back(id);
  }
  return ids;
}

}  // namespace carillon::testing
