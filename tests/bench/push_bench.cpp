// The push service at the minute for which everybody has subscribed, and beside it the loop that it replaces
// (push_loop.py).

#include <fmt/format.h>
#include <algorithm>
#include <carillon/time/duration.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench.hpp"
#include "push/service_keys.hpp"
#include "push/subscription.hpp"
#include "push_instance.hpp"
#include "redis_instance.hpp"
#include "redis_measuring.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

double number_of(std::size_t count) { return static_cast<double>(count); }

/// So many subscriptions, all of one minute.
void subscribe(const testing::redis_server& server, std::size_t count, int score) {
  constexpr std::size_t at_a_time = 1'000;
  for (std::size_t first = 0; first < count; first += at_a_time) {
    std::vector<std::string> words{"ZADD", push_subscriptions};
    for (auto user = first; user < std::min(first + at_a_time, count); ++user) {
      words.push_back(std::to_string(score));
      words.push_back(fmt::format("user:{:07}|tag:news", user));
    }
    server.cli(words, 60s);
  }
}

std::size_t count_asked(const testing::redis_server& server, const std::vector<std::string>& words) {
  return std::stoul(server.cli(words, 60s));
}

// ---- The plain loop.

struct loop_deeds {
  double sent = 0;     ///< By all processes.
  double seconds = 0;  ///< The longest.
  double cpu = 0;      ///< Of all processes, in seconds.
  redis_usage used;
};

/// The first Python that can speak to Redis.
std::optional<std::string> python_with_redis() {
  const testing::temporary_folder folder;
  for (const std::string python : {"python3", "/usr/bin/python3"}) {
    auto asked = testing::child::start({python, "-c", "import redis"}, folder.path() / "said");
    wait_for("Python", 60s, [&] { return !asked.running(); });
    if (asked.status() == 0) return python;
  }
  return std::nullopt;
}

/// Some processes that all begin at the same instant, as loops do that wait for the next minute.
loop_deeds loop_through(const std::string& python, std::size_t count, std::size_t processes,
                        milliseconds send = 0ms) {
  constexpr int score = 800;
  const testing::redis_server server;
  const testing::temporary_folder folder;
  subscribe(server, count, score);
  const auto at = now() + 2s;
  const auto before = usage_of(server);
  std::vector<testing::child> all;
  for (std::size_t k = 0; k < processes; ++k) {
    all.push_back(testing::child::start(
        {python, CARILLON_PUSH_LOOP, std::to_string(server.port()), push_subscriptions, push_sent,
         std::to_string(score),
         fmt::format("{:.3f}", std::chrono::duration<double>(at.time_since_epoch()).count()),
         std::to_string(send.count())},
        folder.path() / std::to_string(k)));
  }
  loop_deeds did;
  for (std::size_t k = 0; k < processes; ++k) {
    wait_for("the plain loop", 600s, [&] { return !all[k].running(); });
    double sent = 0, seconds = 0, cpu = 0;
    std::ifstream said{folder.path() / std::to_string(k)};
    if (!(said >> sent >> seconds >> cpu) || all[k].status() != 0)
      throw std::runtime_error("push_loop.py has failed");
    did.sent += sent;
    did.cpu += cpu;
    did.seconds = std::max(did.seconds, seconds);
  }
  did.used = usage_of(server) - before;
  return did;
}

// ---- The service.

struct seen_minute {
  std::size_t count = 0;
  double last_sent = 0;    ///< Seconds from the minute to the last delivery.
  double last_marked = 0;  ///< And until all are marked as sent.
  double sent = 0, failed = 0, cpu = 0;
  double busiest = 0;  ///< What the instance has sent that has sent most.
  double largest = 0;  ///< The most memory of an instance.
  redis_usage used;
  double per_push(double whole) const { return whole / number_of(count); }
};

/// Subscriptions of a minute that has not come yet, and instances that wait for it.
seen_minute push_minute(std::size_t count, std::size_t instances,
                        const std::string& receiver = null_receiver) {
  const testing::redis_server server;
  // The time to fill the set, and for the instances to share the work out.
  const auto due = std::chrono::ceil<std::chrono::minutes>(now() + 15s + milliseconds{count / 50});
  subscribe(server, count, pushes::score_of(due - std::chrono::floor<std::chrono::days>(due)));
  std::vector<std::unique_ptr<push_process>> all;
  for (std::size_t k = 0; k < instances; ++k)
    all.push_back(std::make_unique<push_process>(server.port(), receiver));
  if (now() > due - 10s) throw std::runtime_error("the set was filled too late; try again with --scale=0.2");
  wait_until(due - 200ms);
  pushes::push_options what;
  what.subscriptions = push_subscriptions;
  what.sent = push_sent;
  const auto open = pushes::service_keys(push_name_space, what).open;
  const auto keys = count_asked(server, {"DBSIZE"});
  const auto before = usage_of(server);
  wait_until(due);
  // There is a mark for each, and none is under way any more.
  wait_for("the last push", 600s, [&] {
    return count_asked(server, {"DBSIZE"}) >= keys + count && count_asked(server, {"HLEN", open}) == 0;
  });
  seen_minute seen;
  seen.count = count;
  seen.last_marked = std::chrono::duration<double>(now() - due).count();
  seen.used = usage_of(server) - before;
  for (auto& each : all) {
    const auto did = each->end();
    seen.sent += did.sent;
    seen.failed += did.failed;
    seen.cpu += did.cpu;
    seen.last_sent = std::max(seen.last_sent, did.last);
    seen.busiest = std::max(seen.busiest, did.sent);
    seen.largest = std::max(seen.largest, did.largest);
  }
  return seen;
}

