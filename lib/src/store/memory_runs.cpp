// Runs of the memory store: the ways past a cursor, and in and out of the set of active runs. Each function
// is one step.

#include <xxhash.h>

#include <algorithm>
#include <stdexcept>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_spare = 4'096;

auto held_by_id(live_runs& live, std::string_view run_id) {
  return std::ranges::find(live.held, run_id, [](const held_run& run) -> std::string_view { return run.id; });
}

held_run* find_in(live_runs* live, std::string_view run_id) {
  if (!live) return nullptr;
  const auto found = held_by_id(*live, run_id);
  return found == live->held.end() ? nullptr : &*found;
}

bool is_waiting(const live_runs* live, std::string_view planned_as) {
  return live &&
         std::ranges::find(live->waiting, planned_as, &waiting_run::planned_as) != live->waiting.end();
}

held_run* held_by(live_runs& live, std::string_view member) {
  const auto found =
      std::ranges::find_if(live.held, [&](const held_run& run) { return *run.member == member; });
  return found == live.held.end() ? nullptr : &*found;
}

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

held_run& memory_jobs::hold(memory_job& job, std::string_view run_id, std::string_view member, instant now) {
  auto& run = live_of(job).held.emplace_back();
  auto known = members_.find(member);
  if (known == members_.end()) known = members_.emplace(member).first;
  run.id = run_id;
  run.member = &*known;
  run.fence = take_number(now);
  run.born = job.born;
  ++held_;
  return run;
}

void memory_jobs::drop_held(live_runs& live, const held_run& run) {
  live.held.erase(live.held.begin() + (&run - live.held.data()));
  --held_;
}

bool memory_jobs::enqueue(const extra_run& wanted) {
  auto* job = find(wanted.id);
  if (!job || job->state == job_state::removed) return false;
  waiting_run run;
  run.at = run.due = wanted.at;
  run.occurrence = wanted.occurrence;
  run.why = wanted.why;
  run.extra = wanted.why == waiting_reason::run_now;
  live_of(*job).put(std::move(run));
  job->revision = take_number();
  notify(*job, job->revision);
  return true;
}

claim_answer memory_jobs::claim(const claim_request& request) {
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
    if (said.what != run_answer::kind::queued || is_waiting(job.live.get(), request.runs[k].run_id)) continue;
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
    if (const auto* held = find_in(live, planned.run_id)) {
      said.what = run_answer::kind::won;
      said.fence = held->fence;
      known = true;
    }
    if (!live) continue;
    const auto waits = std::ranges::find(live->waiting, planned.run_id, &waiting_run::planned_as);
    if (waits == live->waiting.end()) continue;
    said.what = run_answer::kind::queued;
    said.cancel_run = waits->cancels;
    known = true;
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
    const auto older = std::ranges::find_if(live.waiting, is_queued);
    const auto oldest = std::ranges::find(live.held, false, &held_run::told_to_stop);
    if (older != live.waiting.end()) {  // Only the latest is worth the place that is being freed.
      write_skip(job, older->occurrence, older->extra, "overlap");
      answer.cancel_run = std::move(older->cancels);  // Whose place this one waits for now.
      live.waiting.erase(older);
    } else if (oldest != live.held.end()) {
      oldest->told_to_stop = true;
      answer.cancel_run = oldest->id;
    }
  }
  queue(job, run, request, answer.cancel_run);
  answer.what = run_answer::kind::queued;
  return answer;
}

