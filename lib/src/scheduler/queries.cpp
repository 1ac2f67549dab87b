// Operations that only look.

#include <algorithm>
#include <queue>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

/// A record with what only this instance knows: that nobody here can run the job.
job_record engine::as_seen_here(job_record record) const {
  const auto parked = parked_why_.find(record.id());
  if (record.state == job_state::active && parked != parked_why_.end()) {
    record.state = job_state::parked;
    record.note = parked->second;
  }
  return record;
}

loop_awaitable<std::optional<job_record>> engine::find(std::string id) {
  auto job = co_await store_->load(std::move(id));
  if (!job) co_return std::nullopt;
  co_return as_seen_here(std::move(job->record));
}

loop_awaitable<job_page> engine::list(job_query query) {
  const auto wanted_state = query.state;
  // Parked is what this instance knows, not what the store has.
  if (wanted_state == job_state::parked) query.state = job_state::active;
  auto page = co_await store_->list(std::move(query));
  for (auto& record : page.jobs) record = as_seen_here(std::move(record));
  std::erase_if(page.jobs, [&](const job_record& record) {
    return wanted_state ? record.state != *wanted_state : record.state == job_state::removed;
  });
  co_return page;
}

loop_awaitable<std::vector<upcoming_fire>> engine::next_runs(std::size_t count, std::string id) {
  std::vector<upcoming_fire> fires;
  struct candidate {
    instant at;
    const job_entry* job;
    bool operator<(const candidate& other) const {
      return std::tie(at, job->id()) > std::tie(other.at, other.job->id());
    }
  };
  std::vector<candidate> first;
  for (const auto* job : jobs_) {
    const bool asked = id.empty() || job->id() == id;
    if (!asked || job->state != job_state::active || !job->has_cursor()) continue;
    if (const auto at = first_not_skipped(*job)) first.push_back({*at, job});
  }
  std::priority_queue next{std::less<candidate>{}, std::move(first)};
  while (fires.size() < count && !next.empty()) {
    const auto [at, job] = next.top();
    next.pop();
    fires.push_back({at, job->id()});
    if (job->definition->when.fixed_delay()) continue;  // The rest depends on how long its runs take.
    const auto after = job->definition->when.next(bound_to(*job), at).value();
    if (after) next.push({*after, job});
  }
  co_return fires;
}

/// The cursor, or what follows the fires that are to be left out.
std::optional<instant> engine::first_not_skipped(const job_entry& job) const {
  std::optional at{job.cursor.nominal};
  for (auto skips = job.skip_next; at && skips > 0; --skips)
    at = job.definition->when.next(bound_to(job), *at).value();
  return at;
}

loop_awaitable<ledger_page> engine::history(ledger_query query) {
  co_return co_await store_->history(std::move(query));
}

}  // namespace carillon
