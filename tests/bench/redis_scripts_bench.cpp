// What the scripts of a fire cost the server, by how many steps go together; and how often redis-benchmark
// gets the claim script through: the limit of all instances together.

#include <fmt/format.h>
#include <algorithm>
#include <carillon/trigger/trigger.hpp>
#include <cstdio>
#include <fstream>
#include <redis/scripts.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench.hpp"
#include "redis/record_codec.hpp"
#include "redis_claiming.hpp"
#include "redis_instance.hpp"
#include "redis_measuring.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr instant day{milliseconds{1'795'000'000'000}};
constexpr std::string_view member = "billing-7f3c/0a1b2c3d";

// ---- By steps of a backend.

/// Microseconds of Redis for one claim, one finish; commands within the scripts for both.
struct cost {
  double claim = 0, finish = 0, commands = 0;
};

cost of_batches(const testing::redis_server& server, claiming& all, std::size_t batch) {
  const auto jobs = static_cast<double>(all.plan());
  const auto start = usage_of(server);
  all.claim_all(batch);
  const auto claimed = usage_of(server);
  all.finish_all(batch);
  const auto finished = usage_of(server);
  return {(claimed - start).cpu / jobs * 1e6, (finished - claimed).cpu / jobs * 1e6,
          ((finished - start).commands - (finished - start).scripts) / jobs};
}

// ---- By processes that only claim.

/// Claims its share of the jobs again and again, for some seconds from a time on. How many claims, when it
/// began and when it ended.
const child_measurement claims_in_child{
    "redis-claims", [](const arguments& args) {
      opened_backend backend{static_cast<std::uint16_t>(std::stoul(args.at(0)))};
      const auto which = static_cast<std::uint32_t>(std::stoul(args.at(2)));
      const auto of = static_cast<std::uint32_t>(std::stoul(args.at(3)));
      claiming all{backend, std::stoul(args.at(1)), which, of};
      const instant start{milliseconds{std::stoll(args.at(4))}};
      wait_until(start);
      const auto begun = now();
      double claims = 0;
      while (now() < start + 4s) {
        claims += static_cast<double>(all.plan());
        all.claim_all(100, 8);
      }
      const auto number = [](instant time) { return static_cast<double>(time.time_since_epoch().count()); };
      return std::vector<double>{claims, number(begun), number(now())};
    }};

