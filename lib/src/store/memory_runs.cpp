// Runs of the memory store: the ways past a cursor, and in and out of the set of active runs. Each function
// is one step.

#include <algorithm>
#include <stdexcept>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_spare = 4'096;

auto held_by_id(live_runs& live, std::string_view run_id) {
  return std::ranges::find(live.held, run_id, [](const held_run& run) -> std::string_view { return run.id; });
}

const held_run* find_held(const memory_job& job, std::string_view run_id) {
  if (!job.live) return nullptr;
  const auto found = held_by_id(*job.live, run_id);
  return found == job.live->held.end() ? nullptr : &*found;
}

/// The latest nominal time that a claim passes over.
instant last_of(const claim_request& request) {
  auto last = request.expected_cursor;
  for (const auto& run : request.runs) last = std::max(last, run.occurrence);
  for (const auto& stretch : request.left_out) last = std::max(last, stretch.last);
  return last;
}

}  // namespace

std::optional<instant> live_runs::next_waiting() const {
  return waiting.empty() ? std::nullopt : std::optional{waiting.front().at};
}

std::size_t live_runs::waiting_at(instant now) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(waiting, [&](const waiting_run& run) { return run.at <= now; }));
}

void live_runs::put(const waiting_run& run) {
  waiting.insert(std::ranges::upper_bound(waiting, run.at, {}, &waiting_run::at), run);
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

held_run& memory_jobs::hold(memory_job& job, std::string_view run_id, std::string_view member, instant now) {
  auto& run = live_of(job).held.emplace_back();
  auto known = members_.find(member);
  if (known == members_.end()) known = members_.emplace(member).first;
  run.id = run_id;
  run.member = &*known;
  run.fence = take_number(now);
  run.born = job.born;
  return run;
}

bool memory_jobs::enqueue(const extra_run& wanted) {
  auto* job = find(wanted.id);
  if (!job || job->state == job_state::removed) return false;
  waiting_run run;
  run.at = wanted.at;
  run.occurrence = wanted.occurrence;
  run.why = wanted.why;
  run.extra = true;
  live_of(*job).put(run);
  notify(job->id());
  return true;
}

claim_answer memory_jobs::claim(const claim_request& request) {
  claim_answer answer;
  auto* job = find(request.id, request.handle);
  answer.what = claim_answer::kind::gone;
  if (!job || job->state == job_state::removed) return answer;
  if (request.next_cursor && *request.next_cursor <= request.expected_cursor) {
    throw std::invalid_argument("claim of '" + job->id() +
                                "': the next cursor must be greater than the expected one");
  }
  answer.what = claim_answer::kind::moved;
  if (job->revision != request.expected_revision || job->cursor != request.expected_cursor) {
    return answer_again(*job, request).value_or(answer);
  }
  answer.what = claim_answer::kind::paused;
  if (job->state != job_state::active) return answer;

  answer.what = claim_answer::kind::claimed;
  move_cursor(*job, request);
  for (const auto& run : request.runs) answer.runs.push_back(place(*job, run, request));
  answer.next_waiting = job->next_waiting();
  end_if_over(*job);
  return answer;
}

/// A claim whose answer was lost is sent again: what it won before, it has won.
std::optional<claim_answer> memory_jobs::answer_again(const memory_job& job,
                                                      const claim_request& request) const {
  claim_answer answer;
  bool won = false;
  for (const auto& planned : request.runs) {
    const auto* held = find_held(job, planned.run_id);
    auto& said = answer.runs.emplace_back();
    said.what = held ? run_answer::kind::won : run_answer::kind::skipped;
    said.fence = held ? held->fence : 0;
    won = won || held;
  }
  if (!won) return std::nullopt;
  answer.what = claim_answer::kind::claimed;
  answer.next_waiting = job.next_waiting();
  return answer;
}

void memory_jobs::move_cursor(memory_job& job, const claim_request& request) {
  job.last_fire = last_of(request);
  job.cursor = request.next_cursor.value_or(memory_job::none);
  job.due = request.next_due;
  if (!request.next_cursor && request.ends) job.state = job_state::ended;
  job.skip_next -= std::min(job.skip_next, request.skips_used);
  for (const auto& stretch : request.left_out) write_left_out(job, stretch);
}

/// Gives a planned run a place, unless all are taken or spoken for by runs that wait.
run_answer memory_jobs::place(memory_job& job, const planned_run& run, const claim_request& request) {
  const auto waiting = job.live ? job.live->waiting_at(request.now) : 0;
  if (job.held() + waiting >= job.definition->options->max_instances) return place_full(job, run, request);
  auto& held = hold(job, run.run_id, request.member, request.now);
  held.occurrence = run.occurrence;
  held.due = run.due;
  run_answer answer;
  answer.what = run_answer::kind::won;
  answer.fence = held.fence;
  return answer;
}

run_answer memory_jobs::place_full(memory_job& job, const planned_run& run, const claim_request& request) {
  const auto& options = *job.definition->options;
  auto& live = live_of(job);
  const auto is_queued = [](const waiting_run& one) { return one.why == waiting_reason::queued; };
  const auto queued = static_cast<std::size_t>(std::ranges::count_if(live.waiting, is_queued));
  run_answer answer;
  answer.what = run_answer::kind::skipped;
  if (options.on_overlap == overlap_action::skip ||
      (options.on_overlap == overlap_action::queue && queued >= options.queue_limit)) {
    write_skip(job, run.occurrence, false, "overlap");
    return answer;
  }
  if (options.on_overlap == overlap_action::cancel_running) {
    if (const auto older = std::ranges::find_if(live.waiting, is_queued); older != live.waiting.end()) {
      write_skip(job, older->occurrence, older->extra, "overlap");  // Only the latest is worth the place.
      live.waiting.erase(older);
    }
    const auto oldest = std::ranges::find(live.held, false, &held_run::told_to_stop);
    if (oldest != live.held.end() && queued == 0) {
      oldest->told_to_stop = true;
      answer.cancel_run = oldest->id;
    }
  }
  waiting_run waits;
  waits.at = request.now;
  waits.occurrence = run.occurrence;
  waits.why = waiting_reason::queued;
  live.put(waits);
  answer.what = run_answer::kind::queued;
  return answer;
}

take_answer memory_jobs::take(const take_request& request) {
  take_answer answer;
  auto* job = find(request.id, request.handle);
  answer.what = take_answer::kind::gone;
  if (!job || job->state == job_state::removed) return answer;
  const auto tell = [&](const held_run& run) {
    answer = {take_answer::kind::won, run.occurrence, run.due, run.attempt, run.fence, run.why,
              job->next_waiting()};
  };
  if (const auto* held = find_held(*job, request.run_id)) {
    tell(*held);
    return answer;
  }
  answer.next_waiting = job->next_waiting();
  answer.what = take_answer::kind::paused;
  if (job->state != job_state::active && job->state != job_state::ended) return answer;
  answer.what = take_answer::kind::none_due;
  if (!answer.next_waiting || *answer.next_waiting > request.now) return answer;
  answer.what = take_answer::kind::full;
  if (job->held() >= job->definition->options->max_instances) return answer;

  const auto waited = job->live->waiting.front();
  job->live->waiting.erase(job->live->waiting.begin());
  auto& held = hold(*job, request.run_id, request.member, request.now);
  held.occurrence = waited.occurrence;
  held.due = waited.why == waiting_reason::queued ? waited.occurrence : waited.at;
  held.attempt = waited.attempt;
  held.why = waited.why;
  held.waited = true;
  held.extra = waited.extra;
  tell(held);
  return answer;
}

finish_answer memory_jobs::finish(const run_report& report) {
  auto* job = find(report.id, report.handle);
  const auto* held = job ? find_held(*job, report.run_id) : nullptr;
  if (!held || held->born != job->born || job->state == job_state::removed)
    return finish_of_another(report, job);
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (held->fence != report.fence) return answer;

  answer.what = finish_answer::kind::done;
  const auto run = *held;
  job->live->held.erase(held_by_id(*job->live, report.run_id));
  job->last_fence = run.fence;
  write_end(run, report);
  if (report.retry_at) {
    live_of(*job).put({*report.retry_at, run.occurrence, run.attempt + 1, waiting_reason::retry, run.extra});
  }
  follow_delay(*job, report);
  count_end(*job, report, answer);
  answer.next_waiting = job->next_waiting();
  release_live(*job);
  answer.removed_now = end_if_over(*job);
  return answer;
}

/// The end of a run whose job has been removed since, or of a run that is not there: only the ledger may
/// change.
finish_answer memory_jobs::finish_of_another(const run_report& report, memory_job* job) {
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (job && job->last_fence == report.fence) {
    answer.what = finish_answer::kind::done;
    answer.next_waiting = job->next_waiting();
    return answer;
  }
  auto* now = find(report.id);
  const auto orphans = orphans_.find(std::string{report.id});
  auto* live = now ? now->live.get() : orphans != orphans_.end() ? orphans->second.get() : nullptr;
  if (!live) return answer;
  const auto held = held_by_id(*live, report.run_id);
  if (held == live->held.end() || held->fence != report.fence) return answer;

  answer.what = finish_answer::kind::done;
  write_end(*held, report);
  live->held.erase(held);
  if (now) {
    notify(now->id());  // There is room for it now.
    release_live(*now);
  } else if (live->empty()) {
    orphans_.erase(orphans);
  }
  return answer;
}

void memory_jobs::count_end(memory_job& job, const run_report& report, finish_answer& answer) {
  if (report.retry_at) {
    ++job.rarely().counters.retried;
    return;
  }
  count(job, report.result->kind, 1);
  if (report.result->kind == outcome_kind::succeeded && job.rare) job.rare->counters.consecutive_failures = 0;
  if (!report.result->is_failure()) return;
  const auto failures = ++job.rarely().counters.consecutive_failures;
  const auto limit = job.definition->options->pause_after;
  if (limit == 0 || failures < limit || job.state != job_state::active) return;
  job.state = job_state::paused;
  job.rare->note =
      "paused after " + std::to_string(failures) + " failures in a row: " + report.result->message;
  job.revision = take_number();
  answer.paused_now = true;
  notify(job.id());
}

void memory_jobs::follow_delay(memory_job& job, const run_report& report) {
  if (!report.next || job.revision != report.next->expected_revision) return;
  job.cursor = report.next->cursor.value_or(memory_job::none);
  job.due = report.next->due;
  if (!report.next->cursor) job.state = job_state::ended;
}

/// Removes a job that has ended and of which nothing runs or waits, unless it is to be kept. Whether it did.
bool memory_jobs::end_if_over(memory_job& job) {
  if (job.state != job_state::ended || (job.live && !job.live->empty())) return false;
  if (job.definition->options->keep || !job.definition->origin.empty()) return false;
  notify(job.id());
  forget(job);
  return true;
}

void memory_jobs::write_left_out(memory_job& job, const ledger_stretch& stretch) {
  auto& entry = ledger_.write();
  entry.job = job.id();
  entry.result.kind = stretch.kind;
  entry.result.message = stretch.reason;
  entry.first = stretch.first;
  entry.last = stretch.last;
  entry.count = stretch.count;
  entry.into = stretch.into;
  count(job, stretch.kind, stretch.count);
}

void memory_jobs::write_skip(memory_job& job, instant occurrence, bool extra, std::string_view why) {
  auto& entry = ledger_.write();
  entry.job = job.id();
  entry.result.kind = outcome_kind::skipped;
  entry.result.message = why;
  entry.first = entry.last = occurrence;
  entry.extra = extra;
  count(job, outcome_kind::skipped, 1);
}

void memory_jobs::write_end(const held_run& run, const run_report& report) {
  auto& entry = ledger_.write();
  entry.job = report.id;
  entry.result = *report.result;
  entry.first = entry.last = run.occurrence;
  entry.extra = run.extra;
  entry.final = !report.retry_at;
  entry.run = run.id;
  entry.instance = *run.member;
  entry.attempt = run.attempt;
  entry.fence = run.fence;
  entry.due = report.due;
  entry.started = report.started;
  entry.finished = report.finished;
}

void memory_jobs::count(memory_job& job, outcome_kind kind, std::uint64_t times) {
  if (kind == outcome_kind::succeeded) {
    job.succeeded += times;
    return;
  }
  auto& counters = job.rarely().counters;
  switch (kind) {
    case outcome_kind::succeeded: break;
    case outcome_kind::failed:
    case outcome_kind::timed_out: counters.failed += times; break;
    case outcome_kind::cancelled: counters.cancelled += times; break;
    case outcome_kind::lost: counters.lost += times; break;
    case outcome_kind::missed: counters.missed += times; break;
    case outcome_kind::skipped: counters.skipped += times; break;
    case outcome_kind::coalesced: counters.coalesced += times; break;
  }
}

}  // namespace carillon
