// Claim and take of the memory store: the ways past a cursor, and into the set of active runs.

#include <xxhash.h>

#include <algorithm>
#include <stdexcept>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

/// What tells one claim of a job from another; 0: it cannot be sent again.
std::uint64_t digest_of(const claim_request& request) {
  return request.runs.empty() ? 0 : XXH64(request.runs[0].run_id.data(), request.runs[0].run_id.size(), 0);
}

/// The latest nominal time that a claim passes over.
instant last_of(const claim_request& request) {
  auto last = request.expected_cursor;
  for (const auto& run : request.runs) last = std::max(last, run.occurrence);
  for (const auto& stretch : request.left_out) last = std::max(last, stretch.last);
  return last;
}

}  // namespace

claim_answer memory_jobs::claim(const claim_request& request) {
  auto answer = move_past(request);
  const auto* job = request.carries ? find(request.id, request.handle) : nullptr;
  if (job && job->rare && answer.what == claim_answer::kind::claimed) answer.carried = job->rare->carried;
  return answer;
}

claim_answer memory_jobs::move_past(const claim_request& request) {
  if (request.next_cursor && *request.next_cursor <= request.expected_cursor) {
    throw std::invalid_argument("claim of '" + std::string{request.id} +
                                "': the next cursor must be greater than the expected one");
  }
  auto* job = find(request.id, request.handle);
  if (job && job->state == job_state::removed) job = nullptr;
  const bool as_expected = job && job->state == job_state::active &&
                           job->revision == request.expected_revision &&
                           job->cursor == request.expected_cursor;
  claim_answer answer;
  if (!as_expected) {
    if (auto again = answer_again(job, request)) return std::move(*again);
    const bool paused = job && job->state != job_state::active;
    answer.what = !job     ? claim_answer::kind::gone
                  : paused ? claim_answer::kind::paused
                           : claim_answer::kind::moved;
    return answer;
  }
  answer.what = claim_answer::kind::claimed;
  move_cursor(*job, request);
  for (const auto& run : request.runs) answer.runs.push_back(place(*job, run, request));
  if (answer.runs.size() > 1) tell_displaced(*job, request, answer);
  answer.next_waiting = job->next_waiting();
  end_if_over(*job);
  return answer;
}

/// A run that was queued by this claim may have given way to a later one of the same claim.
void memory_jobs::tell_displaced(const memory_job& job, const claim_request& request, claim_answer& answer) {
  for (std::size_t k = 0; k < answer.runs.size(); ++k) {
    auto& said = answer.runs[k];
    const bool waits = job.live && job.live->find_queued(request.runs[k].run_id);
    if (said.what != run_answer::kind::queued || waits) continue;
    said.what = run_answer::kind::skipped;
    said.cancel_run.clear();
  }
}

/// A claim whose answer was lost is sent again. What it won is won, whatever has happened to the job since;
/// that it was refused a place is known until something else happens.
std::optional<claim_answer> memory_jobs::answer_again(const memory_job* job, const claim_request& request) {
  auto* const live = runs_of(request.id);
  const auto digest = digest_of(request);
  bool known = job && digest != 0 && job->last_claim == digest;
  claim_answer answer;
  for (const auto& planned : request.runs) {
    auto& said = answer.runs.emplace_back();
    said.what = run_answer::kind::skipped;
    if (!live) continue;
    if (const auto* held = live->find(planned.run_id)) {
      said.what = run_answer::kind::won;
      said.fence = held->fence;
      known = true;
    }
    if (const auto* waits = live->find_queued(planned.run_id)) {
      said.what = run_answer::kind::queued;
      said.cancel_run = waits->cancels;
      known = true;
    }
  }
  if (!known) return std::nullopt;
  answer.what = claim_answer::kind::claimed;
  if (job) answer.next_waiting = job->next_waiting();
  return answer;
}

void memory_jobs::move_cursor(memory_job& job, const claim_request& request) {
  job.last_claim = digest_of(request);
  job.last_fire = last_of(request);
  job.cursor = request.next_cursor.value_or(memory_job::none);
  job.due = request.next_due;
  if (request.ends && !request.next_cursor) job.state = job_state::ended;
  job.skip_next -= std::min(job.skip_next, request.skips_used);
  for (const auto& stretch : request.left_out) write_left_out(job, stretch);
}

