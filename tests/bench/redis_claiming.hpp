#pragma once
#include <carillon/job/outcome.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "redis_measuring.hpp"

namespace carillon::bench {

/// Claims jobs and finishes their runs by the steps of a backend, without a scheduler: what is left is what
/// the scripts cost, and what their answers cost a client at least.
class claiming {
 public:
  /// Jobs of which any number of runs may be active.
  static std::vector<job_record> jobs(std::size_t count);

  /// Of `jobs(count)`, which are in the store, those whose partition is `which` modulo `of`.
  claiming(opened_backend& backend, std::size_t count, std::uint32_t which = 0, std::uint32_t of = 1);

  /// One run of each job, its claim not sent yet. How many.
  std::size_t plan();
  /// Claims what is planned, `batch` steps a call, `at_once` calls at a time. Errors: throws
  /// `std::logic_error` when a claim is not won.
  void claim_all(std::size_t batch, std::size_t at_once = 1);
  /// Finishes what was claimed.
  void finish_all(std::size_t batch);

 private:
  struct planned_job {
    job_record record;
    std::string run_id;
    claim_request request;
    run_report report;
  };
  void won(planned_job& job, const claim_answer& answer) const;
  loop_awaitable<void> read_jobs();
  loop_awaitable<void> claim_some(std::size_t batch, std::size_t first, std::size_t step);
  loop_awaitable<void> finish_some(std::size_t batch);

  opened_backend& backend_;
  std::vector<std::vector<planned_job>> by_partition_;
  outcome succeeded_;
  std::uint64_t runs_ = 0;
};

}  // namespace carillon::bench
