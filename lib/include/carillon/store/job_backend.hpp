#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/store/job_store.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon {

/// Which of `count` partitions a job belongs to: XXH64(id) with seed 0, modulo `count`.
std::uint32_t partition_of(std::string_view id, std::uint32_t count) noexcept;

/// What is fixed when a shared store is created.
struct store_identity {
  std::uint64_t id = 0;  ///< When it was created, in microseconds. Another number: another store.
  std::uint32_t partitions = 0;
  friend bool operator==(const store_identity&, const store_identity&) = default;
};

/// A claim, and which job of that id it means.
struct claim_step {
  const claim_request* request = nullptr;
  std::uint64_t born = 0;  ///< 0: whichever has that id.
};

struct take_step {
  const take_request* request = nullptr;
  std::uint64_t born = 0;
};

struct finish_step {
  const run_report* report = nullptr;
  std::uint64_t born = 0;
};

/// The answer to one step of a batch; or why the store would not do that one, whose answer then means
/// nothing.
template <typename Answer>
struct step_answer : Answer {
  step_answer() = default;
  step_answer(Answer answer) : Answer{std::move(answer)} {}

  std::string refused;  ///< In the store's words: nothing was changed. Empty: it was done.
};

struct add_step {
  const job_record* job = nullptr;
  on_conflict policy{};
};

/// What a page of a partition says of a job: enough to tell whose it is.
struct job_brief {
  std::string id;
  std::string task;  ///< `job_definition::task_name()`.
  std::string executor;
  std::uint64_t revision = 0;
  job_state state{};
  bool waits = false;  ///< It has waiting runs.
};

struct brief_page {
  std::vector<job_brief> jobs;
  std::optional<std::string> next_after;
};

/// A run that is active, as the store has it.
struct active_record {
  std::string run_id;
  std::string job;
  std::string member;  ///< `member_info::id`.
  std::uint64_t born = 0;
  std::uint64_t fence = 0;
  instant occurrence{};
  instant due{};
  instant started{};  ///< When it was claimed or taken.
  std::uint32_t attempt = 1;
  waiting_reason why{};  ///< Of a taken run.
  bool taken = false;    ///< It waited before; else it was claimed.
  bool extra = false;
  cancel_reason stop = cancel_reason::none;  ///< Somebody wants it to end.
  std::uint64_t revision = 0;                ///< Of its job when it was planned or asked for.
  followed_run_ptr follows{};
};

/// What a standing look at a partition sees.
struct partition_look {
  std::uint64_t seq = 0;             ///< The number of its last change.
  std::vector<active_record> runs;   ///< All that are active.
  std::vector<std::string> due;      ///< Jobs whose fire is due, the most overdue first; at most 100.
  std::vector<std::string> waiting;  ///< Jobs with waiting runs that are due; at most 100.
  bool ends = false;                 ///< `job_backend::ends` has some.
};

/// The final end of a run that other jobs follow. It is kept in the partition of the run's job, by the step
/// that ended the run, until each of them has been told.
struct kept_end {
  std::uint64_t number = 0;  ///< Grows with each end of the partition.
  followed_run_ptr what;
  instant occurrence{};
  std::vector<std::string> followers;  ///< That wait for an end of that kind.
};

/// Tells a job of an end that it follows.
struct follow_step {
  std::string_view follower;
  const kept_end* end = nullptr;
  instant now{};
};

struct follow_answer {
  enum class kind : std::uint8_t {
    told,          ///< Now, or before: ends are told in their order.
    not_followed,  ///< The job is gone, or follows that one no more.
  } what{};
};

/// Ends a run whose member is gone, or which this member gives up itself.
struct reap_step {
  std::string_view run_id;
  std::string_view job;
  std::uint64_t fence = 0;
  std::string_view why;  ///< For the ledger: "its instance died".
};

/// What a backend tells on the executor of the coroutine that awaited `open`, never from within a call.
class backend_listener {
 public:
  /// A job was added, changed, removed or given a waiting run. A hint: it may be lost, or come twice.
  virtual void on_change(std::uint32_t partition, std::uint64_t seq, const job_brief& job) = 0;
  /// An active run of that member was marked to be stopped. A hint.
  virtual void on_stop_asked(const std::string& member, const std::string& run_id, cancel_reason why) = 0;
  /// Hints may have been lost: the connection was.
  virtual void on_gap() = 0;
  /// An instance has joined or left. A hint, so that others need not wait for their next heartbeat.
  virtual void on_members_changed() {}
  /// That member was given places of a group. A hint.
  virtual void on_group_place(const std::string& /*member*/, const std::string& /*group*/) {}
  /// The store answers again, or does not any more and why.
  virtual void on_reachable(bool reachable, const std::string& why) = 0;

 protected:
  ~backend_listener() = default;
};

