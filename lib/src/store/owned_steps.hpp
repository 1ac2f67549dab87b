#pragma once
#include <carillon/store/job_backend.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Steps with all that they refer to: for backends that take them later or on another thread, perhaps after
// their caller has given up.

namespace carillon {

struct owned_claim {
  explicit owned_claim(const claim_step& step)
      : request{*step.request}, born{step.born}, id{step.request->id} {
    for (const auto& run : request.runs) run_ids.emplace_back(run.run_id);
    request.handle.reset();
  }
  claim_request& get(const std::string& member) {
    request.id = id;
    request.member = member;
    for (std::size_t i = 0; i < run_ids.size(); ++i) request.runs[i].run_id = run_ids[i];
    return request;
  }
  claim_request request;
  std::uint64_t born;
  std::string id;
  std::vector<std::string> run_ids;
};

struct owned_take {
  explicit owned_take(const take_step& step)
      : request{*step.request}, born{step.born}, id{step.request->id}, run_id{step.request->run_id} {
    request.handle.reset();
  }
  take_request& get(const std::string& member) {
    request.id = id;
    request.run_id = run_id;
    request.member = member;
    return request;
  }
  take_request request;
  std::uint64_t born;
  std::string id, run_id;
};

struct owned_finish {
  explicit owned_finish(const finish_step& step)
      : report{*step.report},
        born{step.born},
        id{step.report->id},
        run_id{step.report->run_id},
        value{step.report->value},
        carry{step.report->carry},
        result{*step.report->result} {
    report.handle.reset();
  }
  run_report& get() {
    report.id = id;
    report.run_id = run_id;
    report.member = {};
    report.result = &result;
    report.value = value;
    if (carry) report.carry = *carry;
    return report;
  }
  run_report report;
  std::uint64_t born;
  std::string id, run_id, value;
  std::optional<std::string> carry;
  outcome result;
};

struct owned_reap {
  explicit owned_reap(const reap_step& step)
      : run_id{step.run_id}, id{step.job}, why{step.why}, fence{step.fence} {}
  std::string run_id, id, why;
  std::uint64_t fence;
};

struct owned_follow {
  explicit owned_follow(const follow_step& step) : id{step.follower}, end{*step.end}, now{step.now} {}
  std::string id;
  kept_end end;
  instant now;
};

struct owned_add {
  explicit owned_add(const add_step& step) : job{*step.job}, id{job.id()}, policy{step.policy} {}
  job_record job;
  std::string id;
  on_conflict policy;
};

template <typename Owned, typename Step>
std::vector<Owned> own(std::span<const Step> steps) {
  std::vector<Owned> all;
  all.reserve(steps.size());
  for (const auto& step : steps) all.emplace_back(step);
  return all;
}

template <typename Owned>
std::vector<std::string> ids_of(const std::vector<Owned>& steps) {
  std::vector<std::string> all;
  all.reserve(steps.size());
  for (const auto& step : steps) all.push_back(step.id);
  return all;
}

}  // namespace carillon
