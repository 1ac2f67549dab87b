// Active and waiting runs of the memory store, as they are kept.

#include <algorithm>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_spare = 4'096;

}  // namespace

held_run* live_runs::find(std::string_view run_id) {
  const auto found =
      std::ranges::find(held, run_id, [](const held_run& run) -> std::string_view { return run.id; });
  return found == held.end() ? nullptr : &*found;
}

held_run* live_runs::find_of(std::string_view member) {
  const auto found = std::ranges::find_if(held, [&](const held_run& run) { return *run.member == member; });
  return found == held.end() ? nullptr : &*found;
}

const waiting_run* live_runs::find_queued(std::string_view planned_as) const {
  const auto found = std::ranges::find(waiting, planned_as, &waiting_run::planned_as);
  return found == waiting.end() ? nullptr : &*found;
}

std::optional<instant> live_runs::next_waiting() const {
  return waiting.empty() ? std::nullopt : std::optional{waiting.front().at};
}

std::size_t live_runs::waiting_at(instant now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(waiting, [&](const waiting_run& run) { return run.at <= now; }));
}

void live_runs::put(waiting_run run) {
  const auto place = std::ranges::upper_bound(waiting, run.at, {}, &waiting_run::at);
  waiting.insert(place, std::move(run));
}

/// The runs of a job, or of those of its id that were removed.
live_runs* memory_jobs::runs_of(std::string_view id) noexcept {
  if (auto* job = find(id)) return job->live.get();
  const auto orphans = orphans_.find(id);
  return orphans == orphans_.end() ? nullptr : orphans->second.get();
}

live_runs& memory_jobs::live_of(memory_job& job) {
  if (job.live) return *job.live;
  if (spare_.empty()) {
    job.live = std::make_unique<live_runs>();
  } else {
    job.live = std::move(spare_.back());
    spare_.pop_back();
  }
  return *job.live;
}

void memory_jobs::release_live(memory_job& job) {
  if (!job.live || !job.live->empty()) return;
  if (spare_.size() < most_spare) spare_.push_back(std::move(job.live));
  job.live.reset();
}

const std::string* memory_jobs::name_of(std::string_view member) {
  auto known = members_.find(member);
  if (known == members_.end()) known = members_.emplace(member).first;
  return &*known;
}

held_run& memory_jobs::hold(memory_job& job, std::string_view run_id, std::string_view member, instant now) {
  auto& run = live_of(job).held.emplace_back();
  run.id = run_id;
  run.member = name_of(member);
  run.fence = take_number(now);
  run.born = job.born;
  run.started = now;
  ++held_;
  return run;
}

void memory_jobs::drop_held(live_runs& live, const held_run& run) {
  if (run.taken) taken_.add(run.id);
  live.held.erase(live.held.begin() + (&run - live.held.data()));
  --held_;
}

std::uint64_t memory_jobs::enqueue(const extra_run& wanted) {
  if (tokens_.contains(wanted.token)) {
    const auto* number = awaited_.find(wanted.token, instant{});
    return number ? *number : 1;
  }
  auto* job = find(wanted.id);
  if (!job || job->state == job_state::removed) return 0;
  if (!wanted.token.empty()) tokens_.add(wanted.token);
  waiting_run run;
  run.at = run.due = wanted.at;
  run.occurrence = wanted.occurrence;
  run.why = wanted.why;
  run.extra = wanted.why == waiting_reason::run_now;
  run.awaited = wanted.awaited;
  job->revision = run.revision = take_number();
  live_of(*job).put(std::move(run));
  if (wanted.awaited && !wanted.token.empty())
    awaited_.keep(wanted.token, job->revision, 1, instant{}, instant::max());
  notify(*job, job->revision);
  return job->revision;
}

std::vector<const held_run*> memory_jobs::ask_to_stop(std::string_view id, std::string_view run_id,
                                                      cancel_reason why) {
  std::vector<const held_run*> asked;
  auto* const live = runs_of(id);
  if (!live) return asked;
  for (auto& run : live->held) {
    if (!run_id.empty() && run.id != run_id) continue;
    if (run.stop == cancel_reason::none) run.stop = why;
    asked.push_back(&run);
  }
  return asked;
}

void memory_jobs::put_back_orphans(std::string id, std::unique_ptr<live_runs> runs) {
  held_ += runs->held.size();
  orphans_[std::move(id)] = std::move(runs);
}

const live_runs* memory_jobs::kept_orphans(std::string_view id) const noexcept {
  const auto found = orphans_.find(id);
  return found == orphans_.end() ? nullptr : found->second.get();
}

void memory_jobs::visit_active(const std::function<void(const std::string&, const held_run&)>& visit) const {
  for (const auto& job : jobs_) {
    if (!job.live) continue;
    for (const auto& run : job.live->held) visit(job.id(), run);
  }
  for (const auto& [id, live] : orphans_) {
    for (const auto& run : live->held) visit(id, run);
  }
}

active_record active_record_of(const std::string& job, const held_run& run) {
  active_record made;
  made.run_id = run.id;
  made.job = job;
  made.member = *run.member;
  made.born = run.born;
  made.fence = run.fence;
  made.occurrence = run.occurrence;
  made.due = run.due;
  made.started = run.started;
  made.attempt = run.attempt;
  made.why = run.why;
  made.taken = run.taken;
  made.extra = run.extra;
  made.stop = run.stop;
  made.revision = run.revision;
  made.follows = run.follows;
  return made;
}

}  // namespace carillon
