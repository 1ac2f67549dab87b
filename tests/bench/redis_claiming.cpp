#include "redis_claiming.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <carillon/job/options.hpp>
#include <carillon/trigger/trigger.hpp>
#include <span>
#include <stdexcept>
#include <utility>

#include "bench.hpp"

namespace carillon::bench {

namespace {

constexpr instant day{milliseconds{1'795'000'000'000}};
constexpr std::string_view member = "billing-7f3c/0a1b2c3d";
constexpr milliseconds minute{60'000};

}  // namespace

std::vector<job_record> claiming::jobs(std::size_t count) {
  const trigger every{"every 1m"};
  job_options options;
  options.max_instances = 10'000;
  const auto shared = std::make_shared<const job_options>(options);
  std::vector<job_record> all;
  for (std::size_t i = 0; i < count; ++i) {
    auto record = job_number(i, every, day);
    auto definition = *record.definition;
    definition.options = shared;
    record.definition = std::make_shared<const job_definition>(std::move(definition));
    all.push_back(std::move(record));
  }
  return all;
}

claiming::claiming(opened_backend& backend, std::size_t count, std::uint32_t which, std::uint32_t of)
    : backend_{backend}, by_partition_(backend.partitions()) {
  for (auto& record : jobs(count)) {
    const auto partition = partition_of(record.id(), backend.partitions());
    if (partition % of == which) by_partition_[partition].push_back({std::move(record), {}, {}, {}});
  }
  backend_.run(read_jobs());
}

loop_awaitable<void> claiming::read_jobs() {
  for (std::uint32_t partition = 0; partition < by_partition_.size(); ++partition) {
    auto& jobs = by_partition_[partition];
    for (std::size_t i = 0; i < jobs.size(); i += 100) {
      std::vector<std::string> ids;
      for (std::size_t k = i; k < std::min(i + 100, jobs.size()); ++k) ids.push_back(jobs[k].record.id());
      const auto seen = co_await backend_.jobs().load(partition, ids);
      for (std::size_t k = 0; k < ids.size(); ++k) jobs[i + k].record = seen[k].value();
    }
  }
}

std::size_t claiming::plan() {
  std::size_t planned = 0;
  for (auto& jobs : by_partition_) {
    for (auto& job : jobs) {
      job.run_id = fmt::format("k3x9{:x}-{:x}", ::getpid(), ++runs_);
      auto& request = job.request = {};
      request.id = job.record.id();
      request.expected_cursor = request.now = *job.record.cursor;
      request.expected_revision = job.record.revision;
      request.next_cursor = request.next_due = *job.record.cursor + minute;
      request.runs.push_back({request.expected_cursor, request.expected_cursor, job.run_id});
      job.record.cursor = request.next_cursor;
      ++planned;
    }
  }
  return planned;
}

void claiming::claim_all(std::size_t batch, std::size_t at_once) {
  std::vector<loop_awaitable<void>> all;
  for (std::size_t first = 0; first < at_once; ++first) all.push_back(claim_some(batch, first, at_once));
  backend_.run(std::move(all));
}

loop_awaitable<void> claiming::claim_some(std::size_t batch, std::size_t first, std::size_t step) {
  for (auto partition = first; partition < by_partition_.size(); partition += step) {
    auto& jobs = by_partition_[partition];
    for (std::size_t i = 0; i < jobs.size(); i += batch) {
      const std::span<planned_job> some{jobs.data() + i, std::min(batch, jobs.size() - i)};
      std::vector<claim_step> steps;
      for (const auto& job : some) steps.push_back({&job.request, job.record.born});
      const auto answers =
          co_await backend_.jobs().claim(static_cast<std::uint32_t>(partition), member, steps);
      for (std::size_t k = 0; k < some.size(); ++k) won(some[k], answers[k]);
    }
  }
}

void claiming::won(planned_job& job, const claim_answer& answer) const {
  if (answer.runs.size() != 1 || answer.runs[0].what != run_answer::kind::won)
    throw std::logic_error("a claim was not won");
  auto& report = job.report = {};
  report.id = job.record.id();
  report.run_id = job.run_id;
  report.fence = answer.runs[0].fence;
  report.occurrence = report.due = report.started = report.finished = job.request.expected_cursor;
  report.result = &succeeded_;
}

void claiming::finish_all(std::size_t batch) { backend_.run(finish_some(batch)); }

loop_awaitable<void> claiming::finish_some(std::size_t batch) {
  for (std::uint32_t partition = 0; partition < by_partition_.size(); ++partition) {
    auto& jobs = by_partition_[partition];
    for (std::size_t i = 0; i < jobs.size(); i += batch) {
      const std::span<planned_job> some{jobs.data() + i, std::min(batch, jobs.size() - i)};
      std::vector<finish_step> steps;
      for (const auto& job : some) steps.push_back({&job.report, job.record.born});
      const auto answers = co_await backend_.jobs().finish(partition, steps);
      keep(answers.size());
    }
  }
}

}  // namespace carillon::bench
