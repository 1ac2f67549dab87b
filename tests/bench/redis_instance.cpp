#include "redis_instance.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>
#include <algorithm>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "bench.hpp"

namespace carillon::bench {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

instant instant_of(const std::string& text) { return instant{milliseconds{std::stoll(text)}}; }

/// One instance, from its orders to its end. What it has to say goes to standard output, a word for what it
/// is and numbers.
class instance {
 public:
  explicit instance(const instance_orders& orders)
      : orders_{orders}, link_{io_, where(orders)}, scheduler_{io_, store(), options()} {
    scheduler_.task("work", [this](run& run) { note(run); });
    for (std::size_t i = 0; i < orders.declared; ++i) {
      job_definition job{id_of_job(i), trigger{"every 1d"}, {}, {}, default_options(), {}, {}};
      job.task = "work";
      scheduler_.add(std::move(job));
    }
  }

  void run_to_its_end() {
    fmt::print("begin 0 {}\n", now().time_since_epoch().count());
    asio::co_spawn(io_, scheduler_.run(), asio::detached);
    asio::co_spawn(io_, watch(), asio::detached);
    io_.run();
    tell();
  }

 private:
  static redis::link_options where(const instance_orders& orders) {
    redis::link_options how;
    how.url = fmt::format("redis://127.0.0.1:{}", orders.port);
    how.name_space = "bench";
    how.command_timeout = how.health_check_interval = 30s;  // A machine that is busy is none that is ill.
    how.logger = logger();
    return how;
  }
  static std::shared_ptr<spdlog::logger> logger() {
    auto quiet = std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    quiet->set_level(spdlog::level::err);
    return quiet;
  }
  std::shared_ptr<redis::job_store> store() {
    redis::job_store_options how;
    how.lease = orders_.lease;
    return std::make_shared<redis::job_store>(link_, how);
  }
  static scheduler_options options() {
    scheduler_options how;
    how.instance = fmt::format("bench-{}", ::getpid());
    how.time_zone = zone{};
    how.logger = logger();
    return how;
  }

  void note(const run& run) {
    const auto time = std::chrono::system_clock::now();
    if (run.due() < orders_.first_due) return;
    const auto late = std::chrono::duration_cast<std::chrono::microseconds>(time - run.due());
    deeds_.late.note(late);
    deeds_.worst = std::max(deeds_.worst, static_cast<double>(late.count()) / 1e3);
    auto& round = deeds_.rounds[static_cast<int>((run.due() - orders_.first_due) / orders_.period)];
    ++round.fires;
    round.last = std::chrono::time_point_cast<milliseconds>(time);
  }

  /// Says how many jobs it has, whenever that has changed, and ends at its time.
  asio::awaitable<void> watch() {
    asio::steady_timer timer{io_};
    asio::signal_set signals{io_, SIGTERM};
    bool ended = false;
    signals.async_wait([&ended](const boost::system::error_code& failed, int) { ended = ended || !failed; });
    std::size_t jobs = 0;
    while (!ended && now() < orders_.until) {
      timer.expires_after(20ms);
      co_await timer.async_wait(asio::use_awaitable);
      const auto health = co_await scheduler_.health();
      if (health.jobs == jobs) continue;
      jobs = health.jobs;
      fmt::print("jobs {} {}\n", jobs, now().time_since_epoch().count());
      std::fflush(stdout);
    }
    signals.cancel();
    co_await scheduler_.shutdown();
  }

  void tell() const {
    for (const auto& [number, round] : deeds_.rounds)
      fmt::print("round {} {} {}\n", number, round.fires, round.last.time_since_epoch().count());
    for (std::size_t step = 0; step < deeds_.late.counts().size(); ++step) {
      if (deeds_.late.counts()[step] > 0) fmt::print("late {} {}\n", step, deeds_.late.counts()[step]);
    }
    fmt::print("end {} {}\n", deeds_.worst, cpu_seconds());
  }

