// The ends of runs of the memory store, and what follows for their jobs.

#include <algorithm>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

constexpr std::string_view left = "its instance left";

}  // namespace

finish_answer memory_jobs::finish(const run_report& report) {
  auto* job = find(report.id, report.handle);
  auto* held = job && job->live ? job->live->find(report.run_id) : nullptr;
  const bool of_this_job = held && held->born == job->born && job->state != job_state::removed;
  if (!of_this_job) return finish_of_another(report);
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (held->fence != report.fence) return answer;

  answer.what = finish_answer::kind::done;
  write_end(job, *held, report, !report.retry_at);
  keep_data(*job, report);
  if (report.retry_at)
    put_again(*job, *held, *report.retry_at, waiting_reason::retry);
  else
    keep_for_followers(report.id, *held, report.result->kind);
  drop_held(*job->live, *held);
  job->last_claim = 0;
  job->last_fence = report.fence;
  follow_delay(*job, report);
  if (!report.retry_at) answer.paused_now = count_end(*job, *report.result);
  answer.next_waiting = job->next_waiting();
  release_live(*job);
  job->last_end_paused = answer.paused_now;
  job->last_end_removed = false;
  answer.removed_now = end_if_over(*job);  // Which may be the end of the job itself.
  answer.followed = tell_ends(report.finished);
  return answer;
}

/// The end of a run whose job has been removed since: only the ledger changes. Or of one that is not active.
finish_answer memory_jobs::finish_of_another(const run_report& report) {
  auto* const known = report.handle ? static_cast<memory_job*>(report.handle.get()) : find(report.id);
  auto* const live = runs_of(report.id);
  auto* const held = live ? live->find(report.run_id) : nullptr;
  if (!held) return finish_again(report, known);
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (held->fence != report.fence) return answer;

  write_end(known, *held, report, true);
  drop_held(*live, *held);
  if (known) {
    known->last_fence = report.fence;
    known->last_end_paused = known->last_end_removed = false;
    answer.next_waiting = known->next_waiting();
  }
  if (auto* const job = find(report.id)) {
    notify(*job, take_number());  // There is room for it now.
    release_live(*job);
  } else if (live->empty()) {
    orphans_.erase(orphans_.find(report.id));
  }
  answer.what = finish_answer::kind::done;
  return answer;
}

/// A finish whose answer was lost is sent again.
finish_answer memory_jobs::finish_again(const run_report& report, const memory_job* job) const {
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (!job || job->last_fence != report.fence) return answer;
  answer.what = finish_answer::kind::done;
  answer.next_waiting = job->next_waiting();
  answer.paused_now = job->last_end_paused;
  answer.removed_now = job->last_end_removed;
  answer.followed = !untold_.empty();
  return answer;
}

/// Puts a run down for its next attempt.
void memory_jobs::put_again(memory_job& job, const held_run& run, instant at, waiting_reason why) {
  waiting_run next;
  next.at = next.due = at;
  next.occurrence = run.occurrence;
  next.attempt = run.attempt + 1;
  next.why = why;
  next.extra = run.extra;
  next.awaited = run.awaited;
  next.revision = run.revision;
  next.follows = run.follows;
  live_of(job).put(std::move(next));
  if (why == waiting_reason::retry) ++job.rarely().counters.retried;
}

/// Counts the end of a run that is not tried again. Whether that pauses the job.
bool memory_jobs::count_end(memory_job& job, const outcome& result) {
  count(job, result.kind, 1);
  if (result.kind == outcome_kind::succeeded && job.rare) job.rare->counters.consecutive_failures = 0;
  if (!result.is_failure()) return false;
  const auto failures = ++job.rarely().counters.consecutive_failures;
  const auto limit = job.definition->options->pause_after;
  if (limit == 0 || failures < limit || job.state != job_state::active) return false;
  job.state = job_state::paused;
  job.rare->note = std::to_string(failures) + (failures == 1 ? " failure" : " failures in a row");
  if (!result.message.empty()) job.rare->note += "; the last: " + result.message;
  job.revision = take_number();
  notify(job, job.revision);
  return true;
}

/// Ends the runs that a member holds which has left.
void memory_jobs::give_up(std::string_view member) {
  for (auto next = jobs_.begin(); next != jobs_.end() && held_ > 0;) {
    auto& job = *next++;  // To lose its last run may be the end of it.
    if (job.live) lose_runs(job, member);
  }
  for (auto& [id, live] : orphans_) {
    while (auto* held = live->find_of(member)) {
      write_lost(nullptr, id, *held, true, left);
      drop_held(*live, *held);
    }
  }
  std::erase_if(orphans_, [](const auto& orphans) { return orphans.second->empty(); });
}

void memory_jobs::lose_runs(memory_job& job, std::string_view member) {
  bool lost = false;
  while (auto* held = job.live->find_of(member)) {
    lose_run(job, *held, left);
    lost = true;
  }
  if (!lost) return;
  job.last_claim = 0;
  release_live(job);
  end_if_over(job);
}

/// Ends an active run without knowing how it went. Whether it is to run again.
bool memory_jobs::lose_run(memory_job& job, held_run& run, std::string_view why) {
  const bool of_this_job = run.born == job.born && job.state != job_state::removed;
  // One that was asked to stop is not begun again: nobody would ask it a second time.
  const bool again = of_this_job && run.stop == cancel_reason::none &&
                     job.definition->options->on_lost == lost_action::rerun;
  write_lost(&job, job.id(), run, !again, why);
  if (again) put_again(job, run, run.due, waiting_reason::rerun);
  if (of_this_job && !again) {
    count(job, outcome_kind::lost, 1);
    keep_for_followers(job.id(), run, outcome_kind::lost);
  }
  drop_held(*job.live, run);
  return again;
}

bool memory_jobs::reap(std::string_view id, std::string_view run_id, std::uint64_t fence,
                       std::string_view why) {
  auto* const job = find(id);
  auto* const live = runs_of(id);
  auto* const held = live ? live->find(run_id) : nullptr;
  if (!held || held->fence != fence) return false;
  if (!job) {
    write_lost(nullptr, id, *held, true, why);
    drop_held(*live, *held);
    if (live->empty()) orphans_.erase(orphans_.find(id));
    return true;
  }
  lose_run(*job, *held, why);
  job->last_claim = 0;
  release_live(*job);
  notify(*job, take_number());  // It may wait again, there is room, a fixed_delay must be moved on.
  end_if_over(*job);
  tell_ends(latest_known());
  return true;
}

void memory_jobs::follow_delay(memory_job& job, const run_report& report) {
  const bool waits = job.state == job_state::active && job.cursor == memory_job::none;
  if (!report.next || !waits || job.revision != report.next->expected_revision) return;
  job.cursor = report.next->cursor.value_or(memory_job::none);
  job.due = report.next->due;
  if (!report.next->cursor) job.state = job_state::ended;
}

/// Removes a job that has ended and of which nothing runs or waits, unless it is to be kept. Whether it did.
bool memory_jobs::end_if_over(memory_job& job) {
  if (job.state != job_state::ended || (job.live && !job.live->empty())) return false;
  if (job.definition->options->keep || !job.definition->origin.empty()) return false;
  notify(job, take_number());
  job.last_end_removed = true;
  forget(job);
  return true;
}

}  // namespace carillon