void memory_jobs::queue(memory_job& job, const planned_run& run, const claim_request& request,
                        std::string cancels) {
  waiting_run waits;
  waits.at = request.now;
  waits.due = run.due;
  waits.occurrence = run.occurrence;
  waits.why = waiting_reason::queued;
  waits.planned_as = run.run_id;
  waits.cancels = std::move(cancels);
  live_of(job).put(std::move(waits));
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
              job ? job->next_waiting() : std::nullopt};
    return answer;
  };
  auto* const live = job ? job->live.get() : runs_of(request.id);
  if (const auto* held = find_in(live, request.run_id)) return tell(*held);
  answer.what = take_answer::kind::gone;
  if (!job) return answer;
  answer.next_waiting = job->next_waiting();
  answer.what = take_answer::kind::paused;
  if (job->state != job_state::active && job->state != job_state::ended) return answer;
  answer.what = take_answer::kind::none_due;
  if (!answer.next_waiting || *answer.next_waiting > request.now) return answer;
  answer.what = take_answer::kind::full;
  if (job->held() >= job->definition->options->max_instances) return answer;

  const auto waited = std::move(job->live->waiting.front());
  job->live->waiting.erase(job->live->waiting.begin());
  auto& held = hold(*job, request.run_id, request.member, request.now);
  held.occurrence = waited.occurrence;
  held.due = waited.due;
  held.attempt = waited.attempt;
  held.why = waited.why;
  held.extra = waited.extra;
  job->last_claim = 0;
  return tell(held);
}

finish_answer memory_jobs::finish(const run_report& report) {
  auto* job = find(report.id, report.handle);
  auto* held = job ? find_in(job->live.get(), report.run_id) : nullptr;
  const bool of_this_job = held && held->born == job->born && job->state != job_state::removed;
  if (!of_this_job) return finish_of_another(report);
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (held->fence != report.fence) return answer;

  answer.what = finish_answer::kind::done;
  write_end(*held, report, !report.retry_at);
  if (report.retry_at) put_again(*job, *held, *report.retry_at, waiting_reason::retry);
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
  return answer;
}

/// The end of a run whose job has been removed since: only the ledger changes. Or of one that is not active.
finish_answer memory_jobs::finish_of_another(const run_report& report) {
  auto* const known = report.handle ? static_cast<memory_job*>(report.handle.get()) : find(report.id);
  auto* const live = runs_of(report.id);
  auto* const held = find_in(live, report.run_id);
  if (!held) return finish_again(report, known);
  finish_answer answer;
  answer.what = finish_answer::kind::stale;
  if (held->fence != report.fence) return answer;

  write_end(*held, report, true);
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
    while (auto* held = held_by(*live, member)) {
      write_lost(id, *held, true);
      drop_held(*live, *held);
    }
  }
  std::erase_if(orphans_, [](const auto& orphans) { return orphans.second->empty(); });
}

void memory_jobs::lose_runs(memory_job& job, std::string_view member) {
  bool lost = false;
  while (auto* held = held_by(*job.live, member)) {
    const bool of_this_job = held->born == job.born && job.state != job_state::removed;
    const bool again = of_this_job && job.definition->options->on_lost == lost_action::rerun;
    write_lost(job.id(), *held, !again);
    if (again) put_again(job, *held, held->due, waiting_reason::rerun);
    if (of_this_job && !again) count(job, outcome_kind::lost, 1);
    drop_held(*job.live, *held);
    lost = true;
  }
  if (!lost) return;
  job.last_claim = 0;
  release_live(job);
  end_if_over(job);
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

ledger_entry& memory_jobs::write_run(std::string_view id, const held_run& run, bool final) {
  auto& entry = ledger_.write();
  entry.job = id;
  entry.first = entry.last = run.occurrence;
  entry.extra = run.extra;
  entry.final = final;
  entry.run = run.id;
  entry.instance = *run.member;
  entry.attempt = run.attempt;
  entry.fence = run.fence;
  entry.due = run.due;
  return entry;
}

void memory_jobs::write_end(const held_run& run, const run_report& report, bool final) {
  auto& entry = write_run(report.id, run, final);
  entry.result = *report.result;
  entry.started = report.started;
  entry.finished = report.finished;
}

void memory_jobs::write_lost(std::string_view id, const held_run& run, bool final) {
  auto& entry = write_run(id, run, final);
  entry.result.kind = outcome_kind::lost;
  entry.result.reason = cancel_reason::lost_lease;
  entry.result.message = "its instance left";
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
