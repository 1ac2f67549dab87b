// Runs a second through each executor, by a whole scheduler with its memory store: as many jobs as keep it
// busy, each of which begins again one millisecond after its end. Beside a plain body in the event loop,
// which needs no executor.

#include "executors_bench.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/resource.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/executor/inline_executor.hpp>
#include <carillon/executor/process_executor.hpp>
#include <carillon/executor/thread_executor.hpp>
#ifdef CARILLON_BENCH_HTTP
#include <carillon/http/http_executor.hpp>
#endif
#include <carillon/job/job_builder.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench.hpp"
#include "receiver.hpp"

namespace carillon::bench {

const task_registry& worker_tasks() {
  static const auto all = [] {
    auto tasks = std::make_unique<task_registry>();
    tasks->add("plain", [] {});
    tasks->add("coroutine", []() -> boost::asio::awaitable<void> { co_return; });
    return tasks;
  }();
  return *all;
}

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t places = 4;  // threads, processes, commands, requests
constexpr std::size_t jobs_at_once = 2'000;

std::shared_ptr<executor> make_executor(const std::string& kind) {
  const executor_limits limits{places, 100'000};
  if (kind == "inline") return std::make_shared<inline_executor>(executor_limits{0, 100'000});
  if (kind == "threads") return std::make_shared<thread_executor>(thread_executor_options{places, limits});
  if (kind == "command") {
    command_executor_options options;
    options.limits = limits;
    return std::make_shared<command_executor>(options);
  }
#ifdef CARILLON_BENCH_HTTP
  if (kind == "http") {
    http_executor_options options;
    options.limits = limits;
    return std::make_shared<http_executor>(options);
  }
#endif
  process_executor_options options;
  options.workers = places;
  options.queued = limits.queued;
  return std::make_shared<process_executor>(worker_tasks(), options);
}

/// Of this process and of those it has waited for, in seconds.
double cpu_of_all() {
  rusage children{};
  ::getrusage(RUSAGE_CHILDREN, &children);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return cpu_seconds() + seconds(children.ru_utime) + seconds(children.ru_stime);
}

/// Runs a second, and microseconds of CPU for each.
std::vector<double> runs_through(const std::string& kind, const std::string& task) {
  std::optional<receiver_thread> receiver;  // What it uses is no part of a run.
  if (kind == "http") receiver.emplace();
  boost::asio::io_context io{1};
  scheduler_options options;
  options.logger = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
  options.logger->set_level(spdlog::level::off);
  options.time_zone = zone{};
  options.drain = 0ms;
  scheduler scheduler{io, options};
  scheduler.tasks(worker_tasks());
  if (kind != "none") scheduler.executor(kind, make_executor(kind));
  for (std::size_t i = 0; i < jobs_at_once; ++i) {
    auto one = job(fmt::format("job-{:04}", i)).when("every 1ms fixed_delay").task(task);
    if (kind != "none") one.executor(kind);
    job_definition definition = std::move(one);
    if (kind == "command") definition.arguments = std::string{R"([{"argv": ["/bin/true"]}])"};
    if (kind == "http") definition.arguments = fmt::format(R"([{{"url": "{}"}}])", receiver->url());
    scheduler.add(std::move(definition));
  }
  std::uint64_t runs = 0;
  const auto counting = scheduler.on(mask(event_kind::run_succeeded), [&](const event&) { ++runs; });
  boost::asio::co_spawn(io, scheduler.run(), boost::asio::detached);
  io.run_for(500ms);
  const auto before = runs;
  const auto begin = std::chrono::steady_clock::now();
  io.run_for(2s);
  const auto measured = static_cast<double>(runs - before);
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  scheduler.shutdown()(boost::asio::detached);
  io.run();
  const auto cpu = cpu_of_all() - (receiver ? receiver->cpu() : 0);
  return {measured / seconds, cpu * 1e6 / static_cast<double>(runs)};
}

const child_measurement executor_runs{
    "executors-runs", [](const arguments& args) { return runs_through(args.at(0), args.at(1)); }};

const benchmark executors{
    "executors", "runs a second through each executor, beside a plain body in the loop", [](report& out) {
      struct row {
        const char* what;
        const char* kind;
        const char* task;
      };
      const row rows[] = {
          {"in the loop, plain", "none", "plain"},
          {"in the loop, coroutine", "none", "coroutine"},
          {"inline_executor, plain", "inline", "plain"},
          {"thread_executor, 4 threads, plain", "threads", "plain"},
          {"thread_executor, 4 threads, coroutine", "threads", "coroutine"},
          {"process_executor, 4 workers, plain", "process", "plain"},
          {"process_executor, 4 workers, coroutine", "process", "coroutine"},
          {"command_executor, 4 at once, /bin/true", "command", "command"},
#ifdef CARILLON_BENCH_HTTP
          {"http_executor, 4 at once, a receiver on this machine", "http", "http"},
#endif
      };
      out.section(fmt::format("{} jobs that begin again 1 ms after their end, memory store", jobs_at_once));
      std::vector<std::vector<double>> all;
      for (const auto& each : rows) {
        all.push_back(measure_in_child("executors-runs", {each.kind, each.task}));
        out.add({fmt::format("runs a second, {}", each.what), all.back()[0], "1/s", all.front()[0], ""});
      }
      for (std::size_t i = 0; i < all.size(); ++i)
        out.add({fmt::format("CPU of a run, {}", rows[i].what), all[i][1], "us", all.front()[1], ""});
    }};

}  // namespace

}  // namespace carillon::bench