/// Claims a second by some processes side by side.
double claims_by(std::size_t processes) {
  const testing::redis_server server;
  const auto count = scaled(50'000);
  opened_backend{server.port()}.add(claiming::jobs(count));
  const auto start = now() + 2s + milliseconds{count / 10};
  std::vector<std::vector<double>> seen(processes);
  std::vector<std::thread> parents;
  for (std::size_t k = 0; k < processes; ++k) {
    const auto measure = [&, k] {
      seen[k] = measure_in_child(
          "redis-claims", {std::to_string(server.port()), std::to_string(count), std::to_string(k),
                           std::to_string(processes), std::to_string(start.time_since_epoch().count())});
    };
    parents.emplace_back(measure);
  }
  for (auto& each : parents) each.join();
  double claims = 0, begun = seen[0].at(1), ended = 0;
  for (const auto& numbers : seen) {
    claims += numbers.at(0);
    begun = std::min(begun, numbers.at(1));
    ended = std::max(ended, numbers.at(2));
  }
  return claims / (ended - begun) * 1e3;
}

// ---- By redis-benchmark.

/// A claim that is won each time it is sent: the next cursor is the expected one, and there is room.
std::string repeatable_claims(std::size_t count, const job_record& like) {
  redis::packer out;
  out.list(count);
  for (std::size_t i = 0; i < count; ++i) {
    out.list(13).add(id_of_job(i)).add(like.born).add(*like.cursor).add(like.revision).add(*like.cursor);
    out.add(0).add(0).add(*like.cursor).add(0).add(0x1b2c3d4e5f60u + i).add(*like.cursor);
    out.list(3).add(fmt::format("k3x9a0b-{:x}", i)).add(*like.cursor).add(*like.cursor);
    out.list(0);
  }
  return out.take();
}

/// A partition with `jobs` jobs that all have the same record, and room for any number of runs.
job_record fill_partition(const testing::redis_server& server, const std::string& key, std::size_t jobs) {
  auto like = job_number(0, trigger{"every 1m"}, day);
  auto options = *like.definition->options;
  options.max_instances = 2'000'000;  // More than a job may have, so that there always is room.
  auto definition = *like.definition;
  definition.options = std::make_shared<const job_options>(options);
  like.definition = std::make_shared<const job_definition>(std::move(definition));
  like.born = like.revision = 1'795'000'000'000'001;
  server.cli({"SET", key, "1"});
  const auto prefix = key.substr(0, key.size() - 5);
  server.cli({"EVAL",
              "for k = 0, ARGV[1] - 1 do local id = string.format('job-%07d', k) "
              "redis.call('HSET', KEYS[1], id, ARGV[2]) redis.call('ZADD', KEYS[2], ARGV[3], id) end",
              "2", prefix + "jobs", prefix + "due", std::to_string(jobs), redis::packed_record(like),
              std::to_string(like.cursor->time_since_epoch().count())},
             60s);
  return like;
}

/// Calls a second. redis-benchmark cannot send bytes that are zero: it sends as many others, and the script
/// takes what was meant from a key.
double calls_by_redis_benchmark(const testing::redis_server& server, std::size_t calls, int pipeline,
                                const std::string& key, const std::string& claims) {
  server.cli({"SET", key + ":claims", claims});
  const auto sha1 = server.cli(
      {"SCRIPT", "LOAD",
       "ARGV[4] = redis.call('GET', KEYS[1] .. ':claims')\n" + std::string{redis::scripts::claim.source}});
  const testing::temporary_folder folder;
  const auto argument = (folder.path() / "as-long").string();
  std::ofstream{argument} << std::string(claims.size(), 'x');
  const auto command =
      fmt::format("redis-benchmark -p {} -n {} -c 50 -P {} --csv -x EVALSHA {} 1 '{}' 1 1563 {} <'{}' 2>&1",
                  server.port(), calls, pipeline, sha1, key, member, argument);
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start " + command);
  std::string said;
  for (int byte = std::fgetc(pipe); byte != EOF; byte = std::fgetc(pipe)) said += static_cast<char>(byte);
  ::pclose(pipe);
  // A line of names, then: "the command","calls a second","average latency", …
  const auto command_ends = said.rfind(member);
  const auto at = command_ends == std::string::npos ? command_ends : said.find("\",\"", command_ends);
  if (at == std::string::npos)
    throw std::runtime_error("redis-benchmark (7.0 or later is needed) said: " + said);
  return std::stod(said.substr(at + 3));
}

/// The most claims a second that it has got through.
double measure_limit(report& out, std::size_t calls) {
  const testing::redis_server server;
  const redis::store_keys keys{"limit"};
  const auto key = keys.store(0);
  const auto like = fill_partition(server, key, 20'000);
  out.section("the claim script by redis-benchmark, 50 clients: what all instances together cannot exceed");
  const auto one = repeatable_claims(1, like), hundred = repeatable_claims(100, like);
  out.add({"claims, one a call", calls_by_redis_benchmark(server, calls, 1, key, one), "1/s", {}, ""});
  out.add({"claims, one a call, 16 calls pipelined",
           calls_by_redis_benchmark(server, calls, 16, key, one),
           "1/s",
           {},
           ""});
  const auto before = usage_of(server);
  const auto most = 100 * calls_by_redis_benchmark(server, calls / 50, 1, key, hundred);
  out.add({"claims, 100 a call", most, "1/s", {}, ""});
  const auto used = usage_of(server) - before;
  out.add({"Redis CPU, a claim, 100 a call", used.cpu / (used.scripts * 100) * 1e6, "us", {}, ""});
  const auto active = server.cli({"ZCARD", key.substr(0, key.size() - 5) + "active"});
  if (std::stod(active) < static_cast<double>(calls))
    throw std::logic_error("claims were not won: " + active);
  return most;
}

void measure_costs(report& out) {
  const testing::redis_server server;
  const auto count = scaled(20'000);
  opened_backend backend{server.port()};
  backend.add(claiming::jobs(count));
  claiming all{backend, count};
  out.section(fmt::format("scripts of {} fires: Redis CPU", count));
  of_batches(server, all, 100);
  for (const std::size_t batch : {1u, 10u, 100u}) {
    const auto seen = of_batches(server, all, batch);
    out.add({fmt::format("claim, {} a call", batch), seen.claim, "us", {}, ""});
    out.add({fmt::format("finish, {} a call", batch), seen.finish, "us", {}, ""});
    out.add({fmt::format("a fire, {} a call", batch),
             seen.claim + seen.finish,
             "us",
             {},
             batch == 100 ? "<= 33" : ""});
    out.add({fmt::format("commands within scripts, a fire, {} a call", batch), seen.commands, "", {}, ""});
  }
}

void measure_claims(report& out, double limit) {
  out.section("claims by processes with a connection each, 100 a call, 8 calls at a time");
  for (const std::size_t processes : {1u, 2u, 4u}) {
    out.add({fmt::format("{} process{}", processes, processes == 1 ? "" : "es"), claims_by(processes), "1/s",
             limit, processes == 2 ? ">= 0.6 x limit" : ""});
  }
}

const benchmark scripts{"redis-scripts",
                        "what the scripts of a fire cost the server; claims a second, beside redis-benchmark",
                        [](report& out) {
                          measure_costs(out);
                          measure_claims(out, measure_limit(out, scaled(50'000)));
                        }};

}  // namespace

}  // namespace carillon::bench
