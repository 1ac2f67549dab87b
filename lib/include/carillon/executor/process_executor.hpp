#pragma once
#include <carillon/executor/executor.hpp>
#include <carillon/job/task_registry.hpp>
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace carillon {

class process_pool;  // private: lib/src/executor/process_pool.hpp

/// How a `process_executor` behaves.
struct process_executor_options {
  std::uint32_t workers = 0;          ///< 1 to 1,000 processes, each with one run at a time; 0: as many as
                                      ///< processors.
  std::uint32_t queued = 1000;        ///< Runs that wait for a worker. One more fails ("executor full").
  std::uint32_t runs_per_worker = 0;  ///< After so many a worker is replaced; 0: never.
  /// Bytes of address space of a worker, its program and libraries included (RLIMIT_AS); none: no limit. A
  /// body that asks for more gets `std::bad_alloc`: its run fails as "memory limit", and the worker is
  /// replaced.
  std::optional<std::uint64_t> memory{};
  /// Processor time of one run, of all its threads together; then its worker is ended by SIGXCPU. None: no
  /// limit.
  std::optional<milliseconds> cpu_time{};
  milliseconds stop_after{5'000};  ///< How long a body that was asked to stop is given; then its worker gets
                                   ///< SIGTERM ...
  milliseconds kill_after{5'000};  ///< ... and so much later SIGKILL.
  milliseconds start_within{30'000};  ///< A worker that is not ready after this is killed and replaced.
  std::size_t tail_bytes = 1024;      ///< How much of the end of a worker's output a failure quotes.
  /// How much of what a run prints and logs goes to the log; the rest is read and dropped, and said once.
  std::size_t log_bytes = std::size_t{256} * 1024;
  std::string program{};  ///< The workers' program, which calls `run_worker`; empty: this one.
  std::shared_ptr<spdlog::logger> logger{};  ///< Of the pool itself; null: spdlog's default.
};

/// Runs registered bodies in processes of their own, which are started ahead: what a body breaks there is
/// nobody else's. `main` must call `run_worker` first with the same tasks.
///
/// A worker is this program, started anew (exec, not a copy of this process): it knows the tasks that were
/// registered before `run_worker`, and nothing that happened here since. Arguments go there as JSON; the
/// body's outcome, its note and what it logs come back. What it prints is logged line by line, at level info,
/// with the names of the run that printed it.
///
/// Failures are as at home; beside them: "signal:SIGSEGV" and the like, when the worker was ended by a
/// signal, or "exit:N", when it exited in the middle of a run; both messages go on with the end of what it
/// printed; a worker that is cut off, because its body closes all files, ends by either. "memory limit";
/// "worker" when no worker can be started. In each case another worker takes the place of the one that is
/// gone. Workers that end as soon as they are started are started again with growing pauses, up to half a
/// minute; the log says so once.
///
/// A run that is asked to stop: its worker is told; a coroutine sees Asio cancellation, a plain body
/// `run.cancel_reason()`. After `stop_after` the worker's process group gets SIGTERM, `kill_after` later
/// SIGKILL. When this process dies its workers end (`run_worker`).
///
/// It may outlive its scheduler and the event loop, with no workers then; they end with the loop also where
/// nobody has shut the scheduler down.
class process_executor final : public executor {
 public:
  /// `tasks` are those given to `run_worker`; only their names are kept. The workers start when the scheduler
  /// does.
  ///
  /// Errors: throws `std::invalid_argument` for an option out of range, `std::logic_error` in a process that
  /// is a worker itself: there `main` went on without calling `run_worker`.
  explicit process_executor(const task_registry& tasks, process_executor_options options = {});
  /// Kills what still runs.
  ~process_executor() override;

  executor_limits limits() const noexcept override;
  std::optional<std::string> fault_of(const job_definition& job) const override;
  void open(const boost::asio::any_io_executor& where) override;
  boost::asio::awaitable<void> execute(run& run, const task* body) override;
  boost::asio::awaitable<void> close() override;

  /// The process numbers of the workers that are ready or at work.
  std::vector<int> workers() const;

 private:
  std::vector<std::string> tasks_;  // sorted
  std::shared_ptr<process_pool> pool_;
};

}  // namespace carillon
