// Whole fires through one Redis: claim, an empty body, finish, ledger; by instances that are processes of
// their own.

#include <fmt/format.h>
#include <carillon/trigger/trigger.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "redis_instance.hpp"
#include "redis_measuring.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr milliseconds period{10'000};

/// Jobs that fire once a period, all at its beginning or one after the other.
struct traffic {
  std::size_t jobs;
  bool at_once;
  int rounds;
};

struct seen_traffic {
  instance_deeds deeds;
  redis_usage used;
  double fires = 0;   ///< In all rounds.
  double second = 0;  ///< Fires a second in a burst: from its due time to its last body, median of rounds.
};

std::vector<job_record> jobs_of(const traffic& what, instant first) {
  const trigger every{fmt::format("every {}ms", period.count())};
  std::vector<job_record> jobs;
  trigger when = every.starting(first);
  for (std::size_t i = 0; i < what.jobs; ++i) {
    if (!what.at_once) {
      const auto part = static_cast<std::int64_t>(i) * period.count() / static_cast<std::int64_t>(what.jobs);
      when = every.starting(first + milliseconds{part});
    }
    jobs.push_back(job_number(i, when, first - 1h));
  }
  return jobs;
}

seen_traffic fire(const traffic& what, std::size_t instances, bool append_only) {
  testing::redis_options keeps;
  keeps.append_only = append_only;
  const testing::redis_server server{keeps};
  // The time that a busy machine needs to add them and to have them loaded.
  const auto first = now() + 5s + milliseconds{what.jobs / 3};
  opened_backend{server.port()}.add(jobs_of(what, first));

  instance_orders orders;
  orders.port = server.port();
  orders.first_due = first;
  orders.period = period;
  const auto end = first + what.rounds * period - 500ms;
  orders.until = end + 400ms;
  std::vector<std::unique_ptr<instance_process>> all;
  for (std::size_t k = 0; k < instances; ++k) all.push_back(std::make_unique<instance_process>(orders));
  wait_for("the instances to load their jobs", 120s, [&] {
    std::size_t jobs = 0;
    for (const auto& each : all) jobs += each->jobs().first;
    return jobs == what.jobs;
  });
  if (now() > first) throw std::runtime_error("the jobs were loaded too late; try again with --scale=0.2");

  wait_until(first - 100ms);
  const auto before = usage_of(server);
  wait_until(end);
  seen_traffic seen;
  seen.used = usage_of(server) - before;
  for (auto& each : all) seen.deeds.add(each->deeds());
  seen.fires = static_cast<double>(seen.deeds.fires());
  std::vector<double> rates;
  for (const auto& [number, round] : seen.deeds.rounds) {
    const std::chrono::duration<double> took = round.last - (first + number * period);
    rates.push_back(static_cast<double>(round.fires) / std::max(took.count(), 0.001));
  }
  seen.second = median(rates);
  const auto expected = static_cast<double>(what.jobs) * what.rounds;
  if (seen.fires < 0.95 * expected)
    throw std::runtime_error(fmt::format("{} of {} fires: this machine is too slow for them; try --scale=0.2",
                                         seen.fires, expected));
  return seen;
}

void measure_bursts(report& out, std::size_t instances, bool append_only, const std::string& target) {
  const traffic bursts{scaled(50'000), true, 3};
  out.section(fmt::format("{} jobs due at once, {} instance{}{}: claim, empty body, finish, ledger",
                          bursts.jobs, instances, instances == 1 ? "" : "s",
                          append_only ? ", append-only file" : ""));
  const auto seen = fire(bursts, instances, append_only);
  out.add({"fires a second", seen.second, "1/s", {}, target});
  out.add({"Redis CPU, a fire", seen.used.cpu / seen.fires * 1e6, "us", {}, "<= 33"});
  out.add({"calls of scripts, a fire", seen.used.scripts / seen.fires, "", {}, "<= 1.2"});
  out.add({"commands of any kind, those within scripts included, a fire",
           seen.used.commands / seen.fires,
           "",
           {},
           ""});
  out.add(
      {"steps a call: claims and finishes that go together", 2 * seen.fires / seen.used.scripts, "", {}, ""});
  out.add({"CPU of the instances, a fire", seen.deeds.cpu / seen.fires * 1e6, "us", {}, ""});
}

void measure_lateness(report& out) {
  const traffic steady{scaled(10'000), false, 3};
  out.section(fmt::format("{} fires a second, spread evenly, 2 instances", steady.jobs / 10));
  const auto seen = fire(steady, 2, false);
  out.add({"lateness, p50", seen.deeds.late.quantile(0.5), "ms", {}, "<= 1"});
  out.add({"lateness, p99", seen.deeds.late.quantile(0.99), "ms", {}, "<= 4"});
  out.add({"lateness, p99.9", seen.deeds.late.quantile(0.999), "ms", {}, ""});
  out.add({"lateness, worst", seen.deeds.worst, "ms", {}, ""});
  out.add({"Redis CPU, a fire", seen.used.cpu / seen.fires * 1e6, "us", {}, ""});
  out.add({"calls of scripts, a fire", seen.used.scripts / seen.fires, "", {}, ""});
}

const benchmark fires{"redis-fires", "fires through one Redis by 1, 2 and 4 instances; lateness",
                      [](report& out) {
                        measure_bursts(out, 1, false, "");
                        measure_bursts(out, 2, false, ">= 30000");
                        measure_bursts(out, 4, false, "");
                        measure_bursts(out, 2, true, ">= 20000");
                        measure_lateness(out);
                      }};

}  // namespace

}  // namespace carillon::bench
