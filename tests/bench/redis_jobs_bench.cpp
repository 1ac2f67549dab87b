// Jobs in a Redis as such: bytes, adding, loading, and taking over those of an instance that has died.

#include <fmt/format.h>
#include <carillon/trigger/trigger.hpp>
#include <string>
#include <vector>

#include "bench.hpp"
#include "redis_instance.hpp"
#include "redis_measuring.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

double seconds_between(instant from, instant to) { return std::chrono::duration<double>(to - from).count(); }

instance_orders orders_for(const testing::redis_server& server) {
  instance_orders orders;
  orders.port = server.port();
  orders.first_due = instant::min() + 24h;
  orders.until = now() + 24h;
  return orders;
}

// ---- Bytes, and adding through the backend.

trigger far_off(bool cron, std::size_t number) {
  if (!cron) return trigger{fmt::format("every {}s", 86'400 + number % 10'000)};
  return trigger{fmt::format("cron {} {} * * {}", number % 60, number / 60 % 24, number % 7)};
}

void measure_bytes(report& out, bool cron) {
  const testing::redis_server server;
  opened_backend backend{server.port()};
  const auto count = scaled(200'000);
  std::vector<job_record> jobs;
  for (std::size_t i = 0; i < count; ++i) jobs.push_back(job_number(i, far_off(cron, i), now()));
  const auto before = usage_of(server);
  const auto began = steady_clock::now();
  backend.add(jobs);
  const auto took = std::chrono::duration<double>(steady_clock::now() - began).count();
  const auto used = usage_of(server) - before;
  const auto number = static_cast<double>(count);
  const std::string kind = cron ? "cron" : "interval";
  out.add({"bytes in Redis, a job, " + kind, used.memory / number, "bytes", {}, "<= 700"});
  out.add({"adds a second, 100 a call, 4 calls at a time, " + kind, number / took, "1/s", {}, ">= 40000"});
  out.add({"Redis CPU, an add, " + kind, used.cpu / number * 1e6, "us", {}, ""});
}

// ---- A million jobs.

/// How long until an instance runs all their loops.
double seconds_to_own(const instance_process& who, std::size_t jobs, instant since) {
  wait_for("an instance to run all jobs", 600s, [&] { return who.jobs().first >= jobs; });
  return seconds_between(since, who.jobs().second);
}

void measure_loading(report& out) {
  const testing::redis_server server;
  const auto count = scaled(1'000'000);
  out.section(fmt::format("{} jobs and one instance", count));
  auto orders = orders_for(server);
  orders.declared = count;
  const auto idle = usage_of(server);
  const auto number = static_cast<double>(count);
  auto begun = now();
  instance_process first{orders};
  const auto adding = seconds_to_own(first, count, begun);
  const auto used = usage_of(server) - idle;
  out.add({"scheduler.add() and run(), until all of them sleep", adding, "s", {}, "<= 25 for 1,000,000"});
  out.add({"adds a second", number / adding, "1/s", {}, ""});
  out.add({"Redis CPU, an add", used.cpu / number * 1e6, "us", {}, ""});
  out.add({"bytes in Redis, a job", used.memory / number, "bytes", {}, "<= 700"});
  out.add(
      {"CPU of the instance, an add, its start and its end", first.end().cpu / number * 1e6, "us", {}, ""});

  orders.declared = 0;
  const auto added = usage_of(server);
  begun = now();
  instance_process second{orders};
  const auto loading = seconds_to_own(second, count, begun);
  const auto read = usage_of(server) - added;
  out.add({"an instance that starts and loads them all", loading, "s", {}, "<= 25 for 1,000,000"});
  out.add({"Redis CPU, a job loaded", read.cpu / number * 1e6, "us", {}, ""});
}

// ---- An instance dies.

/// Two instances with half of the jobs each; one is killed.
void measure_take_over(report& out) {
  const testing::redis_server server;
  const auto count = scaled(200'000);
  out.section(fmt::format("{} jobs, two instances; one that owns half of them is killed", count));
  auto orders = orders_for(server);
  orders.period = 1min;
  orders.first_due = now() + 20s + milliseconds{count / 3};
  {
    opened_backend backend{server.port()};
    const trigger every{"every 1m"};
    std::vector<job_record> jobs;
    for (std::size_t i = 0; i < count; ++i) {
      const auto part = static_cast<std::int64_t>(i) * 60'000 / static_cast<std::int64_t>(count);
      const auto when = every.starting(orders.first_due + milliseconds{part});
      jobs.push_back(job_number(i, when, orders.first_due - 1h));
    }
    backend.add(jobs);
  }
  instance_process one{orders}, other{orders};
  wait_for("both instances to own their jobs", 240s,
           [&] { return one.jobs().first + other.jobs().first == count && one.jobs().first < count; });
  const auto owned = one.jobs().first;
  // One dies while some of its jobs come due each moment: what comes due until others have them is late.
  wait_until(orders.first_due + 2s);
  const auto died = now();
  one.kill();
  const auto taken = seconds_to_own(other, count, died);
  const double promised = std::chrono::duration<double>(orders.lease + orders.lease / 3).count();
  wait_until(now() + 10s);
  const auto did = other.end();
  out.add({"jobs that were its own", static_cast<double>(owned), "", {}, ""});
  out.add(
      {"until the other has loaded and owns all", taken, "s", promised, "<= lease + heartbeat + 2 s = 15.3"});
  out.add({"the latest occurrence that was claimed after it", did.worst / 1e3, "s", promised,
           "<= lease + heartbeat + 2 s = 15.3"});
}

const benchmark jobs{"redis-jobs", "bytes of jobs in Redis; adding, loading, taking over", [](report& out) {
                       out.section(fmt::format("{} jobs through the backend", scaled(200'000)));
                       measure_bytes(out, false);
                       measure_bytes(out, true);
                       measure_loading(out);
                       measure_take_over(out);
                     }};

}  // namespace

}  // namespace carillon::bench
