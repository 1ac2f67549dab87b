#include "figures.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "shared_clock.hpp"
#include "support/observed_job.hpp"

namespace carillon::testing {

namespace {

// Leaves its jobs to others for good, or until they have taken them over.
bool goes_away(fault_kind kind) {
  return kind == fault_kind::kill || kind == fault_kind::freeze || kind == fault_kind::refuse ||
         kind == fault_kind::black_hole || kind == fault_kind::late;
}

bool server_was_well(const std::vector<happened>& faults, shared_time from, shared_time to) {
  return std::ranges::none_of(faults, [&](const happened& each) {
    return !is_of_instance(each.planned.kind) && each.from <= to && each.to + std::chrono::seconds{1} >= from;
  });
}

// When the first body of a job began elsewhere after its owner had gone; and from when on it was awaited.
void note_take_over(const observed_job& job, const happened& fault, durations& into) {
  const auto& bodies = job.bodies;
  const auto after =
      std::ranges::find_if(bodies, [&](const auto& body) { return body.began->at > fault.from; });
  if (after == bodies.begin() || after == bodies.end()) return;
  const auto& last = *std::prev(after)->began;
  const auto& first = *after->began;
  if (last.instance != fault.process || first.instance == fault.process) return;
  const auto due = job.job->record.definition->when.next(job.job->record.bound(), last.occurrence);
  if (!due || !*due) return;
  into.add(std::max(shared_time{0}, first.at - std::max(fault.from, shared_time_of(**due))));
}

}  // namespace

shared_time durations::quantile(double part) const {
  if (all_.empty()) return {};
  auto sorted = all_;
  std::ranges::sort(sorted);
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

std::string durations::words() const {
  const auto ms = [&](double part) { return static_cast<double>(quantile(part).count()) / 1e3; };
  return fmt::format("p50 {:.1f} ms, p99 {:.1f} ms, max {:.1f} ms of {}", ms(0.5), ms(0.99), ms(1),
                     all_.size());
}

void figures::add(const figures& others) {
  occurrences += others.occurrences;
  bodies += others.bodies;
  reruns += others.reruns;
  findings += others.findings;
  for (const auto& [kind, count] : others.outcomes) outcomes[kind] += count;
  for (const auto& [kind, count] : others.faults) faults[kind] += count;
  lateness.add(others.lateness);
  take_over.add(others.take_over);
}

std::string figures::words() const {
  std::string text =
      fmt::format("{} occurrences, {} bodies, {} of them reruns of what was lost; {} findings\n", occurrences,
                  bodies, reruns, findings);
  for (const auto& [kind, count] : outcomes) text += fmt::format("  {}: {}\n", kind, count);
  text += "faults:";
  for (const auto& [kind, count] : faults) text += fmt::format(" {} {},", count, kind);
  text += fmt::format("\nlateness: {}\ntake-over: {}\n", lateness.words(), take_over.words());
  return text;
}

figures figures_of(const cluster_result& result) {
  figures made;
  made.findings = result.findings.size();
  for (const auto& entry : result.seen.ledger) {
    if (entry.final) made.occurrences += entry.count;
    made.outcomes[std::string{name(entry.result.kind)} + (entry.final ? "" : ", tried again")] += entry.count;
    if (!entry.final && entry.result.kind == outcome_kind::lost) ++made.reruns;
  }
  for (const auto& each : result.faults) ++made.faults[std::string{name(each.planned.kind)}];
  for (const auto& [id, job] : by_job(result.seen)) {
    made.bodies += job.bodies.size();
    if (!job.job || job.job->record.definition->when.fixed_delay()) continue;
    for (const auto& body : job.bodies) {
      if (body.began->attempt == 1)
        made.lateness.add(body.began->at - shared_time_of(body.began->occurrence));
    }
    for (const auto& each : result.faults) {
      if (goes_away(each.planned.kind) && server_was_well(result.faults, each.from, each.to)) {
        note_take_over(job, each, made.take_over);
      }
    }
  }
  return made;
}

}  // namespace carillon::testing
