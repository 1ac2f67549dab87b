#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <carillon/job/job.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace carillon {

class run;
class task;

/// How much an executor takes on.
struct executor_limits {
  std::uint32_t running = 0;  ///< Runs at once; 0: as many as there are.
  std::uint32_t queued =
      1000;  ///< Runs that wait for a place. One more fails at once with `failure` "executor full".
};

/// HOW a run is carried out: in the event loop (`inline_executor`), on threads (`thread_executor`), in worker
/// processes (`process_executor`), as a command (`command_executor`).
///
/// The scheduler keeps the limits: it calls `execute` only when there is a place, and lets the others wait. A
/// job picks an executor by name in `job_options::executor`; the empty name is the event loop. An executor
/// belongs to one scheduler. Thread safety: none; called on the scheduler's strand only.
class executor {
 public:
  virtual ~executor() = default;

  virtual executor_limits limits() const noexcept { return {}; }

  /// Whether it runs bodies that a program registered. One that does not (a command line, a request) finds
  /// all it needs in the run's arguments, and is given no body.
  virtual bool needs_body() const noexcept { return true; }

  /// Why this executor could never run that job, as a sentence: arguments that do not fit, for example. Asked
  /// when a job is declared or put by this program (which is then refused), and when it is loaded (then it is
  /// parked).
  virtual std::optional<std::string> fault_of(const job_definition& job) const;

  /// Told once, when the scheduler starts, or when the executor comes to one that runs, before its first run:
  /// starts what is better started ahead. `where` is the scheduler's strand. Must neither throw nor block.
  virtual void open(const boost::asio::any_io_executor& where);

  /// Carries out one attempt, and returns when it is over. Runs on the scheduler's strand, in a coroutine
  /// that is used for one run after another; to return is to have succeeded, to throw is to have failed
  /// (`failure` carries a name for the retry policy).
  ///
  /// `body` is null unless `needs_body()`. Both arguments live until the coroutine has ended.
  /// Cancellation: must honour `cancellation_type::total` and `terminal`, and stop soon; what it then throws
  /// does not matter: `run.cancel_reason()` is the outcome.
  virtual boost::asio::awaitable<void> execute(run& run, const task* body) = 0;

  /// Asked once, when the scheduler has ended its last run, opened or not: gives up threads, connections and
  /// the like, and all that was made on the strand (timers, copies of it): a program may keep the executor
  /// for longer than the event loop.
  virtual boost::asio::awaitable<void> close();
};

}  // namespace carillon
