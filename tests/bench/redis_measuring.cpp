#include "redis_measuring.hpp"

#include <fmt/format.h>
#include <carillon/trigger/trigger.hpp>
#include <charconv>
#include <memory>
#include <span>
#include <utility>

#include "bench.hpp"

namespace carillon::bench {

namespace {

constexpr std::size_t batch_size = 100;

redis::connection_options patient(std::uint16_t port) {
  redis::connection_options how;
  how.where.hosts = {{"127.0.0.1", std::to_string(port)}};
  how.command_timeout = how.health_check_interval = std::chrono::seconds{60};
  return how;
}

/// The sum of what stands behind `name` in an answer of INFO.
double sum_of(const std::string& text, const std::string& name) {
  double sum = 0;
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto from = text.data() + at + name.size();
    double number = 0;
    std::from_chars(from, text.data() + text.size(), number);
    sum += number;
  }
  return sum;
}

loop_awaitable<void> add_batches(redis::job_backend& jobs, std::vector<std::vector<add_step>>& batches,
                                 std::uint32_t partitions) {
  while (!batches.empty()) {
    const auto steps = std::move(batches.back());
    batches.pop_back();
    const auto partition = partition_of(steps[0].job->id(), partitions);
    const auto answers = co_await jobs.add(partition, steps);
    keep(answers.size());
  }
}

}  // namespace

redis_usage usage_of(const testing::redis_server& server) {
  const auto text = server.cli({"INFO", "everything"}, std::chrono::seconds{60});
  redis_usage seen;
  seen.cpu = sum_of(text, "used_cpu_user_main_thread:") + sum_of(text, "used_cpu_sys_main_thread:");
  seen.scripts = sum_of(text, "cmdstat_evalsha:calls=") + sum_of(text, "cmdstat_eval:calls=");
  seen.memory = sum_of(text, "\nused_memory:");
  for (auto at = text.find("\ncmdstat_"); at != std::string::npos; at = text.find("\ncmdstat_", at + 1)) {
    const auto number = text.find("calls=", at) + 6;
    double calls = 0;
    std::from_chars(text.data() + number, text.data() + text.size(), calls);
    seen.commands += calls;
  }
  return seen;
}

redis_usage operator-(const redis_usage& after, const redis_usage& before) {
  return {after.cpu - before.cpu, after.scripts - before.scripts, after.commands - before.commands,
          after.memory - before.memory};
}

std::string id_of_job(std::size_t number) { return fmt::format("job-{:07}", number); }

job_record job_number(std::size_t number, const trigger& when, instant anchor) {
  job_definition job{id_of_job(number), when, {}, {}, default_options(), {}, {}};
  job.task = "work";
  job_record record;
  record.definition = std::make_shared<const job_definition>(std::move(job));
  record.anchor = anchor;
  record.cursor = when.next(record.bound(), anchor).value();
  record.due = record.cursor.value_or(instant{});
  return record;
}

opened_backend::opened_backend(std::uint16_t port, std::string name_space)
    : connection_{strand_, patient(port)}, backend_{connection_, std::move(name_space)} {
  connection_.start();
  run([](opened_backend& self) -> loop_awaitable<void> {
    self.store_ = co_await self.backend_.open(0, self.listener_);
    co_await self.backend_.close();  // Its ear; not what was opened.
  }(*this));
}

opened_backend::~opened_backend() { run(connection_.stop()); }

void opened_backend::run(std::vector<loop_awaitable<void>> all) {
  std::exception_ptr failure;
  std::size_t running = all.size();
  for (auto& each : all) {
    boost::asio::co_spawn(strand_, std::move(each), [&](const std::exception_ptr& thrown) {
      --running;
      if (thrown) failure = thrown;
    });
  }
  while (running > 0) io_.run_one();
  if (failure) std::rethrow_exception(failure);
}

void opened_backend::run(loop_awaitable<void> one) {
  std::vector<loop_awaitable<void>> all;
  all.push_back(std::move(one));
  run(std::move(all));
}

void opened_backend::add(const std::vector<job_record>& all) {
  std::vector<std::vector<add_step>> by_partition(partitions()), batches;
  for (const auto& job : all) {
    auto& steps = by_partition[partition_of(job.id(), partitions())];
    steps.push_back({&job, on_conflict::refuse});
    if (steps.size() == batch_size) batches.push_back(std::exchange(steps, {}));
  }
  for (auto& steps : by_partition) {
    if (!steps.empty()) batches.push_back(std::move(steps));
  }
  std::vector<loop_awaitable<void>> senders;
  for (int k = 0; k < 4; ++k) senders.push_back(add_batches(backend_, batches, partitions()));
  run(std::move(senders));
}

}  // namespace carillon::bench
