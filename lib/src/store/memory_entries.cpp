// What the memory store writes into its ledger and counts.

#include <algorithm>

#include "store/memory_jobs.hpp"

namespace carillon {

namespace {

std::string key_of_result(std::string_view id, std::string_view run_id) {
  std::string key{id};
  key += '\n';  // No id has control characters.
  key += run_id;
  return key;
}

}  // namespace

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

void memory_jobs::write_skip(memory_job& job, instant occurrence, bool extra, std::string_view why,
                             followed_run_ptr follows) {
  auto& entry = ledger_.write();
  entry.job = job.id();
  entry.result.kind = outcome_kind::skipped;
  entry.result.message = why;
  entry.first = entry.last = occurrence;
  entry.extra = extra;
  entry.follows = std::move(follows);
  count(job, outcome_kind::skipped, 1);
}

/// Of a run that waited.
void memory_jobs::write_skip(memory_job& job, const waiting_run& run, std::string_view why) {
  write_skip(job, run.occurrence, run.extra, why, run.follows);
  if (!run.awaited) return;
  ledger_entry entry;
  entry.job = job.id();
  entry.result.kind = outcome_kind::skipped;
  entry.result.message = why;
  entry.first = entry.last = run.occurrence;
  entry.extra = run.extra;
  entry.follows = run.follows;
  keep_end(&job, run.revision, entry, {});
}

/// How a run has ended that somebody waits for. Who listens is told.
void memory_jobs::keep_end(memory_job* job, std::uint64_t number, const ledger_entry& entry,
                           std::string_view value) {
  constexpr std::size_t about_an_entry = 512;
  awaited_end end;
  end.what = awaited_end::kind::ended;
  end.entry = entry;
  end.value = value;
  const auto bytes = about_an_entry + value.size() + entry.result.message.size();
  ends_.keep(number, std::move(end), bytes, instant{}, instant::max());
  if (job && job->definition) notify(*job, take_number());  // What stands for a gone job may have none.
}

/// What a run that succeeded leaves behind.
void memory_jobs::keep_data(memory_job& job, const run_report& report) {
  if (report.carry && (job.rare || !report.carry->empty())) job.rarely().carried = *report.carry;
  if (report.value.empty() || report.keep_value <= milliseconds{0}) return;
  const auto key = key_of_result(report.id, report.run_id);
  results_.keep(key, std::string{report.value}, key.size() + report.value.size(), report.finished,
                report.finished + report.keep_value);
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
  entry.follows = run.follows;
  return entry;
}

void memory_jobs::write_end(memory_job* job, const held_run& run, const run_report& report, bool final) {
  auto& entry = write_run(report.id, run, final);
  entry.result = *report.result;
  entry.started = report.started;
  entry.finished = report.finished;
  if (run.awaited && final) keep_end(job, run.revision, entry, report.value);
}

void memory_jobs::write_lost(memory_job* job, std::string_view id, const held_run& run, bool final,
                             std::string_view why) {
  auto& entry = write_run(id, run, final);
  entry.result.kind = outcome_kind::lost;
  entry.result.reason = cancel_reason::lost_lease;
  entry.result.message = why;
  if (run.awaited && final) keep_end(job, run.revision, entry, {});
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

std::optional<std::string> memory_jobs::result(std::string_view id, std::string_view run_id,
                                               instant now) const {
  const auto* kept = results_.find(key_of_result(id, run_id), now);
  return kept ? std::optional{*kept} : std::nullopt;
}

awaited_end memory_jobs::end_of(std::string_view id, std::uint64_t number) {
  if (const auto* kept = ends_.find(number, instant{})) return *kept;
  const auto is_it = [number](const auto& run) { return run.awaited && run.revision == number; };
  const auto* live = runs_of(id);
  const bool there =
      live && (std::ranges::any_of(live->held, is_it) || std::ranges::any_of(live->waiting, is_it));
  awaited_end end;
  end.what = there ? awaited_end::kind::pending : awaited_end::kind::unknown;
  return end;
}

}  // namespace carillon
