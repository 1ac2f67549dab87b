#pragma once
#include <carillon/job/task_registry.hpp>
#include <optional>

namespace carillon {

/// Makes a process that a `process_executor` has started a worker: to be called at the beginning of `main`,
/// before anything that a worker has no need of.
///
///     carillon::task_registry tasks;
///     tasks.add("resize", resize);
///     if (const auto worker = carillon::run_worker(tasks)) return *worker;
///
/// In any other process it answers none, at once. In a worker it runs the bodies that the pool asks for, one
/// at a time, on the calling thread, until the pool closes or is gone, and answers the exit code for `main`.
/// When the pool's process dies while a body runs, that is asked to stop (`cancel_reason::lost_lease`), and
/// the worker ends with it, at the latest after the pool's `stop_after`.
///
/// Standard output and errors go to the pool's log; standard input is empty. Signals have their default
/// meanings. `tasks` must live until it returns.
std::optional<int> run_worker(const task_registry& tasks);

}  // namespace carillon
