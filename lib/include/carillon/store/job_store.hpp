#pragma once
#include <boost/container/small_vector.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/job/followed_run.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/store/group.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/store/member.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What `add` does when the id is taken by a job with another definition.
enum class on_conflict : std::uint8_t {
  refuse,   ///< Nothing; the answer says so.
  keep,     ///< Nothing; that is fine.
  replace,  ///< The new definition takes the place of the old, as a change: counters, waiting and active runs
            ///< stay. The cursor, its due time, the anchor and the zone are those of the record that is
            ///< added; so is the state, but a paused job stays paused.
};

/// A store's own way to find a job again at once; empty: by id. A handle means the job that it was loaded
/// with: once that is removed, claim and take answer `gone`, also when the id has been added again.
using job_handle = std::shared_ptr<void>;

struct loaded_job {
  job_record record;
  job_handle handle;
};

struct put_answer {
  enum class kind : std::uint8_t { added, replaced, unchanged, conflict } what{};
  std::uint64_t revision = 0;  ///< Of the job as it now is.
  job_handle handle{};  ///< Of `added`, where the store has handles: what loading the job would answer.
};

/// What `update` writes; members left out stay as they are.
struct job_change {
  std::shared_ptr<const job_definition> definition;  ///< Of the same id.
  std::optional<job_state> state;
  std::optional<std::string> note;
  std::optional<std::uint32_t> skip_next;
  std::optional<std::vector<instant>> skip_at;
  std::optional<std::string> carried;  ///< JSON; empty: nothing from now on.
  bool drop_waiting = false;           ///< Its waiting runs go, with an entry each (skipped, "cancelled").
  struct cursor_move {
    std::optional<instant> cursor;
    instant due{};
    std::optional<instant> from;  ///< The cursor that this was computed from: claims move it within one
                                  ///< revision. Another is a conflict.
  };
  std::optional<cursor_move> cursor;  ///< A schedule that changed, a resume.
  std::optional<instant> anchor;
  std::vector<ledger_entry> ledger;  ///< What became of the fires that this passes over. Numbers and the job
                                     ///< are filled in.
  std::string token;  ///< Made by whoever may have to send this again, 1 to 64 bytes, never used before: sent
                      ///< again what was made is `done`. Empty: it is a conflict; a shared store, which
                      ///< sends again what is not answered, makes a token for each call.
};

enum class change_answer : std::uint8_t { done, conflict, gone };

/// One page of jobs, in the order of their ids.
struct job_page {
  std::vector<job_record> jobs;
  std::optional<std::string> next_after;  ///< Ask again with this; none: that was the last page.
};

struct job_query {
  std::string after;        ///< Ids greater than this, by bytes.
  std::size_t limit = 100;  ///< 0 counts as 1.
  std::string id_prefix;
  std::vector<std::string> tags;   ///< All of these.
  std::optional<job_state> state;  ///< None: all but `removed`.
  std::string task;                ///< `job_definition::task_name()`; empty: any.
};

/// A run that the caller wants for an occurrence. The caller makes the id (1 to 64 bytes, never used before),
/// so that a claim whose answer was lost can be sent again and answered the same.
struct planned_run {
  instant occurrence;
  instant due;
  std::string_view run_id;
};

/// Moves a job past its cursor. See `job_store::claim`.
struct claim_request {
  std::string_view id;
  job_handle handle;
  instant expected_cursor;
  std::uint64_t expected_revision = 0;
  std::optional<instant>
      next_cursor;  ///< Greater than `expected_cursor`; none: the trigger has ended, or fixed_delay.
  instant next_due{};
  bool ends = false;  ///< The trigger has no more fires (as against fixed_delay, which waits for its run).
  instant now;
  std::string_view member;                              ///< Who asks.
  boost::container::small_vector<planned_run, 1> runs;  ///< In the order of their occurrences; may be empty.
  boost::container::small_vector<ledger_stretch, 2>
      left_out;  ///< Missed, coalesced, skipped: what becomes of the others.
  std::uint32_t skips_used = 0;
  bool carries = false;  ///< The answer is to say what the job carries.
};

struct run_answer {
  enum class kind : std::uint8_t {
    won,          ///< Run it, under `fence`.
    skipped,      ///< No place was free; the ledger says so.
    queued,       ///< It waits.
    already_ran,  ///< By this instance, before a fail-over which has brought it back; the ledger says so.
    still_runs,   ///< The same, and its body has not ended yet: what that does becomes the end of this run.
  } what{};
  std::uint64_t fence = 0;
  std::string cancel_run;  ///< overlap_action::cancel_running: the active run that is to be cancelled for it;
                           ///< else empty.
};