void add_costs(report& out, const seen_minute& seen, const std::optional<loop_deeds>& loop) {
  const auto of_loop = [&](double redis_usage::* what, double unit = 1) {
    return loop ? std::optional{loop->used.*what / loop->sent * unit} : std::nullopt;
  };
  out.add({"commands that cross the network, a push (scripts)", seen.per_push(seen.used.scripts), "",
           of_loop(&redis_usage::commands), ""});
  out.add({"commands of any kind, those within scripts included, a push", seen.per_push(seen.used.commands),
           "", of_loop(&redis_usage::commands), ""});
  out.add(
      {"Redis CPU, a push", seen.per_push(seen.used.cpu) * 1e6, "us", of_loop(&redis_usage::cpu, 1e6), ""});
  std::optional<double> cpu_of_loop;
  if (loop) cpu_of_loop = loop->cpu / loop->sent * 1e6;
  out.add({"CPU of the instances, a push", seen.per_push(seen.cpu) * 1e6, "us", cpu_of_loop, ""});
  out.add({"memory of an instance, at most", seen.largest / 1e6, "MB", {}, "< 200"});
}

loop_deeds measure_loop(report& out, const std::string& python) {
  const auto count = scaled(50'000);
  out.section(
      fmt::format("the plain loop (push_loop.py): EXISTS, send, SETEX; {} subscriptions, 1 process", count));
  const auto did = loop_through(python, count, 1);
  out.add({"sent, a second", did.sent / did.seconds, "1/s", {}, ""});
  out.add({"a million at this rate", 1e6 / (did.sent / did.seconds), "s", {}, ""});
  out.add({"commands, a push", did.used.commands / did.sent, "", {}, ""});
  out.add({"Redis CPU, a push", did.used.cpu / did.sent * 1e6, "us", {}, ""});
  out.add({"CPU of the loop, a push", did.cpu / did.sent * 1e6, "us", {}, ""});
  return did;
}

void measure_minute(report& out, std::size_t instances, const std::optional<std::string>& python) {
  // Beside it in time, too, as the others on a machine come and go.
  std::optional<loop_deeds> loop;
  if (python) loop = measure_loop(out, *python);
  const auto count = scaled(1'000'000);
  out.section(
      fmt::format("{} pushes due in one minute, {} instance{}, null receiver; the limit is the plain loop",
                  count, instances, instances == 1 ? "" : "s"));
  const auto seen = push_minute(count, instances);
  std::optional<double> limit;
  if (loop) limit = loop->sent / loop->seconds;
  out.add({"until the last is sent", seen.last_sent, "s", {}, instances == 2 ? "<= 60 for 1,000,000" : ""});
  out.add({"until the last is marked as sent", seen.last_marked, "s", {}, ""});
  out.add({"reserved, sent and marked, a second", number_of(count) / seen.last_marked, "1/s", limit,
           instances == 1 ? ">= 15000, >= 20 x the plain loop" : ""});
  out.add({"sends", seen.sent, "", {}, fmt::format("{}", count)});
  if (instances > 1) out.add({"share of the instance that sent most", seen.busiest / seen.sent, "", {}, ""});
  add_costs(out, seen, loop);
}

void measure_sends(report& out, const std::optional<std::string>& python) {
  constexpr std::size_t keys = 10'000, processes = 4;
  constexpr auto send = 2ms;
  out.section(fmt::format("{} subscriptions, {} processes in step: how often they send", keys, processes));
  if (python) {
    const auto add = [&](const std::string& what, milliseconds takes) {
      out.add({"sends of the plain loop, begun at the same instant; " + what,
               loop_through(*python, keys, processes, takes).sent,
               "",
               {},
               ""});
    };
    add("null receiver", 0ms);
    add(fmt::format("a send takes {}", format_duration(send)), send);
  }
  const auto ours = push_minute(keys, processes, std::to_string(send.count()));
  out.add({fmt::format("sends of the push service; a send takes {}", format_duration(send)),
           ours.sent,
           "",
           {},
           fmt::format("{}", keys)});
}

void measure_webhook(report& out) {
  const auto count = scaled(200'000);
  out.section(
      fmt::format("{} pushes by webhook to a receiver on this machine, 1 instance, no target", count));
  const receiver_process receiver;
  const auto seen = push_minute(count, 1, receiver.url());
  out.add({"reserved, posted over kept connections and marked, a second",
           number_of(count) / seen.last_marked,
           "1/s",
           {},
           ""});
  out.add({"sends", seen.sent, "", {}, fmt::format("{}", count)});
  out.add({"attempts that failed", seen.failed, "", {}, "0"});
  add_costs(out, seen, std::nullopt);
}

const benchmark pushing{
    "push", "the push service, a million due at once, beside a plain loop", [](report& out) {
      const auto python = python_with_redis();
      if (!python) {
        fmt::print(stderr,
                   "carillon-bench: no Python here can import redis, so the plain loop is left "
                   "out; install python3-redis (Debian), or redis by pip\n");
      }
      measure_sends(out, python);
      measure_minute(out, 1, python);
      measure_minute(out, 2, python);
      measure_webhook(out);
    }};

}  // namespace

}  // namespace carillon::bench
