// What the memory store costs: a claim with its finish, adding and finding a job, and bytes.
#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/store/memory_store.hpp>

#include <charconv>
#include <chrono>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

#include "bench.hpp"

namespace {

using namespace carillon;
using namespace carillon::bench;

constexpr instant beginning{milliseconds{1'700'000'000'000}};
constexpr milliseconds period{60'000};
constexpr std::string_view member = "bench-4711-0a1b2c3d";

/// The jobs of a measurement, in a store that answers at once.
class filled_store {
 public:
  explicit filled_store(std::size_t jobs) {
    const trigger when{"every 60s"};
    run([](job_store& store, trigger when, std::size_t jobs) -> loop_awaitable<void> {
      for (std::size_t i = 0; i < jobs; ++i) {
        auto definition = std::make_shared<job_definition>(
            job_definition{fmt::format("job-{}", i), when, {}, {}, default_options(), {}, {}});
        job_record record;
        record.definition = std::move(definition);
        record.anchor = beginning;
        record.cursor = record.due = beginning + period;
        const auto answer = co_await store.add(std::move(record), on_conflict::refuse);
        keep(answer.revision);
      }
    }(store_, when, jobs));
  }

  void load(std::vector<loaded_job>& jobs, const std::vector<std::size_t>& order) {
    run([](job_store& store, std::vector<loaded_job>& jobs,
           const std::vector<std::size_t>& order) -> loop_awaitable<void> {
      for (const auto i : order) {
        auto job = co_await store.load(fmt::format("job-{}", i));
        jobs.push_back(std::move(*job));
      }
    }(store_, jobs, order));
  }

  job_store& store() { return store_; }

 private:
  void run(loop_awaitable<void> work) {
    boost::asio::co_spawn(strand_, std::move(work), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
    io_.run();
    io_.restart();
  }

  boost::asio::io_context io_;
  loop_executor strand_{boost::asio::make_strand(io_)};
  memory_store store_;
};

std::vector<std::size_t> shuffled(std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64{1});
  return order;
}

/// CPU time: the store never waits.
double seconds_since(double start) { return cpu_seconds() - start; }

/// One after another in an order that is not that of memory, as timers would have it.
double nanoseconds_per_fire(filled_store& filled, std::vector<loaded_job>& jobs) {
  auto& store = filled.store();
  const outcome succeeded;
  std::uint64_t runs = 0;
  const auto fire = [&](loaded_job& job) {
    char run_id[24] = "k3x9a-";
    const auto end = std::to_chars(run_id + 6, run_id + sizeof run_id, ++runs, 36).ptr;
    claim_request request;
    request.id = job.record.id();
    request.handle = job.handle;
    request.expected_cursor = *job.record.cursor;
    request.expected_revision = job.record.revision;
    request.next_cursor = *job.record.cursor + period;
    request.next_due = *request.next_cursor;
    request.now = *job.record.cursor;
    request.member = member;
    request.runs.push_back({request.expected_cursor, request.expected_cursor, {run_id, end}});
    const auto won = store.claim_now(request);
    run_report report;
    report.id = request.id;
    report.handle = job.handle;
    report.run_id = {run_id, end};
    report.member = member;
    report.fence = won->runs[0].fence;
    report.occurrence = report.due = report.started = report.finished = request.now;
    report.result = &succeeded;
    keep(store.finish_now(report)->what);
    job.record.cursor = request.next_cursor;
  };
  std::vector<double> rounds;
  const auto least = std::max<std::size_t>(jobs.size(), 500'000);
  for (int round = 0; round < 5; ++round) {
    const auto start = cpu_seconds();
    for (std::size_t i = 0; i < least; ++i) fire(jobs[i % jobs.size()]);
    rounds.push_back(seconds_since(start) * 1e9 / static_cast<double>(least));
  }
  return median(rounds);
}

/// The limit: the same jobs in a hash map by id, of which one number is changed.
double nanoseconds_per_change_of_a_map(const std::vector<loaded_job>& jobs) {
  std::unordered_map<std::string_view, std::uint64_t> map;
  for (const auto& job : jobs) map.emplace(job.record.id(), 0);
  std::vector<double> rounds;
  for (int round = 0; round < 5; ++round) {
    const auto start = cpu_seconds();
    for (const auto& job : jobs) ++map.find(job.record.id())->second;
    rounds.push_back(seconds_since(start) * 1e9 / static_cast<double>(jobs.size()));
  }
  keep(map);
  return median(rounds);
}

/// Bytes a record, seconds to add, nanoseconds to find, to fire, to change an entry of a map.
const child_measurement in_child{
    "store", [](const arguments& args) {
      const auto count = static_cast<std::size_t>(std::stoull(args.at(0)));
      const auto n = static_cast<double>(count);
      std::vector<std::shared_ptr<job_definition>> definitions;
      const auto empty = resident_bytes();
      const trigger when{"every 60s"};
      for (std::size_t i = 0; i < count; ++i) {
        definitions.push_back(std::make_shared<job_definition>(
            job_definition{fmt::format("job-{}", i), when, {}, {}, default_options(), {}, {}}));
      }
      const auto of_definitions = static_cast<double>(resident_bytes() - empty);
      definitions.clear();
      definitions.shrink_to_fit();
      const auto before = resident_bytes();
      auto start = cpu_seconds();
      filled_store filled{count};
      const auto adding = seconds_since(start);
      const auto all = static_cast<double>(resident_bytes()) - static_cast<double>(empty);
      keep(before);
      const auto order = shuffled(count);
      std::vector<loaded_job> jobs;
      jobs.reserve(count);
      start = cpu_seconds();
      filled.load(jobs, order);
      const auto finding = seconds_since(start) * 1e9 / n;
      const auto firing = nanoseconds_per_fire(filled, jobs);
      return std::vector<double>{
          (all - of_definitions) / n,           of_definitions / n, adding, finding, firing,
          nanoseconds_per_change_of_a_map(jobs)};
    }};

const benchmark store{
    "store", "the memory store: claim and finish, add, load, bytes", [](report& out) {
      for (const auto count : {10'000, 1'000'000}) {
        out.section(fmt::format("memory store with {} jobs", count));
        const auto numbers = measure_in_child("store", {std::to_string(count)});
        out.add({"bytes a record, its definition apart", numbers[0], "bytes", {}, "<= 350"});
        out.add({"bytes a definition", numbers[1], "bytes", {}, {}});
        out.add({"adding all", numbers[2], "s", {}, {}});
        out.add({"load by id, in random order", numbers[3], "ns", {}, {}});
        out.add({"claim and finish, in random order (limit: one number in a map)",
                 numbers[4],
                 "ns",
                 numbers[5],
                 {}});
        out.add({"claims with their finishes a second", 1e9 / numbers[4], "1/s", {}, {}});
      }
    }};

}  // namespace