struct claim_answer {
  enum class kind : std::uint8_t {
    claimed,  ///< The cursor has moved.
    moved,    ///< It was not where expected, or the revision was another: nothing was changed; reload.
    paused,   ///< The job is not active: nothing was changed.
    gone,     ///< There is no such job, or it is `removed`: nothing was changed.
  } what{};
  boost::container::small_vector<run_answer, 1> runs;  ///< Of `claimed`: one for each planned run.
  std::optional<instant> next_waiting;                 ///< Of `claimed`.
  std::string carried;  ///< Of `claimed`, if it was asked for: `job_record::carried` as it is now.
};

/// Why a run waits.
enum class waiting_reason : std::uint8_t {
  retry,    ///< An attempt failed.
  queued,   ///< It found no place.
  rerun,    ///< Its instance died or left, and `lost_action::rerun` asks for another attempt.
  run_now,  ///< Somebody wants a run outside the schedule.
  follows,  ///< A run of another job has ended (`after`).
};

std::string_view name(waiting_reason why) noexcept;

/// Asks for the earliest waiting run of a job that is due.
struct take_request {
  std::string_view id;
  job_handle handle;
  instant now;
  std::string_view member;
  std::string_view run_id;  ///< Of the run to be.
  bool carries = false;     ///< As of `claim_request`.
};

struct take_answer {
  enum class kind : std::uint8_t {
    won,          ///< Run it, under `fence`.
    none_due,     ///< Nothing waits, or not yet.
    full,         ///< As many are active as may be: it goes on waiting.
    paused,       ///< The job is paused or parked: it goes on waiting.
    gone,         ///< There is no such job, or it is `removed`.
    already_ran,  ///< As of `run_answer`.
    still_runs,   ///< As of `run_answer`.
  } what{};
  instant occurrence{};
  instant due{};  ///< Of a queued run, when its fire was due; else when it was to be taken.
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  waiting_reason why{};
  std::optional<instant> next_waiting;  ///< After this; none for `gone`.
  bool extra = false;                   ///< Outside the schedule: somebody asked for it, or it follows.
  std::uint64_t revision = 0;           ///< Of the job when the run was planned or asked for.
  std::string carried;                  ///< Of `won`: as of `claim_answer`.
  followed_run_ptr follows{};
};

/// Ends a run. See `job_store::finish`.
struct run_report {
  std::string_view id;
  job_handle handle;
  std::string_view run_id;
  std::string_view member;
  std::uint64_t fence = 0;
  instant occurrence;
  std::uint32_t attempt = 1;
  instant due;
  instant started;
  instant finished;
  const outcome* result = nullptr;  ///< Never null.
  std::optional<instant> retry_at;  ///< Try again then: the same occurrence, the next attempt.
  struct fixed_delay_move {
    std::uint64_t expected_revision;
    std::optional<instant> cursor;  ///< None: the trigger has ended.
    instant due;
  };
  std::optional<fixed_delay_move>
      next;  ///< Of a fixed_delay job: written only if the revision is still the same and there is no cursor.
  /// Of a run that succeeded: what it returned, as JSON, and for how long that is kept; empty: nothing.
  std::string_view value;
  milliseconds keep_value{0};
  /// Of a run that succeeded: what the job carries from now on, as JSON; empty: nothing. None: as before.
  std::optional<std::string_view> carry;
};

struct finish_answer {
  enum class kind : std::uint8_t {
    done,
    stale,  ///< No such run is active under this fence: nothing was changed.
  } what{};
  std::optional<instant> next_waiting;  ///< None also when the job is gone.
  bool paused_now = false;              ///< `pause_after` was reached by this run.
  bool removed_now = false;             ///< The job had ended, this was its last run, and it is not kept.
  bool followed = false;                ///< Other jobs follow this end, and must yet be told of it: the
                                        ///< concern of stores alone.
  bool was_sent_before = false;  ///< Of `stale`: the report had been sent without an answer, so that it may
                                 ///< have been taken then, and forgotten since.
};

