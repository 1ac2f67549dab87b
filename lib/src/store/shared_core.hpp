#pragma once
#include <spdlog/logger.h>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/store/shared_store.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "store/attempt.hpp"
#include "store/elapsed_sleeps.hpp"
#include "store/membership.hpp"
#include "store/ownership.hpp"
#include "store/started_runs.hpp"
#include "store/step_batches.hpp"

namespace carillon {

/// What the scheduler holds of a job: which of its id is meant, and what is to follow if a run of it is lost.
struct shared_handle {
  static job_handle of(const job_definition& job, std::uint64_t born);
  std::uint64_t born = 0;
  bool reruns = false;  ///< `lost_action::rerun`.
};

/// A shared store between `open` and `close`.
///
/// Thread safety: none, one strand, but for what `membership_listener` promises. The parts: shared_life.cpp
/// (open, close, lease, another store), shared_calls.cpp (what is repeated), shared_runs.cpp (claims to
/// finishes), shared_jobs.cpp (which jobs are ours), shared_follows.cpp
/// (jobs that run after others), shared_look.cpp (the standing look, reaping).
class shared_core final : public std::enable_shared_from_this<shared_core>,
                          public membership_listener,
                          private backend_listener,
                          private step_sender {
 public:
  shared_core(shared_store::backends below, loop_executor strand, std::shared_ptr<clock> time,
              const shared_store_options& options, store_listener& listener, bool takes_part);

  // ---- shared_life.cpp
  loop_awaitable<void> open(std::string instance, std::shared_ptr<const served_work> work);
  loop_awaitable<void> close();
  /// Its store is gone, and what it was made with may go: queued handlers may hold this for a while longer.
  /// On the strand, or when that runs no more.
  void let_go();
  void serve(std::shared_ptr<const served_work> work);
  loop_awaitable<void> told_others();
  void loop_answers() {
    if (membership_) membership_->loop_answered();
  }
  std::string member() const { return is_member() ? lease_->member() : std::string{}; }

  // ---- shared_calls.cpp
  loop_awaitable<put_answer> add(job_record job, on_conflict policy);
  loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision, job_change change);
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                       bool tombstone);
  loop_awaitable<std::optional<loaded_job>> load(std::string id);
  loop_awaitable<job_page> list(job_query query);
  loop_awaitable<std::uint64_t> enqueue(extra_run run);
  loop_awaitable<std::uint64_t> enqueue_awaited(extra_run run);
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number);
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now);
  loop_awaitable<ledger_page> history(ledger_query query);
  loop_awaitable<std::size_t> stop_runs(std::string id, std::string run_id, cancel_reason why);
  loop_awaitable<std::vector<member_info>> members();
  loop_awaitable<group_answer> share_group(group_request request);

  // ---- shared_runs.cpp
  loop_awaitable<claim_answer> claim(const claim_request& request);
  loop_awaitable<take_answer> take(const take_request& request);
  loop_awaitable<finish_answer> finish(const run_report& report);

  // ---- shared_jobs.cpp
  bool owns(const job_record& job);
  loop_awaitable<own_jobs> load_own(std::string from, job_store::known_job is_known);

  // ---- shared_look.cpp
  store_health health() const;

 private:
  struct partition_state {
    bool concerns = false;               ///< Jobs of ours, or runs that we have asked for, are or were there.
    bool has_ends = false;               ///< Of which followers may not have been told.
    bool telling = false;                ///< They are being told.
    std::chrono::nanoseconds looked{0};  ///< When the last look that went through was sent.
    boost::unordered_flat_map<std::uint64_t, std::uint32_t>
        overdue;  ///< By hash: in how many looks in a row.
  };
  struct orphan {  ///< A run whose member was not in the view we had.
    std::uint32_t partition = 0;
    active_record run;
    std::uint64_t questions = 0;  ///< `membership::questions` when it was seen.
  };
  struct loading;

  // membership_listener: on the membership's executor.
  void on_view(member_view view) override;
  void on_lease_over(std::shared_ptr<lease> which) override;
  void on_offset_measured(milliseconds offset, milliseconds error) override;
  void on_beat_failed(boost::system::error_code code, const std::string& why) override;
  void on_other_store(store_identity expected) override;
  template <typename Work>
  void hop(Work work);  ///< Does it on the strand, if this is still open.
  /// Has the membership do something on its executor.
  template <typename T>
  loop_awaitable<T> of_membership(loop_awaitable<T> work);

  // backend_listener
  void on_change(std::uint32_t partition, std::uint64_t seq, const job_brief& job) override;
  void on_stop_asked(const std::string& member, const std::string& run_id, cancel_reason why) override;
  void on_gap() override;
  void on_members_changed() override {
    if (membership_) membership_->refresh();
  }
  void on_group_place(const std::string& member, const std::string& group) override;
  void on_reachable(bool reachable, const std::string& why) override;

  // step_sender
  job_backend& backend() noexcept override { return *backend_; }
  const loop_executor& strand() const noexcept override { return strand_; }
  void begin(loop_awaitable<void> sending) override { tasks_.spawn(std::move(sending)); }
  const std::shared_ptr<lease>& current_lease() const noexcept override { return lease_; }
  loop_awaitable<void> before_again(std::uint32_t times) override;
  std::chrono::nanoseconds patience() const noexcept override { return options_.lease; }
  loop_awaitable<void> meet_other_store(std::uint64_t generation) override;
  std::uint64_t generation() const noexcept override { return generation_; }
  std::chrono::nanoseconds elapsed() const noexcept override { return time_->elapsed(); }

  // shared_life.cpp
  membership_options member_options(std::string instance);
  loop_awaitable<void> open_store();
  loop_awaitable<void> wait_for_lease();
  loop_awaitable<void> watch_lease();
  loop_awaitable<void> rest_before_replacing();
  loop_awaitable<void> replace_store();
  struct left_behind;
  loop_awaitable<void> give_up_runs(left_behind& rest);
  void tell_left_behind(const left_behind& rest);
  bool is_member() const noexcept { return lease_ && lease_->good(); }
  void lose_lease(const std::shared_ptr<lease>& which);
  void follow_view(member_view&& view);
  void follow_offset(milliseconds offset, milliseconds error);
  void follow_beat_failure(boost::system::error_code code, const std::string& why);
  void tell_heartbeats_lost();
  instant store_now() const { return time_->now() + offset_; }
  std::chrono::nanoseconds third() const { return std::chrono::nanoseconds{options_.lease} / 3; }

  // shared_calls.cpp
  std::uint32_t partition_of(std::string_view id) const noexcept;
  loop_awaitable<void> until_usable();
  std::string new_token();
  template <typename Call>
  auto repeated(const Call& call, bool& unsure) -> loop_awaitable<typename decltype(call())::value_type>;
  template <typename Call>
  auto repeated(const Call& call) -> loop_awaitable<typename decltype(call())::value_type>;

  // shared_runs.cpp
  std::shared_ptr<lease> require_lease() const;
  enum class news : std::uint8_t { to_begin, already_ran, still_runs };
  news hold(std::uint32_t partition, const active_record& run, bool reruns);
  loop_awaitable<void> finish_as_already_run(std::uint32_t partition, active_record run, bool retried);
  void remember_end(started_run& run, const run_report& report);
  loop_awaitable<finish_answer> give_up_run(std::uint32_t partition, const run_report& report);
  loop_awaitable<std::vector<bool>> reap(std::uint32_t partition, std::vector<reap_step> steps);

  // shared_jobs.cpp
  bool is_mine(std::uint32_t partition, std::string_view task, std::string_view executor);
  void concern(std::uint32_t partition);
  void tell_changed(const std::string& id, std::uint64_t number);
  loop_awaitable<void> load_page(std::uint32_t partition, std::string& after, loading& into);
  loop_awaitable<void> load_pages(std::uint32_t partition, std::string& after, loading& into);

  // shared_follows.cpp
  loop_awaitable<void> follow_others(std::shared_ptr<const job_definition> job);
  void tell_ends(std::uint32_t partition);
  loop_awaitable<void> tell_all_ends(std::uint32_t partition);
  loop_awaitable<void> wait_until_ends_are_told();
  loop_awaitable<bool> tell_some_ends(std::uint32_t partition);
  loop_awaitable<void> tell_followers(std::uint32_t partition, std::span<const follow_step> steps);

  // shared_look.cpp
  loop_awaitable<void> look_again_and_again();
  enum class look_for : bool { runs, all };
  loop_awaitable<void> look_at_all(look_for what);
  loop_awaitable<void> look_at(std::uint32_t partition, look_for what);
  void look_at_run(std::uint32_t partition, const active_record& run, const std::shared_ptr<lease>& mine);
  void found(std::uint32_t partition, const active_record& run);
  loop_awaitable<void> look_at_overdue(std::uint32_t partition, std::vector<std::string> ids);
  loop_awaitable<void> reap_orphans(std::uint64_t view);
  void look_soon();

  const std::shared_ptr<job_backend> backend_;
  shared_store::member_factory members_;
  const loop_executor strand_;
  const std::shared_ptr<clock> time_;
  const shared_store_options options_;
  const bool takes_part_;
  const std::shared_ptr<spdlog::logger> logger_;
  store_listener& listener_;
  std::optional<loop_executor> member_executor_;  ///< None: the store is gone.
  std::shared_ptr<const served_work> work_;
  std::shared_ptr<membership> membership_;
  std::mt19937_64 random_;

  store_identity store_;
  std::uint64_t generation_ = 1;  ///< Of the store that is open.
  bool replacing_ = false;
  std::chrono::nanoseconds replaced_at_{0};  ///< When the one that is open took the place of another.
  std::uint32_t replaced_in_a_row_ = 0;      ///< Each soon after the one before.
  bool closing_ = false;
  bool listening_ = false;  ///< The listener may be told.
  std::optional<bool> reachable_;
  std::string unreachable_why_;

  std::shared_ptr<lease> lease_;
  bool lost_once_ = false;  ///< It has been a member before.
  ownership owners_;
  milliseconds offset_{0};
  boost::system::error_code beat_failure_;  ///< Of the last heartbeat, or join; none: it was answered.
  std::string beat_failure_why_;
  int beats_missed_ = 0;          ///< In a row, while all else is answered.
  bool heartbeats_lost_ = false;  ///< That was told.

  step_batches<claim_kind> claims_{*this};
  step_batches<take_kind> takes_{*this};
  step_batches<finish_kind> finishes_{*this};
  step_batches<add_kind> adds_{*this};
  step_batches<load_kind> loads_{*this};

  started_runs runs_;
  started_attempts attempts_;
  boost::unordered_flat_set<std::uint64_t> told_;  ///< Hashes of the ids of jobs that the scheduler knows.
  std::vector<partition_state> partitions_;
  std::vector<orphan> orphans_;
  std::chrono::nanoseconds next_look_{0};
  bool gap_ = false;

  elapsed_sleeps sleeps_;
  elapsed_sleeps awaiting_membership_;
  condition news_, ends_told_, views_;
  std::unique_ptr<clock::watch> steps_;
  task_group tasks_;
};

}  // namespace carillon
