#pragma once
#include <carillon/store/job_store.hpp>
#include <cstddef>
#include <memory>

namespace carillon {

class memory_jobs;  // private: lib/src/store/memory_jobs.hpp

/// Keeps jobs, runs and the ledger in this process, as fast as a map; nothing outlives it.
///
/// `claim_now`, `take_now` and `finish_now` always answer, so that a scheduler on this store never waits for
/// it. A handle is the job itself; an empty one finds it by id, in logarithmic time. Fences, revisions and
/// `born` are numbers of one counter, which keeps up with the time in microseconds that requests bring: they
/// grow over a restart of the program too, as long as its clock does.
/// Thread safety: none. One scheduler uses it at a time: a second `open` is refused.
class memory_store final : public job_store {
 public:
  /// @param ledger_size How many ledger entries are kept; the oldest go first. At least 1.
  explicit memory_store(std::size_t ledger_size = 100'000);
  /// @pre It is not open.
  memory_store(memory_store&& other) noexcept;
  ~memory_store() override;

  loop_awaitable<void> open(std::string instance, store_listener& listener) override;
  loop_awaitable<void> close() override;

  loop_awaitable<put_answer> add(job_record job, on_conflict policy) override;
  loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                       job_change change) override;
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                       bool tombstone) override;
  loop_awaitable<std::optional<loaded_job>> load(std::string id) override;
  loop_awaitable<job_page> list(job_query query) override;
  loop_awaitable<std::uint64_t> enqueue(extra_run run) override;
  loop_awaitable<std::uint64_t> enqueue_awaited(extra_run run) override;
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number) override;
  /// Of results it keeps 64 MiB at most; the oldest go first.
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now) override;
  loop_awaitable<ledger_page> history(ledger_query query) override;
  loop_awaitable<own_jobs> load_own(std::string from, known_job is_known) override;

  loop_awaitable<claim_answer> claim(const claim_request& request) override;
  loop_awaitable<take_answer> take(const take_request& request) override;
  loop_awaitable<finish_answer> finish(const run_report& report) override;

  std::optional<claim_answer> claim_now(const claim_request& request) override;
  std::optional<take_answer> take_now(const take_request& request) override;
  std::optional<finish_answer> finish_now(const run_report& report) override;

 private:
  std::unique_ptr<memory_jobs> jobs_;
};

}  // namespace carillon
