// Job loops in one process, beside the least that could do the same: a coroutine with its own timer and
// nothing else, on the same kind of executor and with the same times.

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/trigger/trigger.hpp>
#include <string>
#include <vector>

#include "bench.hpp"

namespace carillon::bench {

namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

double nanoseconds_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()); }

/// What a run of `jobs` loops has cost.
struct cost {
  double bytes = 0;         // resident, each
  double add_seconds = 0;   // of CPU, for all, until each sleeps: nothing waits there
  double rest_seconds = 0;  // of CPU, in a second of rest
  double stop_seconds = 0;
  std::vector<double> numbers() const { return {bytes, add_seconds, rest_seconds, stop_seconds}; }
};

/// Fires, the CPU time they took, and how late they were in nanoseconds.
struct traffic {
  std::uint64_t fires = 0;
  double cpu = 0;
  std::vector<double> late;

  void note(std::chrono::nanoseconds lateness) {
    ++fires;
    if (late.size() < late.capacity()) late.push_back(nanoseconds_of(lateness));
  }
  std::vector<double> numbers() {
    std::ranges::sort(late);
    const auto at = [&](double part) {
      if (late.empty()) return 0.0;
      return late[std::min(late.size() - 1,
                           static_cast<std::size_t>(part * static_cast<double>(late.size())))] /
             1e6;
    };
    return {static_cast<double>(fires) / cpu, at(0.5), at(0.99), at(0.999), static_cast<double>(fires)};
  }
};

/// When job `number` first fires, and how often: spread evenly over the period, in whole milliseconds.
struct pattern {
  milliseconds period;
  int rounds;
  milliseconds offset(std::size_t number) const {
    return milliseconds{static_cast<std::int64_t>(number) % period.count()};
  }
};

