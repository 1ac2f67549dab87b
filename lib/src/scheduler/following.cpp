// Which jobs have a loop here, and how their loops keep up with the store and with the clock.

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr std::size_t batch = 1'000;  // Jobs looked at before others of the event loop get their turn.

bool may_fire_again(const job_record& record) {
  switch (record.state) {
    case job_state::active:
    case job_state::paused:
    case job_state::parked: return true;
    case job_state::ended:
    case job_state::removed: return record.next_waiting.has_value();
  }
  return false;
}

/// What is due comes first, in the order in which it would have fired.
void put_overdue_first(std::vector<job_entry*>& jobs, instant now) {
  const auto due = [](const job_entry* job) { return std::min(job->cursor.due, job->next_waiting); };
  const auto rest = std::ranges::partition(jobs, [&](const job_entry* job) { return due(job) <= now; });
  const auto place = [&](const job_entry* job) {
    return std::tuple{due(job), job->place_in_order(), std::string_view{job->id()}};
  };
  std::ranges::sort(jobs.begin(), rest.begin(), {}, place);
}

/// Whether nothing fires it before its run has ended (fixed_delay).
bool awaits_its_run(const job_record& record) {
  return record.state == job_state::active && !record.cursor && !record.definition->when.follows();
}

}  // namespace

/// A job's loop tells its end itself (`loop_ended`), and catches what fails in it: this holds nothing, in a
/// million frames.
struct engine::loop_done {
  void operator()(const std::exception_ptr& failure) const {
    if (failure) std::rethrow_exception(failure);
  }
};

/// Whether this instance runs that job's loop.
bool engine::owns(const job_record& record) const {
  return may_fire_again(record) && !options_.operate_only && store_->owns(record);
}

/// Runs the loops of just the jobs that this instance owns.
loop_awaitable<void> engine::take_ownership() {
  const auto before = jobs_.size();
  if (shared_) co_await let_go();
  co_await load_owned();
  if (!shared_ || phase_ != phase::running || jobs_.size() == before) co_return;
  if (!jobs_before_) jobs_before_ = before;
  jobs_lately_.reset();
}

/// Tells how many jobs this instance runs since its share has changed: once their number is the same for two
/// ticks, for the jobs that files declare, and those that change meanwhile, come one after the other.
void engine::tell_ownership() {
  if (!jobs_before_) return;
  const bool settled = jobs_lately_ == jobs_.size() && changing_.empty() && changed_.empty() &&
                       !owning_.under_way && !following_.under_way;
  jobs_lately_ = jobs_.size();
  if (!settled) return;
  const auto before = *std::exchange(jobs_before_, std::nullopt);
  if (jobs_.size() == before) return;
  logger_->info("scheduler {} runs {} jobs now, {} before", options_.instance, jobs_.size(), before);
  tell_of_store(event_kind::ownership_changed, {}, jobs_.size());
}

/// Ends the loops of jobs that are others' now; what runs of them goes on to its end here. In batches,
/// between which others get their turn.
loop_awaitable<void> engine::let_go() {
  ++waking_;  // Until it is done, no job goes away.
  const std::vector<job_entry*> all(jobs_.begin(), jobs_.end());
  job_record seen;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& job = *all[i];
    seen.definition = job.definition;
    if (!job.retired && !store_->owns(seen)) retire(job);
    if (std::exchange(job.failures, 0) > 0) {
      job.not_before = instant::min();
      job.bell.wake();
    }
    if (i % batch == batch - 1) co_await boost::asio::post(boost::asio::deferred);
  }
  if (--waking_ == 0) leaving_.clear();
}