/// Gives a planned run a place, unless all are taken or spoken for by runs that wait.
run_answer memory_jobs::place(memory_job& job, const planned_run& run, const claim_request& request) {
  const auto waiting = job.live ? job.live->waiting_at(request.now) : 0;
  if (job.held() + waiting >= job.definition->options->max_instances) {
    waiting_run waits;
    waits.at = request.now;
    waits.due = run.due;
    waits.occurrence = run.occurrence;
    waits.why = waiting_reason::queued;
    waits.revision = job.revision;
    waits.planned_as = run.run_id;
    return place_full(job, std::move(waits));
  }
  auto& held = hold(job, run.run_id, request.member, request.now);
  held.occurrence = run.occurrence;
  held.due = run.due;
  held.revision = job.revision;
  run_answer answer;
  answer.what = run_answer::kind::won;
  answer.fence = held.fence;
  return answer;
}

run_answer memory_jobs::place_full(memory_job& job, waiting_run&& run) {
  const auto& options = *job.definition->options;
  auto& live = live_of(job);
  const auto is_queued = [](const waiting_run& one) { return one.why == waiting_reason::queued; };
  const auto queued = static_cast<std::size_t>(std::ranges::count_if(live.waiting, is_queued));
  run_answer answer;
  answer.what = run_answer::kind::skipped;
  if (options.on_overlap == overlap_action::skip ||
      (options.on_overlap == overlap_action::queue && queued >= options.queue_limit)) {
    write_skip(job, run, "overlap");
    return answer;
  }
  if (options.on_overlap == overlap_action::cancel_running) {
    const auto older = std::ranges::find_if(live.waiting, is_queued);
    const auto oldest = std::ranges::find(live.held, cancel_reason::none, &held_run::stop);
    if (older != live.waiting.end()) {  // Only the latest is worth the place that is being freed.
      write_skip(job, *older, "overlap");
      answer.cancel_run = std::move(older->cancels);  // Whose place this one waits for now.
      live.waiting.erase(older);
    } else if (oldest != live.held.end()) {
      oldest->stop = cancel_reason::overlap;
      answer.cancel_run = oldest->id;
    }
  }
  run.cancels = answer.cancel_run;
  live.put(std::move(run));
  answer.what = run_answer::kind::queued;
  return answer;
}

take_answer memory_jobs::take(const take_request& request) {
  take_answer answer;
  auto* job = find(request.id, request.handle);
  if (job && job->state == job_state::removed) job = nullptr;
  const auto tell = [&](const held_run& run) {
    answer = {take_answer::kind::won,
              run.occurrence,
              run.due,
              run.attempt,
              run.fence,
              run.why,
              job ? job->next_waiting() : std::nullopt,
              run.extra,
              run.revision,
              job && job->rare && request.carries ? job->rare->carried : std::string{},
              run.follows};
    return answer;
  };
  auto* const live = job ? job->live.get() : runs_of(request.id);
  if (const auto* held = live ? live->find(request.run_id) : nullptr) return tell(*held);
  answer.what = take_answer::kind::gone;
  if (!job) return answer;
  answer.next_waiting = job->next_waiting();
  answer.what = take_answer::kind::paused;
  if (job->state != job_state::active && job->state != job_state::ended) return answer;
  answer.what = take_answer::kind::none_due;
  if (!answer.next_waiting || *answer.next_waiting > request.now) return answer;
  answer.what = take_answer::kind::full;
  if (job->held() >= job->definition->options->max_instances) return answer;
  answer.what = take_answer::kind::none_due;
  if (taken_.contains(request.run_id)) return answer;

  const auto waited = std::move(job->live->waiting.front());
  job->live->waiting.erase(job->live->waiting.begin());
  auto& held = hold(*job, request.run_id, request.member, request.now);
  held.occurrence = waited.occurrence;
  held.due = waited.due;
  held.attempt = waited.attempt;
  held.why = waited.why;
  held.taken = true;
  held.extra = waited.extra;
  held.awaited = waited.awaited;
  held.revision = waited.revision;
  held.follows = waited.follows;
  job->last_claim = 0;
  return tell(held);
}

}  // namespace carillon
