#include <carillon/executor/process_executor.hpp>
#include <carillon/job/run.hpp>

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "executor/process_pool.hpp"

namespace carillon {
namespace {

constexpr std::uint32_t most_workers = 1'000;
constexpr std::uint64_t least_memory = std::uint64_t{16} << 20;

[[noreturn]] void refuse_option(std::string_view field, std::int64_t value, std::string_view allowed) {
  throw std::invalid_argument(fmt::format("process_executor_options.{}: {}: {}", field, value, allowed));
}

void check_not_negative(std::string_view field, milliseconds value, std::int64_t least) {
  if (value.count() < least) refuse_option(field, value.count(), fmt::format("at least {} ms", least));
}

process_executor_options checked(process_executor_options options) {
  if (options.workers > most_workers) refuse_option("workers", options.workers, "at most 1000");
  if (options.workers == 0) options.workers = std::max(1u, std::thread::hardware_concurrency());
  if (options.memory && *options.memory < least_memory)
    refuse_option("memory", static_cast<std::int64_t>(*options.memory), "at least 16 MiB (16777216)");
  if (options.cpu_time) check_not_negative("cpu_time", *options.cpu_time, 1);
  check_not_negative("stop_after", options.stop_after, 0);
  check_not_negative("kill_after", options.kill_after, 0);
  check_not_negative("start_within", options.start_within, 1);
  return options;
}

}  // namespace

process_executor::process_executor(const task_registry& tasks, process_executor_options options)
    : tasks_(tasks.names()), pool_(std::make_shared<process_pool>(checked(std::move(options)))) {
  if (::getenv(worker_variable) != nullptr) {
    throw std::logic_error(
        "this process is a worker of a process_executor: main must call carillon::run_worker before it makes "
        "one itself");
  }
}

process_executor::~process_executor() { pool_->kill_all(); }

executor_limits process_executor::limits() const noexcept {
  return {pool_->options().workers, pool_->options().queued};
}

std::optional<std::string> process_executor::fault_of(const job_definition& job) const {
  if (std::ranges::binary_search(tasks_, job.task_name())) return std::nullopt;
  return fmt::format(
      "worker processes know no task '{}': register it in the task_registry that run_worker and the "
      "process_executor are given",
      job.task_name());
}

void process_executor::open(const boost::asio::any_io_executor& where) { pool_->open(where); }

boost::asio::awaitable<void> process_executor::execute(run& run, const task*) { return pool_->execute(run); }

boost::asio::awaitable<void> process_executor::close() { return pool_->close(); }

std::vector<int> process_executor::workers() const { return pool_->numbers(); }

}  // namespace carillon
