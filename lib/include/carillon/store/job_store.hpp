#pragma once
#include <boost/container/small_vector.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/store/ledger.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// What `add` does when the id is taken.
enum class on_conflict : std::uint8_t {
  refuse,   ///< Nothing; the answer says so.
  keep,     ///< Nothing; that is fine.
  replace,  ///< The new definition takes the place of the old, as a change: counters and, where the trigger
            ///< allows, the cursor stay.
};

/// A store's own way to find a job again at once; empty: by id.
using job_handle = std::shared_ptr<void>;

struct loaded_job {
  job_record record;
  job_handle handle;
};

struct put_answer {
  enum class kind : std::uint8_t { added, replaced, unchanged, conflict } what{};
  std::uint64_t revision = 0;
};

/// What `update` writes; members left out stay as they are.
struct job_change {
  std::shared_ptr<const job_definition> definition;
  std::optional<job_state> state;
  std::optional<std::string> note;
  std::optional<std::uint32_t> skip_next;
  struct cursor_move {
    std::optional<instant> cursor;
    instant due{};
  };
  std::optional<cursor_move> cursor;  ///< A schedule that changed, a resume.
  std::optional<instant> anchor;
  std::vector<ledger_entry> ledger;  ///< What became of the fires that this passes over.
};

enum class change_answer : std::uint8_t { done, conflict, gone };

/// One page of jobs, in the order of their ids.
struct job_page {
  std::vector<job_record> jobs;
  std::optional<std::string> next_after;  ///< Ask again with this; none: that was the last page.
};

struct job_query {
  std::string after;  ///< Ids greater than this.
  std::size_t limit = 100;
  std::string id_prefix;
  std::vector<std::string> tags;  ///< All of these.
  std::optional<job_state> state;
  std::string task;
};

/// A run that the caller wants for an occurrence. The caller makes the id, so that a claim whose answer was
/// lost can be sent again and answered the same.
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
};

struct run_answer {
  enum class kind : std::uint8_t {
    won,      ///< Run it, under `fence`.
    skipped,  ///< No place was free; the ledger says so.
    queued,   ///< It waits.
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
    gone,
  } what{};
  boost::container::small_vector<run_answer, 1> runs;  ///< One for each planned run.
  std::optional<instant> next_waiting;
};

/// Why a run waits.
enum class waiting_reason : std::uint8_t { retry, queued, rerun, run_now };

std::string_view name(waiting_reason why) noexcept;

/// Asks for the earliest waiting run of a job that is due.
struct take_request {
  std::string_view id;
  job_handle handle;
  instant now;
  std::string_view member;
  std::string_view run_id;  ///< Of the run to be.
};

struct take_answer {
  enum class kind : std::uint8_t { won, none_due, full, paused, gone } what{};
  instant occurrence{};
  instant due{};
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  waiting_reason why{};
  std::optional<instant> next_waiting;
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
  std::optional<instant> retry_at;  ///< Try again then.
  struct fixed_delay_move {
    std::uint64_t expected_revision;
    std::optional<instant> cursor;
    instant due;
  };
  std::optional<fixed_delay_move>
      next;  ///< Of a fixed_delay job: written only if the revision is still the same.
};

struct finish_answer {
  enum class kind : std::uint8_t {
    done,
    stale,  ///< The fence is no longer the run's: nothing was changed.
  } what{};
  std::optional<instant> next_waiting;
  bool paused_now = false;   ///< `pause_after` was reached by this run.
  bool removed_now = false;  ///< The job had ended, this was its last run, and it is not kept.
};

/// Asks for a run outside the schedule: it does not move the cursor.
struct extra_run {
  std::string_view id;
  instant occurrence;  ///< The time it runs as if it were.
  instant at;          ///< Not before.
  waiting_reason why = waiting_reason::run_now;
};

/// Where jobs live, and the one seam between scheduling and keeping. Every store passes
/// tests/contract/job_store.hpp.
///
/// `claim`, `take` and `finish` are the only ways past a cursor and in and out of the set of active runs;
/// each is a single atomic step. A store that can answer at once also implements `claim_now`, `take_now` and
/// `finish_now`, which spare the caller a coroutine frame. Errors: throws `boost::system::system_error` when
/// the store cannot be reached; "no" is a return value. Cancellation: terminal; a cancelled claim may have
/// taken effect. Thread safety: none; called on the strand of the scheduler that uses it.
class job_store {
 public:
  virtual ~job_store() = default;

  /// Called with the id of a job that was added, changed or removed by anybody; at any time on the strand,
  /// never from within a call.
  using change_listener = std::function<void(const std::string& id)>;
  /// Starts: the listener is called from now on. `member` names this instance.
  virtual loop_awaitable<void> open(std::string member, change_listener on_change) = 0;
  /// Ends: the listener is not called any more, and what this member held is given up.
  virtual loop_awaitable<void> close() = 0;

  virtual loop_awaitable<put_answer> add(job_record job, on_conflict policy) = 0;
  virtual loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                               job_change change) = 0;
  /// Removes the job, its waiting runs and counters; active runs stay until they finish. With `tombstone` a
  /// record in state `removed` stays.
  virtual loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                               bool tombstone) = 0;
  virtual loop_awaitable<std::optional<loaded_job>> load(std::string id) = 0;
  virtual loop_awaitable<job_page> list(job_query query) = 0;
  virtual loop_awaitable<bool> enqueue(extra_run run) = 0;  ///< False: no such job.
  virtual loop_awaitable<ledger_page> history(ledger_query query) = 0;

  /// Moves the cursor from `expected_cursor` to `next_cursor` and records each planned run, if nobody has
  /// moved it before and the job is active at the expected revision. Of any number of callers at most one
  /// wins.
  virtual loop_awaitable<claim_answer> claim(const claim_request& request) = 0;
  /// Makes the earliest waiting run that is due active, with a new fence, if there is room.
  virtual loop_awaitable<take_answer> take(const take_request& request) = 0;
  /// Ends a run: writes the ledger, counts, puts down a retry, pauses by `pause_after`, removes an ended job
  /// whose last run this was.
  virtual loop_awaitable<finish_answer> finish(const run_report& report) = 0;

  virtual std::optional<claim_answer> claim_now(const claim_request&) { return std::nullopt; }
  virtual std::optional<take_answer> take_now(const take_request&) { return std::nullopt; }
  virtual std::optional<finish_answer> finish_now(const run_report&) { return std::nullopt; }
};

}  // namespace carillon
