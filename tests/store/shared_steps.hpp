#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/shared_world.hpp"

namespace carillon::testing {

/// A job of task "work" whose first fire is due, in the store of a world.
inline void put_job(shared_world& world, const std::string& id, const job_options& options = {}) {
  auto definition =
      std::make_shared<job_definition>(job_definition{id, trigger{"every 60s"}, {}, {}, {}, {}, {}});
  definition->task = std::string_view{"work"};
  definition->options = std::make_shared<const job_options>(options);
  job_record job;
  job.definition = std::move(definition);
  job.anchor = world.now();
  job.cursor = job.due = world.now();
  world.shared.jobs().add(std::move(job), on_conflict::refuse);
}

inline job_options rerun_if_lost() {
  job_options options;
  options.on_lost = lost_action::rerun;
  return options;
}

/// What an instance asks for a job, as its scheduler would.
struct asked_claim {
  asked_claim(const loaded_job& job, std::string run_id_) : id{job.record.id()}, run_id{std::move(run_id_)} {
    request.id = id;
    request.handle = job.handle;
    request.expected_cursor = job.record.cursor.value();
    request.expected_revision = job.record.revision;
    request.next_cursor = request.next_due = request.expected_cursor + milliseconds{60'000};
    request.now = job.record.due;
    request.runs.push_back({request.expected_cursor, job.record.due, run_id});
  }
  std::string id, run_id;
  claim_request request;
};

inline std::uint64_t win(shared_world& world, shared_world::instance& who, const std::string& id,
                         const std::string& run) {
  const auto job = world.on(who, who.store.load(id));
  const asked_claim asked(*job, run);
  const auto answer = world.on(who, who.store.claim(asked.request));
  REQUIRE(answer.what == claim_answer::kind::claimed);
  REQUIRE(answer.runs.at(0).what == run_answer::kind::won);
  return answer.runs[0].fence;
}

/// As an instance that never hears of it: the claim takes effect, its answer is lost. Answers the fence.
inline std::uint64_t win_unheard(shared_world& world, shared_world::instance& who, const std::string& id,
                                 const std::string& run) {
  const auto job = world.on(who, who.store.load(id));
  asked_claim asked(*job, run);
  asked.request.handle = nullptr;
  const auto member = who.store.member();
  asked.request.member = member;
  return world.shared.jobs().claim(asked.request).runs.at(0).fence;
}

inline finish_answer finish(shared_world& world, shared_world::instance& who, const std::string& id,
                            const std::string& run, std::uint64_t fence, const outcome& result = {},
                            std::optional<instant> retry_at = {}) {
  run_report report;
  report.id = id;
  report.run_id = run;
  report.fence = fence;
  report.occurrence = report.due = simulation_start;
  report.started = report.finished = world.now();
  report.result = &result;
  report.retry_at = retry_at;
  return world.on(who, who.store.finish(report));
}

inline std::vector<ledger_entry> ledger(shared_world& world) {
  return world.shared.jobs().history({}).entries;
}

}  // namespace carillon::testing
