#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/job_store.hpp>
#include <carillon/store/member_backend.hpp>
#include <carillon/time/clock.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace carillon {

class shared_core;  // private: lib/src/store/shared_core.hpp

/// How an instance takes part in a shared store.
struct shared_store_options {
  /// How long an instance that says nothing counts as live; renewed every third of it. At least 100 ms. All
  /// instances of a store must have the same.
  milliseconds lease{10'000};
  /// Over how many partitions the jobs are spread; fixed when the store is created. 0: whatever is there,
  /// else 64.
  std::uint32_t partitions = 0;
  /// After how many leases without a word from its event loop an instance renews its lease no more. At least
  /// 1.
  std::uint32_t stall_limit = 6;
  /// How many attempts that were started here are remembered, for a fail-over may bring what was due
  /// back. 0: none.
  std::size_t remembered = 100'000;
  /// Where this instance runs, for others to see. Empty: this machine's name.
  std::string host;
  /// Of what is random in names and waiting. 0: truly.
  std::uint64_t seed = 0;
  /// Whether the backend keeps groups (`job_backend::share_group`): else jobs that are in one are refused.
  bool groups = false;
  /// Null: spdlog's default.
  std::shared_ptr<spdlog::logger> logger;
};

/// Throws `std::invalid_argument` naming the first field that is out of range, and the range.
void check(const shared_store_options& options);

/// Jobs in a place that several instances share: everything that an instance does, over the atomic steps of a
/// `job_backend` and a `member_backend`. docs/redis.md says what and why.
///
/// - A step that is not answered is sent again with the same run id, until it is answered or this instance is
///   a member no more. Steps of one partition go together, at most 100 of them and one such call at a time,
///   so that batches grow under load.
/// - It is a member by a lease, renewed on an executor of its own; by the view of the members it owns jobs.
/// - Every third of a lease it looks at the partitions that concern it: for runs of its own that it does not
///   know, for runs of members that are gone, for what is due and nobody serves.
///
/// Claims and takes are passed on only while the lease is good. A finish of a run that was cancelled because
/// the lease was lost, or by the end of the drain time, applies `on_lost` as if another had found it.
///
/// Errors: as `job_store`; what is not a claim, a take or a finish throws `errc::store_unreachable` when the
/// store has not answered for a lease, and `errc::stopped` before `open` and after `close`.
/// Cancellation: none; a call that is under way is waited for. Thread safety: none; one strand, that of
/// `open`.
class shared_store : public job_store {
 public:
  using member_factory = std::function<std::unique_ptr<member_backend>(const loop_executor&)>;

  /// What a store works over, from `open` to `close`.
  struct backends {
    /// What the rest needs: kept from `open` to `close` or the end of the store, and let go there.
    std::shared_ptr<void> keeper;
    std::shared_ptr<job_backend> jobs;
    member_factory members;         ///< See the constructor.
    loop_executor member_executor;  ///< See the constructor.
  };
  /// Makes them when the store is opened, for the strand of `open`.
  using backends_factory = std::function<backends(const loop_executor&)>;

  /// @param members Makes the member backend for the executor that it is given: `member_executor`, which
  /// should run on a thread that no caller can block. It must run from `open` to `close`.
  /// Errors: throws `std::invalid_argument` for options out of range.
  shared_store(std::unique_ptr<job_backend> jobs, const member_factory& members,
               loop_executor member_executor, std::shared_ptr<clock> time, shared_store_options options = {});
  shared_store(backends_factory make, std::shared_ptr<clock> time, shared_store_options options = {});
  /// One that is open is left as if its process had died: nothing that was asked is answered, and the lease
  /// runs out. @pre It is closed, or the io_context of `open` runs no more: it may still hold coroutines that
  /// wait for this store, and goes after it, or destroys it with them.
  ~shared_store() override;
  shared_store(shared_store&&) noexcept;
  shared_store& operator=(shared_store&&) noexcept;  ///< @pre As of the destructor, for what was there.

  /// Returns when this instance is a member. Errors: also `errc::store_unreachable` when it has not become
  /// one within a lease, and `errc::store_refused` as `job_backend::open`.
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
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now) override;
  loop_awaitable<ledger_page> history(ledger_query query) override;

  loop_awaitable<claim_answer> claim(const claim_request& request) override;
  loop_awaitable<take_answer> take(const take_request& request) override;
  loop_awaitable<finish_answer> finish(const run_report& report) override;

  void stay_out() override { stays_out_ = true; }
  /// Good: the store answers, the lease is good, and of every partition where this instance has jobs or runs
  /// the last look went through less than a lease ago.
  store_health health() const override;
  bool is_shared() const noexcept override { return true; }
  void serve(served_work work) override;
  loop_awaitable<void> told_others() override;
  bool owns(const job_record& job) const override;
  loop_awaitable<own_jobs> load_own(std::string from, known_job is_known) override;
  loop_awaitable<std::size_t> stop_runs(std::string id, std::string run_id, cancel_reason why) override;
  loop_awaitable<std::vector<member_info>> members() override;
  void loop_answers() override;
  std::string member() const override;
  bool has_groups() const noexcept override { return options_.groups; }
  loop_awaitable<group_answer> share_group(group_request request) override;

 private:
  shared_core& opened() const;
  void let_go() noexcept;

  backends_factory make_;
  std::shared_ptr<clock> time_;
  shared_store_options options_;
  std::shared_ptr<const served_work> work_;
  bool stays_out_ = false;
  // Here, not in the core: that may be held for longer, by what is queued on any of the executors.
  std::shared_ptr<void> keeper_;
  std::shared_ptr<shared_core> core_;
};

}  // namespace carillon