loop_awaitable<void> engine::load_owned() {
  const auto is_known = [this](std::string_view id, std::uint64_t revision) {
    const auto known = jobs_.find(id);
    return known != jobs_.end() && (*known)->revision == revision && !(*known)->stale;
  };
  std::optional<std::string> from{std::string{}};
  std::size_t taken = 0;
  while (from && at_work()) {
    auto page = co_await store_->load_own(*from, is_known);
    for (auto& job : page.jobs) {
      take_in(std::move(job));
      if (++taken % batch == 0) co_await boost::asio::post(boost::asio::deferred);
    }
    from = std::move(page.next);
  }
  for (const auto* job : jobs_) {
    if (job->stale) changed_.insert(job->id());  // Not among them: it is gone, or changes now.
  }
  if (!changed_.empty()) ask(following_);
}

void engine::on_job_changed(const std::string& id, std::uint64_t number) {
  wake_waiting_for(id);
  const auto known = jobs_.find(std::string_view{id});
  if (known != jobs_.end() && (*known)->revision >= number) return;
  if (shared_) {
    const auto ours = changing_.find(seed_of(id));
    if (ours != changing_.end()) {  // Perhaps by us: who changes it knows, or looks afterwards.
      ours->second.number = std::max(ours->second.number, number);
      return;
    }
    tell_job(event_kind::job_changed_elsewhere, id);
  }
  if (!options_.operate_only) look_again(id);
}

/// Has the store asked about a job, soon.
void engine::look_again(const std::string& id) {
  changed_.insert(id);
  ask(following_);
}

/// Asks the store about a job, and has its loop follow the answer.
loop_awaitable<void> engine::follow(std::string id) {
  auto job = co_await store_->load(id);
  const bool waits_for_nothing = job && awaits_its_run(job->record) && job->record.active == 0 &&
                                 !job->record.next_waiting && owns(job->record);
  if (waits_for_nothing) {
    co_await restart_fixed_delay(job->record);
    job = co_await store_->load(id);
  }
  if (job) {
    take_in(std::move(*job));
  } else if (const auto known = jobs_.find(std::string_view{id}); known != jobs_.end()) {
    retire(**known);
  }
}

/// Follows what the store tells of jobs that others have changed.
loop_awaitable<void> engine::follow_changes() {
  while (!changed_.empty() && member_ && at_work()) {
    const auto ids = std::make_shared<std::vector<std::string>>(changed_.begin(), changed_.end());
    changed_.clear();
    std::function<loop_awaitable<void>(std::size_t)> follow_each = [this, ids](std::size_t number) {
      return follow_one(std::exchange((*ids)[number], {}));
    };
    std::exception_ptr failure;
    try {
      co_await for_each(ids->size(), std::move(follow_each));
    } catch (...) {
      failure = std::current_exception();
    }
    for (auto& id : *ids) {
      if (!id.empty()) changed_.insert(std::move(id));  // It was not their turn any more.
    }
    if (failure) std::rethrow_exception(failure);
  }
}

