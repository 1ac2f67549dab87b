// Which jobs have a loop here, and how their loops keep up with the store and with the clock.

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::size_t batch = 1'000;  // Loops woken before others of the event loop get their turn.

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

}  // namespace

/// A job's loop tells its end itself (`loop_ended`), and catches what fails in it: this holds nothing, in a
/// million frames.
struct engine::loop_done {
  void operator()(const std::exception_ptr& failure) const {
    if (failure) std::rethrow_exception(failure);
  }
};

/// Whether this instance runs that job's loop. A store that several instances share will have its say here.
bool engine::owns(const job_record& record) const { return may_fire_again(record); }

loop_awaitable<void> engine::load_all() {
  const auto is_known = [this](std::string_view id, std::uint64_t revision) {
    const auto known = jobs_.find(id);
    return known != jobs_.end() && (*known)->revision == revision;
  };
  std::optional<std::string> from{std::string{}};
  while (from) {
    auto page = co_await store_->load_own(*from, is_known);
    for (auto& job : page.jobs) take_in(std::move(job));
    from = std::move(page.next);
  }
}

void engine::on_job_changed(const std::string& id, std::uint64_t number) {
  const auto known = jobs_.find(std::string_view{id});
  if (known != jobs_.end() && (*known)->revision >= number) return;
  changed_.insert(id);
  news_.notify();
}

/// Asks the store about a job, and has its loop follow the answer.
loop_awaitable<void> engine::follow(std::string id) {
  auto job = co_await store_->load(id);
  if (job) {
    take_in(std::move(*job));
  } else if (const auto known = jobs_.find(std::string_view{id}); known != jobs_.end()) {
    retire(**known);
  }
}

/// Follows what the store tells of jobs that others have changed.
loop_awaitable<void> engine::follow_changes() {
  while (!changed_.empty()) {
    const auto id = changed_.extract(changed_.begin()).value();
    co_await follow(id);
  }
}

void engine::take_in(loaded_job job) {
  const auto known = jobs_.find(std::string_view{job.record.id()});
  if (known == jobs_.end()) {
    if (owns(job.record)) start_loop(std::move(job));
    return;
  }
  auto& entry = **known;
  if (job.record.born > entry.revision) {  // Another job of the same id.
    retire(entry);
    if (owns(job.record)) start_loop(std::move(job));
    return;
  }
  const bool news =
      entry.stale || entry.revision != job.record.revision || entry.next_waiting != job.record.next_waiting;
  if (!news) return;
  if (!owns(job.record) && entry.active == 0) return retire(entry);
  entry.take_over(std::move(job));
  settle_body(entry);
  entry.bell.wake();
}

void engine::start_loop(loaded_job job) {
  auto owned = std::make_unique<job_entry>(clock_, strand_, std::move(job));
  auto& entry = *owned;
  settle_body(entry);
  jobs_.insert(&entry);
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
    retire(job);
  } else if (job.state == job_state::active && !job.has_cursor()) {
    job.stale = true;  // A fixed_delay whose run was left out: nobody else moves it on.
    chores_.spawn(restart_fixed_delay(job.id()));
  }
}

/// Has every loop look at the time and at its job again: in batches, between which others get their turn.
loop_awaitable<void> engine::wake_all() {
  ++waking_;  // Until it is done, no job goes away.
  const std::vector<job_entry*> all(jobs_.begin(), jobs_.end());
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
  logger_->warn("the clock {}: {} ms", step.resumed ? "went on after a suspend" : "was set", step.by.count());
  if (wanted(event_kind::clock_stepped)) {
    auto happened = make_event(event_kind::clock_stepped);
    happened.message = fmt::format("{} ms{}", step.by.count(), step.resumed ? ", after a suspend" : "");
    events_.tell(happened);
  }
  if (step.resumed) spread_overdue();
  chores_.spawn(wake_all());
}

}  // namespace carillon
