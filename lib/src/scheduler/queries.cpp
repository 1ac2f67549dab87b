// Operations that only look.

#include <fmt/format.h>
#include <algorithm>
#include <queue>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr milliseconds a_moment{1};  // In which a claim that is under way may have been answered.

}  // namespace

std::optional<milliseconds> engine::next_wakeup_here() const {
  if (!claims()) return std::nullopt;
  auto first = instant::max();
  for (const auto* job : jobs_) {
    if (job->parked() || job->stale) continue;
    const bool may_take = job->state == job_state::active || job->state == job_state::ended;
    if (job->state == job_state::active) first = std::min(first, std::max(job->cursor.due, job->not_before));
    if (may_take && !job->no_room) first = std::min(first, std::max(job->next_waiting, job->not_before));
  }
  if (first == instant::max()) return std::nullopt;
  return std::max(first - clock_.now(), a_moment);
}

/// A job that has a next fire, as a timetable needs it.
struct engine::listed_job {
  definition_ptr definition;
  binding bound;
  instant cursor;
  std::uint32_t skip_next = 0;
  std::vector<instant> skip_at;

  /// None also where it cannot be said here: it leaves out dates that only other instances know.
  std::optional<instant> after(instant at) const {
    auto next = definition->when.next(bound, at);
    while (next && *next && leaves_out(**next)) next = definition->when.next(bound, **next);
    return next ? *next : std::nullopt;
  }
  bool leaves_out(instant time) const { return std::ranges::binary_search(skip_at, time); }
  /// The cursor, or what follows the fires that are to be left out.
  std::optional<instant> first() const {
    std::optional at{cursor};
    if (leaves_out(cursor)) at = after(cursor);
    for (auto skips = skip_next; at && skips > 0; --skips) at = after(*at);
    return at;
  }
};

/// The first fires of all jobs in order.
std::vector<upcoming_fire> engine::timetable(std::vector<listed_job> jobs, std::size_t count) {
  struct candidate {
    instant at;
    const listed_job* job;
    bool operator<(const candidate& other) const {
      return std::tie(at, job->definition->id) > std::tie(other.at, other.job->definition->id);
    }
  };
  std::vector<candidate> first;
  for (const auto& job : jobs) {
    if (const auto at = job.first()) first.push_back({*at, &job});
  }
  std::priority_queue next{std::less<candidate>{}, std::move(first)};
  std::vector<upcoming_fire> fires;
  while (fires.size() < count && !next.empty()) {
    const auto [at, job] = next.top();
    next.pop();
    fires.push_back({at, job->definition->id});
    if (job->definition->when.fixed_delay()) continue;  // The rest depends on how long its runs take.
    if (const auto after = job->after(at)) next.push({*after, job});
  }
  return fires;
}

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
  std::vector<listed_job> jobs;
  if (count == 0) co_return std::vector<upcoming_fire>();
  const bool knows_all = !shared_ && !options_.operate_only;
  if (!knows_all) {
    jobs = co_await listed_in_store(std::move(id));
  } else {
    for (const auto* job : jobs_) {
      const bool asked = id.empty() || job->id() == id;
      if (!asked || job->state != job_state::active || !job->has_cursor()) continue;
      jobs.push_back({job->definition, bound_to(*job), job->cursor.nominal, job->skip_next, {}});
      if (job->skip_at) jobs.back().skip_at = *job->skip_at;
    }
  }
  co_return timetable(std::move(jobs), count);
}

/// Jobs that have a next fire: one, or all when `id` is empty.
loop_awaitable<std::vector<engine::listed_job>> engine::listed_in_store(std::string id) {
  std::vector<listed_job> jobs;
  const auto put = [&](const job_record& record) {
    if (record.state != job_state::active || !record.cursor) return;
    jobs.push_back({record.definition, bound_to(record), *record.cursor, record.skip_next, record.skip_at});
  };
  if (!id.empty()) {
    const auto job = co_await store_->load(std::move(id));
    if (job) put(job->record);
    co_return jobs;
  }
  job_query query;
  query.limit = 1'000;
  query.state = job_state::active;
  for (bool more = true; more;) {
    auto page = co_await store_->list(query);
    for (const auto& record : page.jobs) put(record);
    more = page.next_after.has_value();
    if (more) query.after = *page.next_after;
  }
  co_return jobs;
}

health_report engine::health_here() {
  health_report report;
  const auto fault = [&](std::string_view why) {
    report.healthy = false;
    report.why += fmt::format("{}{}", report.why.empty() ? "" : "; ", why);
  };
  const auto store_name = store_in_words();
  if (!member_)
    fault(fmt::format("this instance is not a member of {}", leads_alone() ? "its store" : store_name));
  if (!reachable_ || in_trouble_) fault(fmt::format("{} does not answer", store_name));
  const auto store = store_->health();
  if (!store.healthy) fault(leads_alone() ? store.why : fmt::format("{}: {}", store_name, store.why));
  report.jobs = jobs_.size();
  report.runs = active_;
  report.paused = paused_;
  report.waiting = static_cast<std::size_t>(
      std::ranges::count_if(runners_, [](const auto& who) { return who->waits_in != nullptr; }));
  return report;
}

loop_awaitable<ledger_page> engine::history(ledger_query query) {
  co_return co_await store_->history(std::move(query));
}

}  // namespace carillon
