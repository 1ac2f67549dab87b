// Jobs of the memory store that run after others.

#include <algorithm>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

/// The ends of a job's runs that another one waits for.
ends_mask followed_ends(const job_definition& follower, std::string_view job) {
  ends_mask ends = 0;
  for (const auto& each : follower.when.predecessors()) {
    if (each.job == job) ends |= mask_of(each.ends);
  }
  return ends;
}

}  // namespace

/// Has the ends of what a job follows kept for it.
void memory_jobs::follow_others(const memory_job& job) {
  if (!job.definition->when.follows()) return;
  for (const auto& each : job.definition->when.predecessors())
    followers_[each.job][job.id()] |= mask_of(each.ends);
}

void memory_jobs::follow_no_others(const memory_job& job) {
  if (!job.definition->when.follows()) return;
  for (const auto& each : job.definition->when.predecessors()) {
    const auto known = followers_.find(each.job);
    if (known == followers_.end()) continue;
    known->second.erase(job.id());
    if (known->second.empty()) followers_.erase(known);
  }
}

/// Of a run that is not tried again.
void memory_jobs::keep_for_followers(std::string_view id, const held_run& run, outcome_kind how) {
  if (followers_.empty()) return;
  const auto known = followers_.find(id);
  if (known == followers_.end()) return;
  kept_end end;
  for (const auto& [follower, ends] : known->second) {
    if ((ends & mask_of(how)) != 0) end.followers.push_back(follower);
  }
  if (end.followers.empty()) return;
  end.number = take_number();
  end.occurrence = run.occurrence;
  end.what = std::make_shared<const followed_run>(followed_run{std::string{id}, run.id, how});
  untold_.push_back(std::move(end));
}

/// Tells the followers at once, unless somebody else is to. Whether ends are kept.
bool memory_jobs::tell_ends(instant now) {
  while (!keeps_ends && !untold_.empty()) {
    const auto end = std::move(untold_.front());
    untold_.pop_front();
    for (const auto& follower : end.followers) follow({follower, &end, now});
  }
  return !untold_.empty();
}

void memory_jobs::drop_ends(const std::function<bool(const kept_end&)>& which) {
  std::erase_if(untold_, which);
}

follow_answer memory_jobs::follow(const follow_step& step) {
  const auto& end = *step.end;
  auto* const job = find(step.follower);
  const auto ends = job ? followed_ends(*job->definition, end.what->job) : ends_mask{0};
  if (!job || job->state == job_state::removed || ends == 0) return {follow_answer::kind::not_followed};
  if ((ends & mask_of(end.what->how)) == 0 || end.number < job->born) return {};
  auto& last_told = job->rarely().told[end.what->job];
  if (end.number <= last_told) return {};  // It was told before.
  last_told = end.number;
  if (job->state == job_state::paused) {
    write_skip(*job, end.occurrence, true, "paused", end.what);
  } else if (job->skip_next > 0) {
    --job->skip_next;
    write_skip(*job, end.occurrence, true, "skip_next", end.what);
    job->revision = take_number();
    notify(*job, job->revision);
  } else {
    put_follower(*job, end, step.now);
  }
  return {};
}

/// Has it run as soon as there is room; or what its `on_overlap` says.
void memory_jobs::put_follower(memory_job& job, const kept_end& end, instant now) {
  const auto waiting = job.live ? job.live->waiting_at(now) : 0;
  const bool has_room = job.held() + waiting < job.definition->options->max_instances;
  const auto number = take_number();
  waiting_run run;
  run.at = run.due = now;
  run.occurrence = end.occurrence;
  run.why = has_room ? waiting_reason::follows : waiting_reason::queued;
  run.extra = true;
  run.follows = end.what;
  run.revision = number;
  if (has_room) {
    live_of(job).put(std::move(run));
  } else {
    const auto answer = place_full(job, std::move(run));
    auto* const to_stop = answer.cancel_run.empty() ? nullptr : job.live->find(answer.cancel_run);
    if (to_stop) notify_stop(job, *to_stop);
    if (answer.what == run_answer::kind::skipped) return release_live(job);
  }
  job.revision = number;
  notify(job, number);
}

}  // namespace carillon