pattern pattern_for(std::size_t jobs) {
  if (jobs <= 10'000) return {milliseconds{100}, 30};
  if (jobs <= 100'000) return {milliseconds{1'000}, 5};
  return {milliseconds{10'000}, 2};
}

// ---- The limit.

using raw_timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>, loop_executor>;

loop_awaitable<void> raw_loop(steady_clock::time_point first, milliseconds period, int rounds, traffic* seen,
                              loop_executor where) {
  raw_timer timer{where};
  auto due = first;
  for (int i = 0; i < rounds; ++i, due += period) {
    timer.expires_at(due);
    co_await timer.async_wait(asio::as_tuple(asio::deferred));
    if (seen) seen->note(steady_clock::now() - due);
  }
}

std::vector<double> raw_rest(std::size_t jobs) {
  asio::io_context io{1};
  const loop_executor where = asio::make_strand(io);
  cost measured;
  const auto before = resident_bytes();
  const auto begin = steady_clock::now();
  auto cpu = cpu_seconds();
  for (std::size_t i = 0; i < jobs; ++i) {
    asio::co_spawn(where, raw_loop(begin + 24h + milliseconds{i}, 1h, 1, nullptr, where), asio::detached);
  }
  io.poll();
  measured.add_seconds = cpu_seconds() - cpu;
  measured.bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(jobs);
  cpu = cpu_seconds();
  io.run_for(2s);
  measured.rest_seconds = (cpu_seconds() - cpu) / 2;
  return measured.numbers();
}

std::vector<double> raw_traffic(std::size_t jobs, const pattern& when, bool keep_lateness) {
  asio::io_context io{1};
  const loop_executor where = asio::make_strand(io);
  traffic seen;
  if (keep_lateness) seen.late.reserve(jobs * static_cast<std::size_t>(when.rounds));
  const auto first = steady_clock::now() + 2s + std::chrono::microseconds{jobs * 4};
  for (std::size_t i = 0; i < jobs; ++i) {
    asio::co_spawn(where, raw_loop(first + when.offset(i), when.period, when.rounds, &seen, where),
                   asio::detached);
  }
  io.poll();
  const auto cpu = cpu_seconds();
  io.run();
  seen.cpu = cpu_seconds() - cpu;
  return seen.numbers();
}

// ---- Ours.

scheduler_options quiet() {
  scheduler_options options;
  options.logger = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
  options.logger->set_level(spdlog::level::off);
  options.time_zone = zone{};
  return options;
}

job_definition job_of(std::size_t number, trigger when) {
  job_definition job{fmt::format("job-{:07}", number), std::move(when), {}, {}, default_options(), {}, {}};
  job.task = "work";
  return job;
}

trigger far_off(bool cron, std::size_t number) {
  if (!cron) return trigger{fmt::format("every {}s", 86'400 + number % 10'000)};
  // Some time between 12 and 24 hours from now, each at another minute.
  return trigger{fmt::format("cron {} {} * * {}", number % 60, number / 60 % 24, number % 7)};
}

std::vector<double> our_rest(std::size_t jobs, bool cron) {
  asio::io_context io{1};
  scheduler scheduler{io, quiet()};
  scheduler.task("work", [] {});
  cost measured;
  const auto before = resident_bytes();
  auto cpu = cpu_seconds();
  for (std::size_t i = 0; i < jobs; ++i) scheduler.add(job_of(i, far_off(cron, i)));
  asio::co_spawn(io, scheduler.run(), asio::detached);
  io.poll();
  measured.add_seconds = cpu_seconds() - cpu;
  measured.bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(jobs);
  cpu = cpu_seconds();
  io.run_for(2s);
  measured.rest_seconds = (cpu_seconds() - cpu) / 2;
  const auto begin = steady_clock::now();
  scheduler.shutdown()(asio::detached);
  io.run();
  measured.stop_seconds = seconds_since(begin);
  return measured.numbers();
}

std::vector<double> our_traffic(std::size_t jobs, const pattern& when, bool coroutine, bool keep_lateness) {
  asio::io_context io{1};
  scheduler scheduler{io, quiet()};
  traffic seen;
  if (keep_lateness) seen.late.reserve(jobs * static_cast<std::size_t>(when.rounds));
  const auto note = [&seen](run& run) { seen.note(std::chrono::system_clock::now() - run.due()); };
  if (coroutine) {
    scheduler.task("work", [note](run& run) -> asio::awaitable<void> {
      note(run);
      co_return;
    });
  } else {
    scheduler.task("work", note);
  }
  const auto first = scheduler.now() + 2s + milliseconds{jobs / 125};
  for (std::size_t i = 0; i < jobs; ++i) {
    const auto every = trigger{fmt::format("every {}ms limit {}", when.period.count(), when.rounds)};
    scheduler.add(job_of(i, every.starting(first + when.offset(i))));
  }
  asio::co_spawn(io, scheduler.run(), asio::detached);
  io.poll();
  const auto cpu = cpu_seconds();
  const auto wanted = static_cast<std::uint64_t>(when.rounds) * jobs;
  while (seen.fires < wanted && scheduler.now() < first + when.period * (when.rounds + 1)) io.run_one_for(1s);
  seen.cpu = cpu_seconds() - cpu;
  scheduler.shutdown()(asio::detached);
  io.run();
  return seen.numbers();
}

// ---- Each in a process of its own.

std::size_t number(const std::string& text) { return std::stoul(text); }

const child_measurement rest{"loops-rest", [](const arguments& args) {
                               if (args.at(0) == "raw") return raw_rest(number(args.at(1)));
                               return our_rest(number(args.at(1)), args.at(0) == "cron");
                             }};

const child_measurement fires{"loops-fires", [](const arguments& args) {
                                const auto jobs = number(args.at(1));
                                const auto when = pattern_for(jobs);
                                if (args.at(0) == "raw") return raw_traffic(jobs, when, false);
                                return our_traffic(jobs, when, args.at(0) == "coroutine", false);
                              }};

const child_measurement lateness{"loops-lateness", [](const arguments& args) {
                                   const auto jobs = number(args.at(1));
                                   const pattern when{milliseconds{10'000}, 1};
                                   if (args.at(0) == "raw") return raw_traffic(jobs, when, true);
                                   return our_traffic(jobs, when, false, true);
                                 }};

void measure_rest(report& out, std::size_t jobs) {
  const auto count = std::to_string(jobs);
  out.section(fmt::format("{} jobs that are due tomorrow, each a coroutine with its own timer", jobs));
  const auto raw = measure_in_child("loops-rest", {"raw", count});
  const auto interval = measure_in_child("loops-rest", {"interval", count});
  const auto cron = measure_in_child("loops-rest", {"cron", count});
  out.add({"resident, a job, interval", interval[0], "bytes", raw[0], "<= 1500"});
  out.add({"resident, a job, cron", cron[0], "bytes", raw[0], "<= 1500"});
  out.add({"add all and start, interval, CPU", interval[1], "s", raw[1], "<= 3 for 1,000,000"});
  out.add({"add all and start, cron, CPU", cron[1], "s", raw[1], "<= 4 for 1,000,000"});
  out.add({"CPU at rest", interval[2] * 100, "%", raw[2] * 100, "0"});
  out.add({"shut down", interval[3], "s", std::nullopt, ""});
}

void measure_fires(report& out, std::size_t jobs) {
  const auto count = std::to_string(jobs);
  out.section(fmt::format("{} jobs that fire, on one core: claim, ledger and outcome included", jobs));
  const auto raw = measure_in_child("loops-fires", {"raw", count});
  const auto plain = measure_in_child("loops-fires", {"plain", count});
  const auto coroutine = measure_in_child("loops-fires", {"coroutine", count});
  out.add({"fires a second of CPU, plain body", plain[0], "1/s", raw[0], ">= 0.5 x limit"});
  out.add({"fires a second of CPU, coroutine body", coroutine[0], "1/s", raw[0], ">= 0.3 x limit"});
}

void measure_lateness(report& out) {
  out.section("100000 jobs that fire once within 10 s");
  const auto raw = measure_in_child("loops-lateness", {"raw", "100000"});
  const auto ours = measure_in_child("loops-lateness", {"plain", "100000"});
  out.add({"lateness, p50", ours[1], "ms", raw[1], ""});
  out.add({"lateness, p99", ours[2], "ms", raw[2], "<= 1.5 x limit"});
  out.add({"lateness, p99.9", ours[3], "ms", raw[3], ""});
}

const benchmark loops{"loops", "job loops: bytes, time to add, fires a second, lateness, rest",
                      [](report& out) {
                        for (const std::size_t jobs : {10'000u, 100'000u, 1'000'000u})
                          measure_rest(out, jobs);
                        for (const std::size_t jobs : {10'000u, 100'000u, 1'000'000u})
                          measure_fires(out, jobs);
                        measure_lateness(out);
                      }};

}  // namespace

}  // namespace carillon::bench
