#include "support/observed_job.hpp"

#include <algorithm>
#include <tuple>

namespace carillon::testing {

namespace {

void pair_marks(observed_job& job, std::vector<const body_mark*>& marks) {
  std::ranges::sort(marks, {},
                    [](const auto* mark) { return std::tuple{mark->at, mark->what, mark->fence}; });
  std::unordered_map<std::string, std::size_t> open;
  for (const auto* mark : marks) {
    const auto key = mark->run + ' ' + std::to_string(mark->fence);
    if (mark->what == body_mark::kind::began) {
      open[key] = job.bodies.size();
      job.bodies.push_back({mark, nullptr});
    } else if (const auto found = open.find(key); found != open.end()) {
      job.bodies[found->second].ended = mark;
      open.erase(found);
    } else {
      job.strays.push_back(mark);
    }
  }
}

}  // namespace

std::map<std::string, observed_job> by_job(const observation& seen) {
  std::map<std::string, observed_job> jobs;
  for (const auto& job : seen.jobs) jobs[job.record.id()].job = &job;
  std::unordered_map<std::string, std::vector<const body_mark*>> marks;
  for (const auto& mark : seen.marks) marks[mark.job].push_back(&mark);
  for (auto& [id, of_job] : marks) pair_marks(jobs[id], of_job);
  for (const auto& entry : seen.ledger) jobs[entry.job].entries.push_back(&entry);
  for (auto& [id, job] : jobs) std::ranges::sort(job.entries, {}, &ledger_entry::number);
  return jobs;
}

std::vector<std::pair<shared_time, shared_time>> certain_times(const observed_body& body,
                                                               const instance_life* life, shared_time slack) {
  auto from = body.began->at;
  auto to = from;
  if (body.ended) {
    to = body.ended->at;
  } else if (life && life->ended) {
    to = std::max(from, *life->ended);
  }
  std::vector<std::pair<shared_time, shared_time>> certain;
  const auto add = [&](shared_time until) {
    if (until - slack > from) certain.emplace_back(from, until - slack);
  };
  if (life) {
    for (const auto& [frozen, thawed] : life->frozen) {
      if (thawed <= from || frozen >= to) continue;
      add(frozen);
      from = thawed + slack;
    }
  }
  add(to);
  return certain;
}

}  // namespace carillon::testing