/// Asks for a run outside the schedule: it does not move the cursor.
struct extra_run {
  std::string_view id;
  instant occurrence;  ///< The time it runs as if it were.
  instant at;          ///< Not before.
  waiting_reason why = waiting_reason::run_now;
  std::string token;     ///< Made by the caller, 1 to 64 bytes, never used before: sent again it puts down
                         ///< nothing more. Empty: each call puts down a run.
  bool awaited = false;  ///< How it ends is to be known afterwards: see `enqueue_awaited`.
};

/// What has become of a run that somebody waits for.
struct awaited_end {
  enum class kind : std::uint8_t {
    pending,  ///< It waits, or is active, or is to be tried again.
    ended,
    unknown,  ///< There is no such run (any more): lost with its store, or it ended long ago.
  } what{};
  ledger_entry entry;  ///< Of `ended`: the final one; without a number.
  std::string value;   ///< Of `ended`: what it returned, as JSON; empty: nothing.
};

/// A run that this instance has won by a call whose answer never came.
struct found_run {
  std::string job;
  std::string run_id;
  std::uint64_t born = 0;
  std::uint64_t fence = 0;
  instant occurrence{};
  instant due{};
  std::uint32_t attempt = 1;
  followed_run_ptr follows{};
};

/// A run of an instance that is gone, which this one has ended: lost. Whether it is begun again its job's
/// `on_lost` says.
struct lost_run {
  std::string job;
  std::string run_id;
  std::string member;  ///< Which ran it: `member_info::id`.
  std::uint64_t fence = 0;
  instant occurrence{};
  instant due{};
  instant started{};
  std::uint32_t attempt = 1;
  std::string why;  ///< As the ledger has it.
};

/// What a store tells the scheduler that has opened it: on the strand, never from within a call.
class store_listener {
 public:
  /// A job was added, changed or removed by anybody, or was given a waiting run; or, by another instance than
  /// the one that runs its loop, a run of it ended that was to move a fixed_delay job on, or has left it with
  /// nothing that would. A hint: several changes may become one call. `number` is that of the change, in the
  /// row of revisions: who knows the job at that revision or a later one knows of the change.
  virtual void on_job_changed(const std::string& id, std::uint64_t number) = 0;

  /// Somebody, perhaps in another instance, wants a run of this one to end.
  virtual void on_stop_asked(const std::string& /*job*/, const std::string& /*run_id*/, cancel_reason) {}

  // The rest is told by stores that several instances share.

  /// `owns` may answer otherwise than before, for any job.
  virtual void on_ownership_changed() {}
  /// To be started, unless a run with this fence has been.
  virtual void on_run_found(const found_run&) {}
  virtual void on_run_lost(const lost_run&) {}
  /// This instance is not a member any more: every run that it holds is to be cancelled (`lost_lease`), for
  /// others run them again. Until `on_ownership_changed` it owns nothing, and claims throw
  /// `errc::lease_lost`.
  virtual void on_lease_lost() {}
  /// The store is another, or was emptied: what this program declares is to be declared again.
  virtual void on_store_replaced() {}
  /// The store's clock, minus this machine's.
  virtual void on_clock_offset(milliseconds) {}
  /// The store answers again, or does not any more and why. Told once each.
  virtual void on_reachable(bool /*reachable*/, const std::string& /*why*/) {}
  /// It answers, but not the heartbeats of this instance, which go another way, and why; or these as well
  /// again. Told once each; not while the store is out of reach altogether. `left`: of the lease.
  virtual void on_heartbeats(bool /*answered*/, const std::string& /*why*/, milliseconds /*left*/) {}
  /// This instance was given places of a group without having asked just now: `share_group` answers how many.
  /// A hint.
  virtual void on_group_place(const std::string& /*group*/) {}

 protected:
  ~store_listener() = default;
};

/// Whether a store does what it is there for, as this instance sees it.
struct store_health {
  bool healthy = true;
  std::string why;  ///< What is wrong, for people; empty: nothing.
};

/// A page of the jobs that an instance owns.
struct own_jobs {
  std::vector<loaded_job> jobs;
  std::optional<std::string> next;  ///< Ask again with this; none: that was the last page.
};