  const instance_orders orders_;
  asio::io_context io_{1};
  redis::link link_;
  scheduler scheduler_;
  instance_deeds deeds_;
};

const child_measurement in_child{"redis-instance", [](const arguments& args) {
                                   instance_orders orders;
                                   orders.port = static_cast<std::uint16_t>(std::stoul(args.at(0)));
                                   orders.lease = milliseconds{std::stoll(args.at(1))};
                                   orders.first_due = instant_of(args.at(2));
                                   orders.period = milliseconds{std::stoll(args.at(3))};
                                   orders.until = instant_of(args.at(4));
                                   orders.declared = std::stoul(args.at(5));
                                   instance{orders}.run_to_its_end();
                                   return std::vector<double>{};
                                 }};

}  // namespace

void lateness::note(std::chrono::microseconds late) {
  const auto micros = static_cast<double>(std::max<std::int64_t>(late.count(), 0));
  const auto step = static_cast<std::size_t>(8 * std::log2(micros + 1));
  ++counts_[std::min(step, counts_.size() - 1)];
}

double lateness::quantile(double part) const {
  std::uint64_t all = 0, seen = 0;
  for (const auto count : counts_) all += count;
  for (std::size_t step = 0; step < counts_.size(); ++step) {
    seen += counts_[step];
    if (seen > 0 && static_cast<double>(seen) >= part * static_cast<double>(all))
      return (std::exp2(static_cast<double>(step + 1) / 8) - 1) / 1e3;
  }
  return 0;
}

std::uint64_t instance_deeds::fires() const {
  std::uint64_t all = 0;
  for (const auto& [number, round] : rounds) all += round.fires;
  return all;
}

void instance_deeds::add(const instance_deeds& other) {
  for (const auto& [number, round] : other.rounds) {
    rounds[number].fires += round.fires;
    rounds[number].last = std::max(rounds[number].last, round.last);
  }
  for (std::size_t step = 0; step < other.late.counts().size(); ++step)
    late.add(step, other.late.counts()[step]);
  worst = std::max(worst, other.worst);
  cpu += other.cpu;
}

instance_process::instance_process(const instance_orders& orders) {
  const auto number = [](auto time) { return std::to_string(time.count()); };
  process_ = testing::child::start(
      {std::filesystem::read_symlink("/proc/self/exe"), "--measure", "redis-instance",
       std::to_string(orders.port), number(orders.lease), number(orders.first_due.time_since_epoch()),
       number(orders.period), number(orders.until.time_since_epoch()), std::to_string(orders.declared)},
      folder_.path() / "said");
}

std::string instance_process::said() const {
  std::ifstream in{folder_.path() / "said"};
  return {std::istreambuf_iterator<char>(in), {}};
}

std::pair<std::size_t, instant> instance_process::jobs() const {
  std::istringstream lines{said()};
  std::string word;
  std::pair<std::size_t, instant> latest{};
  for (std::int64_t count = 0, time = 0; lines >> word >> count >> time;) {
    if (word == "jobs") latest = {static_cast<std::size_t>(count), instant{milliseconds{time}}};
  }
  return latest;
}

instance_deeds instance_process::end() {
  process_.signal(SIGTERM);
  return deeds();
}

instance_deeds instance_process::deeds() {
  wait_for("the end of an instance", 120s, [&] { return !process_.running(); });
  instance_deeds did;
  bool complete = false;
  std::istringstream lines{said()};
  for (std::string line, word; std::getline(lines, line);) {
    std::istringstream words{line};
    words >> word;
    if (word == "round") {
      int number = 0;
      std::int64_t last = 0;
      instance_deeds::round round;
      words >> number >> round.fires >> last;
      round.last = instant{milliseconds{last}};
      did.rounds.emplace(number, round);
    } else if (word == "late") {
      std::size_t step = 0;
      std::uint64_t count = 0;
      words >> step >> count;
      did.late.add(step, count);
    } else if (word == "end") {
      words >> did.worst >> did.cpu;
      complete = true;
    }
  }
  if (!complete) throw std::runtime_error("an instance has failed: " + said());
  return did;
}

void wait_for(const char* what, std::chrono::seconds patience, const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      throw std::runtime_error(fmt::format("waited {} s for {}", patience.count(), what));
    std::this_thread::sleep_for(20ms);
  }
}

void wait_until(instant time) { std::this_thread::sleep_until(time); }

instant now() { return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now()); }

}  // namespace carillon::bench
