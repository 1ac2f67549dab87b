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

}  // namespace

simulated_store::simulated_store(std::shared_ptr<clock> time, std::size_t ledger_size)
    : time_{std::move(time)}, ledger_size_{ledger_size} {}

std::unique_ptr<memory_jobs> simulated_store::make_jobs() const {
  auto jobs = std::make_unique<memory_jobs>(ledger_size_);
  jobs->keeps_ends = true;
  return jobs;
}

void simulated_store::create(std::uint32_t partitions) {
  identity_ = {1, partitions};
  master_.jobs = make_jobs();
  observe();
}

void simulated_store::observe() {
  master_.jobs->on_change = [this](const memory_job& job, std::uint64_t number) { changed(job, number); };
  master_.jobs->on_stop = [this](const held_run& run) {
    for (const auto& tell : on_stop_) tell(*run.member, run.id, run.stop);
  };
}

void simulated_store::replace() {
  identity_ = {std::max(identity_.id + 1, micros(time_->now())), identity_.partitions};
  master_ = {make_jobs(), {}};
  replicas_.clear();
  late_.clear();
  observe();
  members_.clear();
  works_.clear();
  groups_.clear();
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

job_handle simulated_store::server::handle_of(std::string_view id, std::uint64_t born) {
  if (born == 0) return nullptr;
  const auto known = by_birth.find(born);
  if (known != by_birth.end()) return known->second;
  static const job_handle gone = std::make_shared<memory_job>();
  auto there = jobs->load(id);
  if (!there || there->record.born != born) return gone;
  return by_birth[born] = std::move(there->handle);
}

claim_answer simulated_store::server::claim(claim_request request, std::uint64_t born) {
  request.handle = handle_of(request.id, born);
  return jobs->claim(request);
}

take_answer simulated_store::server::take(take_request request, std::uint64_t born) {
  request.handle = handle_of(request.id, born);
  return jobs->take(request);
}

finish_answer simulated_store::server::finish(run_report report, std::uint64_t born) {
  report.handle = handle_of(report.id, born);
  return jobs->finish(report);
}

void simulated_store::add(job_record job) {
  change([job = std::move(job)](server& there) {
    auto copy = job;
    return there.jobs->add(std::move(copy), on_conflict::refuse).what;
  });
}

void simulated_store::replicate(std::size_t replicas) {
  while (replicas_.size() < replicas) replicas_.push_back({make_jobs(), {}});
}

void simulated_store::replicate_until(instant time) {
  for (; !late_.empty() && late_.front().at <= time; late_.pop_front()) {
    for (auto& replica : replicas_) late_.front().change(replica);
  }
}

void simulated_store::fail_over(milliseconds lost) {
  replicate_until(time_->now() - lost);
  late_.clear();
  master_ = std::move(replicas_.at(0));
  replicas_.erase(replicas_.begin());
  observe();
}

/// What may be heard of a finish by others than who sent it.
void simulated_store::tell_finished(const run_report& report, const finish_answer& answer) {
  const auto there = jobs().load(report.id);
  const bool to_be_moved_on = there && there->record.state == job_state::active &&
                              (report.next || (!there->record.cursor && there->record.active == 0));
  if (answer.what == finish_answer::kind::done && to_be_moved_on) {
    changed(*static_cast<memory_job*>(there->handle.get()), jobs().last_number());
  }
}

std::optional<job_record> simulated_store::load(const std::string& id) {
  auto job = jobs().load(id);
  if (!job) return std::nullopt;
  master_.by_birth[job->record.born] = job->handle;
  // Read anew, as from another machine: nobody's definition lives as long as the store's.
  job->record.definition = std::make_shared<const job_definition>(*job->record.definition);
  return std::move(job->record);
}

brief_page simulated_store::page(std::uint32_t partition, const std::string& after, std::size_t limit) const {
  brief_page page;
  master_.jobs->visit_jobs([&](const memory_job& job) {
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
  seen.seq = master_.jobs->last_number();
  master_.jobs->visit_active([&](const std::string& job, const held_run& run) {
    if (partition_of(job, identity_.partitions) == partition) seen.runs.push_back(active_record_of(job, run));
  });
  master_.jobs->visit_jobs([&](const memory_job& job) {
    if (partition_of(job.id(), identity_.partitions) != partition) return;
    const bool due = job.state == job_state::active && job.cursor != memory_job::none && job.due <= now;
    if (due && seen.due.size() < 100) seen.due.push_back(job.id());
    const auto waits = job.next_waiting();
    if (waits && *waits <= now && seen.waiting.size() < 100) seen.waiting.push_back(job.id());
  });
  seen.ends = !ends(partition).empty();
  return seen;
}

std::vector<kept_end> simulated_store::ends(std::uint32_t partition) const {
  std::vector<kept_end> found;
  for (const auto& end : master_.jobs->ends()) {
    if (found.size() < 100 && partition_of(end.what->job, identity_.partitions) == partition)
      found.push_back(end);
  }
  return found;
}

/// As a script would without its comparison: it believes whoever asks.
void simulated_store::accept_any_cursor(claim_request& request) {
  const auto there = master_.jobs->load(request.id);
  if (!there || !there->record.cursor || there->record.state != job_state::active) return;
  static_cast<memory_job*>(there->handle.get())->cursor = request.expected_cursor;
  request.expected_revision = there->record.revision;
}

/// As a script would that looks for the run by its occurrence.
void simulated_store::accept_any_fence(run_report& report) {
  const memory_job* job = nullptr;
  master_.jobs->visit_jobs([&](const memory_job& each) {
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
  if (!refuses_members.empty()) throw boost::system::system_error(errc::store_refused, refuses_members);
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

group_answer simulated_store::share_group(const std::string& member, const group_request& request) {
  std::vector<std::string> told;
  const auto is_live = [this](const std::string& id) { return members_.contains(id); };
  const auto answer = groups_[request.group].share(member, request, is_live, told);
  for (const auto& each : told) {
    for (const auto& tell : on_group_) tell(each, request.group);
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