/// Where jobs live, and the one seam between scheduling and keeping. Every store passes
/// tests/contract/job_store.hpp.
///
/// **One way past a cursor.** `claim`, `take` and `finish` are the only ways past a cursor and in and out of
/// the set of active runs; each is a single atomic step. Of any number of callers at most one wins.
///
/// **Numbers only grow.** Revisions, fences and `born` of one id only grow, also when the job is removed and
/// added again. Every change but claim, take and finish gives the job a new revision (a finish does where it
/// pauses the job), so that for one cursor and revision the first answer stands.
///
/// **Lost answers.** A claim, take or finish that is sent again with the same run id is answered as it was
/// the first time and changes nothing: a claim and a take while their run is active or until something else
/// happens to the job, a finish until another run of the job has ended.
///
/// **Ends that others follow.** The final end of a run (by `finish`, or as lost) fires each job whose
/// schedule says so (`trigger::predecessors`), exactly once, whoever dies meanwhile; not that of a run whose
/// job was removed since. The run that follows is outside the schedule, for the occurrence of the one that it
/// follows. As a fire it is left out, with an entry each, by a job that is paused (skipped, "paused"), that
/// is to skip its next fires ("skip_next"), and by `on_overlap` where it finds no place; else it waits, and
/// is never too late.
///
/// **Waiting runs** (retry, queued, rerun, run_now, follows) take no place, and go before a new fire: a run
/// that is planned finds a place only if fewer are active *and* waiting at `now` than `max_instances`. They
/// are taken in the order of their times, those of one time in the order in which they were put down.
/// Pausing, resuming, rescheduling and replacing a job leave them: `take` hands out none while the job is
/// paused or parked, and what it hands out afterwards runs by the definition of then. A job that has ended
/// still has its waiting runs. Removing the job drops them, with an entry each (skipped, "removed").
///
/// **The ledger.** Every nominal time that a cursor has passed ends in exactly one entry that is final: claim
/// writes what was left out or found no place, finish what ran; attempts that are tried again have entries
/// that are not final.
///
/// A store that can answer at once also implements `claim_now`, `take_now` and `finish_now`, which spare the
/// caller a coroutine frame. Errors: throws `boost::system::system_error` when the store cannot be reached,
/// and claim, take and finish of a shared store `errc::lease_lost` when this instance is not a member any
/// more (until then they are repeated); "no" is a return value. Cancellation: terminal; a cancelled operation
/// may have taken effect. Thread safety: none; called on the strand of the scheduler that uses it.
class job_store {
 public:
  virtual ~job_store() = default;

  /// Starts: the listener is called from now on until `close` has returned, on the executor of the coroutine
  /// that awaits this. `instance` names this instance.
  /// Errors: throws `std::logic_error` when it is open already.
  virtual loop_awaitable<void> open(std::string instance, store_listener& listener) = 0;
  /// Ends: the listener is not called any more, and runs that this member still holds end as `lost`: by the
  /// job's `on_lost` that is all, or they wait to be run again as the next attempt.
  virtual loop_awaitable<void> close() = 0;

