#pragma once
#include <algorithm>
#include <carillon/carillon.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// What processes run that are killed in the middle, and what their ledger says of it.

namespace carillon::testing {

/// Jobs that run all the time, others that follow them, and others that follow those.
inline void add_followed_jobs(scheduler& to, int count, std::chrono::milliseconds between) {
  job_options many;
  many.max_instances = 1'000;
  for (int n = 0; n < count; ++n) {
    const auto first = "first-" + std::to_string(n), second = "second-" + std::to_string(n);
    to.add(first, every(between), [](run& run) {
      if (run.fence() % 7 == 0) throw std::runtime_error("no luck");
    });
    to.add(second, after(first, on_end::either), [](run&) {}, many);
    to.add("third-" + std::to_string(n), after(first, on_end::failure) || after(second), [](run&) {}, many);
  }
}

/// The final ends of the runs of the first jobs.
inline std::vector<std::string> ends_of_first_jobs(const std::vector<ledger_entry>& ledger) {
  std::vector<std::string> runs;
  for (const auto& entry : ledger) {
    if (entry.final && !entry.run.empty() && entry.job.starts_with("first")) runs.push_back(entry.run);
  }
  return runs;
}
inline std::ptrdiff_t lost_first_jobs(const std::vector<ledger_entry>& ledger) {
  return std::ranges::count_if(ledger, [](const ledger_entry& entry) {
    return entry.result.kind == outcome_kind::lost && entry.job.starts_with("first");
  });
}
/// By the run, how often jobs that begin so followed it.
inline std::map<std::string, int> followed_by(const std::vector<ledger_entry>& ledger, std::string_view job) {
  std::map<std::string, int> times;
  for (const auto& entry : ledger) {
    if (entry.final && entry.follows && entry.job.starts_with(job)) ++times[entry.follows->run];
  }
  return times;
}
/// Runs that were followed more than once by a job that begins so.
inline std::vector<std::string> followed_twice(const std::vector<ledger_entry>& ledger,
                                               std::string_view job) {
  std::vector<std::string> runs;
  for (const auto& [run, times] : followed_by(ledger, job)) {
    if (times > 1) runs.push_back(run);
  }
  return runs;
}

}  // namespace carillon::testing