/// The place where jobs are kept for several instances: each function is one atomic step there, sent once.
///
/// `shared_store` makes a `job_store` of it: what is to be repeated, batched, owned and reaped is decided
/// there. A step has the meaning of the function of `job_store` of that name. Batches are of one partition
/// and at most 100 steps; each step stands for itself, the answers are in the order of the steps. A step
/// whose records cannot be read is refused, and the others are done. Views in steps must outlive the call.
///
/// Errors: throws `boost::system::system_error`: `errc::store_unreachable` when no answer came (the step may
/// have taken effect, also later), `errc::store_refused` when the store would not do it, with its words, and
/// `errc::other_store` when the partition belongs to another store than the one opened: nothing was changed.
/// Cancellation: terminal; as an answer that was lost. Thread safety: none; one strand.
class job_backend {
 public:
  virtual ~job_backend() = default;

  /// Finds the store or creates it, with `partitions` (0: whatever is there, else 64). Errors:
  /// `errc::store_refused` when one with another number of partitions or another format is there: nothing is
  /// written then. May be called again, after `errc::other_store`.
  virtual loop_awaitable<store_identity> open(std::uint32_t partitions, backend_listener& listener) = 0;
  virtual loop_awaitable<void> close() = 0;

  virtual loop_awaitable<std::vector<step_answer<put_answer>>> add(std::uint32_t partition,
                                                                   std::span<const add_step> steps) = 0;
  virtual loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                               const job_change& change) = 0;
  virtual loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                               bool tombstone) = 0;
  /// Answers the run's number; where the token is known, that of the earlier call. It is sent again with the
  /// same token.
  virtual loop_awaitable<std::uint64_t> enqueue(const extra_run& run) = 0;
  // The next two are for stores that keep what runs return; others refuse.
  virtual loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number);
  virtual loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now);
  /// In the order of the ids; none where there is no such job. Also those in state `removed`.
  virtual loop_awaitable<std::vector<std::optional<job_record>>> load(std::uint32_t partition,
                                                                      std::span<const std::string> ids) = 0;
  /// The jobs of a partition in the order of their ids, `removed` ones included.
  virtual loop_awaitable<brief_page> page(std::uint32_t partition, std::string after, std::size_t limit) = 0;
  /// Over all partitions.
  virtual loop_awaitable<job_page> list(const job_query& query) = 0;
  virtual loop_awaitable<ledger_page> history(const ledger_query& query) = 0;

  /// `member` is the `member_info::id` under which the runs are won; that in the requests does not count.
  virtual loop_awaitable<std::vector<step_answer<claim_answer>>> claim(std::uint32_t partition,
                                                                       std::string_view member,
                                                                       std::span<const claim_step> steps) = 0;
  virtual loop_awaitable<std::vector<step_answer<take_answer>>> take(std::uint32_t partition,
                                                                     std::string_view member,
                                                                     std::span<const take_step> steps) = 0;
  virtual loop_awaitable<std::vector<step_answer<finish_answer>>> finish(
      std::uint32_t partition, std::span<const finish_step> steps) = 0;
  /// Records runs as lost, and puts them down to be run again where the job's `on_lost` says so. Answers
  /// of each whether it was still active under its fence. What it cannot read it leaves alone, and tells of.
  virtual loop_awaitable<std::vector<bool>> reap(std::uint32_t partition, std::span<const reap_step> steps,
                                                 instant now) = 0;
  /// Marks all active runs of a job to be stopped, or the one named `run_id` where that is not empty, and
  /// tells. Answers how many there are.
  virtual loop_awaitable<std::size_t> ask_to_stop(std::string id, std::string run_id, cancel_reason why) = 0;
  virtual loop_awaitable<partition_look> look(std::uint32_t partition, instant now) = 0;
  /// As `job_store::share_group`, for a member of `member_backend`. To be implemented by backends for which
  /// `shared_store_options::groups` is said; src/store/group_shares.hpp has what is to be done in the step.
  virtual loop_awaitable<group_answer> share_group(std::string member, const group_request& request);

  // ---- Jobs that follow others. The step that ends a run keeps the end (`ends`) if the job has followers;
  // whoever then finds it tells each follower in its partition (`follow`) and lets go of it (`drop_ends`).

  /// Whether it can do what follows; false: a job that follows others is refused.
  virtual bool keeps_ends() const noexcept { return false; }
  /// From now on_end ends of that job, which need not be there, are kept for a follower. It is said before
  /// the follower is added or changed, and again whenever one is loaded: what is kept for nobody does no
  /// harm.
  virtual loop_awaitable<bool> add_follower(predecessor of, std::string follower);
  /// Takes that back, if it was said more than an hour ago: a follower may just be being added.
  virtual loop_awaitable<bool> drop_follower(std::string of, std::string follower);
  /// The ends that are kept, oldest first; at most 100.
  virtual loop_awaitable<std::vector<kept_end>> ends(std::uint32_t partition);
  /// Of one end and one follower only the first counts, and none that is older than the last that was told.
  virtual loop_awaitable<std::vector<step_answer<follow_answer>>> follow(std::uint32_t partition,
                                                                         std::span<const follow_step> steps);
  /// Lets go of those up to that number.
  virtual loop_awaitable<bool> drop_ends(std::uint32_t partition, std::uint64_t through);
};

}  // namespace carillon