loop_awaitable<void> engine::follow_one(std::string id) {
  std::exception_ptr failure;
  try {
    co_await follow(id);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  if (is_store_failure(failure)) changed_.insert(std::move(id));
  std::rethrow_exception(failure);
}

void engine::take_in(loaded_job job) {
  if (!at_work()) return;
  const bool ours = owns(job.record);
  const auto known = jobs_.find(std::string_view{job.record.id()});
  if (known == jobs_.end()) {
    if (ours) start_loop(std::move(job));
    return;
  }
  auto& entry = **known;
  if (job.record.born > entry.revision) {  // Another job of the same id.
    retire(entry);
    if (ours) start_loop(std::move(job));
    return;
  }
  const bool kept = ours || (entry.active > 0 && store_->owns(job.record));
  if (!kept) return retire(entry);
  const bool news =
      entry.stale || entry.revision != job.record.revision || entry.next_waiting != job.record.next_waiting;
  if (!news) return;
  await_elsewhere(job.record);
  if (entry.state != job_state::parked) tell_if_parked(job.record);
  const bool follows_anew = !(entry.definition->when == job.record.definition->when);
  entry.take_over(std::move(job));
  settle_body(entry);
  if (follows_anew) look_at_predecessors(entry);
  entry.bell.wake();
}

/// A job whose run another instance has may be left with nothing that would move it on.
void engine::await_elsewhere(const job_record& record) {
  if (shared_ && awaits_its_run(record)) awaiting_.insert(record.id());
}

/// A record that does not load as it was written.
void engine::tell_if_parked(const job_record& record) {
  if (record.state == job_state::parked) tell_job(event_kind::job_parked, *record.definition, record.note);
}

void engine::start_loop(loaded_job job) {
  await_elsewhere(job.record);
  tell_if_parked(job.record);
  auto owned = std::make_unique<job_entry>(clock_, strand_, std::move(job));
  auto& entry = *owned;
  settle_body(entry);
  jobs_.insert(&entry);
  look_at_predecessors(entry);
  ++loops_;
  static_cast<void>(owned.release());  // Its loop owns it: see release_if_over.
  boost::asio::co_spawn(strand_, job_loop(entry), loop_done{});
}

/// Ends a job's loop. Its runs go on, and are counted until they end.
void engine::retire(job_entry& job) {
  if (job.retired) return;
  job.retired = true;
  jobs_.erase(job.id());
  job.bell.wake();
}

void engine::loop_ended(job_entry& job) {
  job.loop_over = true;
  if (--loops_ == 0) news_.notify();
  release_if_over(job);
}

void engine::release_if_over(job_entry& job) {
  if (!job.loop_over || job.active > 0) return;
  std::unique_ptr<job_entry> last{&job};
  if (waking_ > 0) leaving_.push_back(std::move(last));
}

/// Something ended, and nothing of the job is running: whether that was all of it.
void engine::settle_idle(job_entry& job) {
  if (job.retired) return release_if_over(job);
  const bool idle = job.next_waiting == job_entry::never && !job.stale;
  if (!idle) return;
  if (job.state == job_state::ended) {
    forget_call(job.id());
    retire(job);
  } else if (job.state == job_state::active && !job.has_cursor() && !job.definition->when.follows()) {
    reload(job);  // A fixed_delay whose run was left out: nobody else moves it on.
  }
}

/// Has every loop look at the time and at its job again: in batches, between which others get their turn.
loop_awaitable<void> engine::wake_all() {
  ++waking_;  // Until it is done, no job goes away.
  std::vector<job_entry*> all(jobs_.begin(), jobs_.end());
  if (prioritized_) put_overdue_first(all, clock_.now());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i]->bell.wake();
    if (i % batch == batch - 1) co_await boost::asio::post(boost::asio::deferred);
  }
  if (--waking_ == 0) leaving_.clear();
}

/// Gives each job that became due while the machine was suspended a moment of its own within the next
/// seconds.
void engine::spread_overdue() {
  const auto now = clock_.now();
  std::vector<job_entry*> overdue;
  for (auto* job : jobs_) {
    if (job->state == job_state::active && job->cursor.due <= now) overdue.push_back(job);
  }
  std::ranges::sort(overdue, {}, [](const job_entry* job) { return job->cursor.due; });
  const auto spread = options_.resume_spread;
  for (std::size_t i = 0; i < overdue.size(); ++i) {
    overdue[i]->not_before =
        now + spread * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(overdue.size());
  }
}

void engine::on_clock_step(clock_step step) {
  const bool only_armed_again = step.by == milliseconds{0} && !step.resumed;
  if (!only_armed_again) {
    logger_->warn("the clock {}: {} ms", step.resumed ? "went on after a suspend" : "was set",
                  step.by.count());
    if (wanted(event_kind::clock_stepped)) {
      auto happened = make_event(event_kind::clock_stepped);
      happened.message = fmt::format("{} ms{}", step.by.count(), step.resumed ? ", after a suspend" : "");
      events_.tell(happened);
    }
  }
  if (step.resumed) spread_overdue();
  if (tick_bell_) tick_bell_->wake();
  wake_resting();
  chores_.spawn(wake_all());
}

}  // namespace carillon
