// What the memory store writes into its ledger and counts.

#include "store/memory_jobs.hpp"

namespace carillon {

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

void memory_jobs::write_lost(std::string_view id, const held_run& run, bool final, std::string_view why) {
  auto& entry = write_run(id, run, final);
  entry.result.kind = outcome_kind::lost;
  entry.result.reason = cancel_reason::lost_lease;
  entry.result.message = why;
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