  /// Adds a job: definition, state, anchor, zone, cursor, `skip_next`, `skip_at`, `carried` and note are
  /// those of `job`, everything else begins anew. One that is there with the same definition (origin apart)
  /// stays as it is: `unchanged`. A record in state `removed` stands in the way only of the same definition
  /// declared again (one that has an origin). Runs of a removed job of this id that are still active count
  /// against the new one.
  virtual loop_awaitable<put_answer> add(job_record job, on_conflict policy) = 0;
  /// Changes a job that is at `expected_revision`. Back from paused to active it has no failures in a row.
  ///
  /// It may move the cursor anywhere; it never removes the job, also when it lets it end.
  /// Errors: throws `std::invalid_argument` for a definition of another id.
  virtual loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                               job_change change) = 0;
  /// Removes the job, its waiting runs and counters; active runs stay until they finish, which then writes
  /// the ledger and nothing else. With `tombstone` a record in state `removed` stays; without, one that had
  /// stayed goes as well.
  virtual loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                               bool tombstone) = 0;
  /// The job as it is; also one in state `removed`.
  virtual loop_awaitable<std::optional<loaded_job>> load(std::string id) = 0;
  virtual loop_awaitable<job_page> list(job_query query) = 0;
  /// Puts down a waiting run, also of a job that is paused or has ended. Answers its number, above all
  /// revisions that the job has had before; where the token is known, that of the earlier call, or one below.
  /// 0: no such job, or it is `removed`.
  virtual loop_awaitable<std::uint64_t> enqueue(extra_run run) = 0;
  virtual loop_awaitable<ledger_page> history(ledger_query query) = 0;

  /// As `enqueue`, of a run whose end will be asked for: for an hour after it. The listener of every instance
  /// that has asked hears of a change of the job when it has ended.
  /// Errors: throws `errc::store_refused` if this store cannot tell.
  virtual loop_awaitable<std::uint64_t> enqueue_awaited(extra_run run);
  /// What has become of it, retries included.
  virtual loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number);
  /// What a run of a job returned, as JSON; none: nothing, or it is not kept any more.
  virtual loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id, instant now);

  /// Moves the cursor from `expected_cursor` to `next_cursor` and records each planned run, if nobody has
  /// moved it before and the job is active at the expected revision.
  ///
  /// A planned run that finds no place is treated by the job's `on_overlap`: left out (skipped, "overlap");
  /// queued, unless `queue_limit` queued runs wait; or queued while the oldest active run that nobody has
  /// asked to stop is named in `cancel_run`. `cancel_running` keeps one run queued, the latest: the one it
  /// takes the place of is skipped, "overlap". Removes a job that has ended and of which nothing runs, waits
  /// or is to be kept (`job_options::keep`, an origin).
  /// Errors: throws `std::invalid_argument` when `next_cursor` is not greater than `expected_cursor`.
  virtual loop_awaitable<claim_answer> claim(const claim_request& request) = 0;
  /// Makes the earliest waiting run that is due active, with a new fence, if there is room.
  virtual loop_awaitable<take_answer> take(const take_request& request) = 0;
  /// Ends a run: writes the ledger, keeps its value and what the job carries, counts, puts down a retry,
  /// moves a fixed_delay job on, pauses by `pause_after` (with a note, and only an active job: it counts
  /// final failures), removes an ended job as `claim` does.
  virtual loop_awaitable<finish_answer> finish(const run_report& report) = 0;

  /// This instance only looks and operates: of a shared store it is no member, it owns and claims nothing. To
  /// be said before `open`.
  virtual void stay_out() {}
  /// Whether the last round of claims of every partition that this instance owns went through. Answers at
  /// once, from what is known.
  virtual store_health health() const { return {}; }
  /// Whether other instances work on the same jobs. Always the same answer.
  virtual bool is_shared() const noexcept { return false; }
  /// Says what this instance can carry out, and declares; at any time, also before `open`.
  virtual void serve(served_work) {}
  /// Returns once other instances can know what `serve` said last; or when this one is no member (any more),
  /// or loses its lease meanwhile: then nothing that it declares holds.
  virtual loop_awaitable<void> told_others() { co_return; }
  /// Whether this instance is to run the loop of that job: by its definition and nothing else of the record.
  virtual bool owns(const job_record&) const { return true; }
  /// The jobs that this instance owns, a page at a time, in no order, those in state `removed` left out.
  /// Begins with an empty `from`. Those that `is_known` knows at that revision are left out.
  using known_job = std::function<bool(std::string_view id, std::uint64_t revision)>;
  virtual loop_awaitable<own_jobs> load_own(std::string from, known_job is_known) = 0;
  /// Asks whoever holds active runs of a job, or the one named `run_id`, to end them. Answers how many there
  /// are.
  virtual loop_awaitable<std::size_t> stop_runs(std::string id, std::string run_id, cancel_reason why);
  /// The `member_info::id` under which this instance acts; empty while it is no member, and where the store
  /// is not shared.
  virtual std::string member() const { return {}; }
  /// Who takes part; empty where the store is not shared.
  virtual loop_awaitable<std::vector<member_info>> members();
  /// Whether groups hold here: always within one instance, which keeps them itself; for several a store must
  /// implement `share_group`. Always the same answer.
  virtual bool has_groups() const noexcept { return !is_shared(); }
  /// Says what this instance has of a group and waits for, and answers what it was given. The places of a
  /// member that is gone are free again. Asked one at a time for each group. Errors: as `claim`; where there
  /// are no groups `errc::store_refused`.
  virtual loop_awaitable<group_answer> share_group(group_request request);
  /// To be called now and then by the loop that uses the store: that it does not, tells the others that it is
  /// blocked.
  virtual void loop_answers() {}

  virtual std::optional<claim_answer> claim_now(const claim_request&) { return std::nullopt; }
  virtual std::optional<take_answer> take_now(const take_request&) { return std::nullopt; }
  virtual std::optional<finish_answer> finish_now(const run_report&) { return std::nullopt; }
};

}  // namespace carillon
