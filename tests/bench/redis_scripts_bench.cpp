// What the scripts of a fire cost the server, by how many steps go together; and how often redis-benchmark
// gets the claim script through: the limit of all instances together.

#include <fmt/format.h>
#include <carillon/trigger/trigger.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <redis/scripts.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench.hpp"
#include "redis/record_codec.hpp"
#include "redis_measuring.hpp"

namespace carillon::bench {

namespace {

using namespace std::chrono_literals;

constexpr instant day{milliseconds{1'795'000'000'000}};
constexpr std::string_view member = "billing-7f3c/0a1b2c3d";
constexpr milliseconds minute{60'000};

// ---- By steps of the backend.

/// A job of which runs are claimed and finished.
struct fired_job {
  job_record record;
  std::string run_id;
  claim_request request;
  run_report report;
};

class script_costs {
 public:
  script_costs(const testing::redis_server& server, std::size_t jobs)
      : server_{server}, backend_{server.port()} {
    const trigger every{"every 1m"};
    std::vector<job_record> records;
    for (std::size_t i = 0; i < jobs; ++i) records.push_back(job_number(i, every, day));
    backend_.add(records);
    by_partition_.resize(backend_.partitions());
    for (auto& record : records) {
      const auto partition = partition_of(record.id(), backend_.partitions());
      by_partition_[partition].push_back({std::move(record), {}, {}, {}});
    }
    backend_.run(read_revisions());
  }

  /// Claims each job once, and finishes it. Microseconds of Redis for one claim, one finish; commands within
  /// the scripts for both.
  struct cost {
    double claim = 0, finish = 0, commands = 0;
  };
  cost of_batches(std::size_t size) {
    plan();
    const auto start = usage_of(server_);
    backend_.run(claim_all(size));
    const auto claimed = usage_of(server_);
    backend_.run(finish_all(size));
    const auto finished = usage_of(server_);
    const auto jobs = static_cast<double>(planned_);
    return {(claimed - start).cpu / jobs * 1e6, (finished - claimed).cpu / jobs * 1e6,
            ((finished - start).commands - (finished - start).scripts) / jobs};
  }

 private:
  loop_awaitable<void> read_revisions() {
    for (std::uint32_t partition = 0; partition < by_partition_.size(); ++partition) {
      auto& jobs = by_partition_[partition];
      for (std::size_t i = 0; i < jobs.size(); i += 100) {
        std::vector<std::string> ids;
        for (std::size_t k = i; k < std::min(i + 100, jobs.size()); ++k) ids.push_back(jobs[k].record.id());
        const auto seen = co_await backend_.jobs().load(partition, ids);
        for (std::size_t k = 0; k < ids.size(); ++k) jobs[i + k].record = seen[k].value();
      }
    }
  }

  void plan() {
    planned_ = 0;
    for (auto& jobs : by_partition_) {
      for (auto& job : jobs) {
        job.run_id = fmt::format("k3x9a0b-{:x}", ++runs_);
        auto& request = job.request = {};
        request.id = job.record.id();
        request.expected_cursor = request.now = *job.record.cursor;
        request.expected_revision = job.record.revision;
        request.next_cursor = request.next_due = *job.record.cursor + minute;
        request.runs.push_back({request.expected_cursor, request.expected_cursor, job.run_id});
        job.record.cursor = request.next_cursor;
        ++planned_;
      }
    }
  }

  loop_awaitable<void> claim_all(std::size_t size) {
    for (std::uint32_t partition = 0; partition < by_partition_.size(); ++partition) {
      auto& jobs = by_partition_[partition];
      for (std::size_t i = 0; i < jobs.size(); i += size) {
        const std::span<fired_job> some{jobs.data() + i, std::min(size, jobs.size() - i)};
        std::vector<claim_step> steps;
        for (const auto& job : some) steps.push_back({&job.request, job.record.born});
        const auto answers = co_await backend_.jobs().claim(partition, member, steps);
        for (std::size_t k = 0; k < some.size(); ++k) won(some[k], answers[k]);
      }
    }
  }
  void won(fired_job& job, const claim_answer& answer) const {
    if (answer.runs.size() != 1 || answer.runs[0].what != run_answer::kind::won)
      throw std::logic_error("a claim was not won");
    auto& report = job.report = {};
    report.id = job.record.id();
    report.run_id = job.run_id;
    report.fence = answer.runs[0].fence;
    report.occurrence = report.due = report.started = report.finished = job.request.expected_cursor;
    report.result = &succeeded_;
  }

  loop_awaitable<void> finish_all(std::size_t size) {
    for (std::uint32_t partition = 0; partition < by_partition_.size(); ++partition) {
      auto& jobs = by_partition_[partition];
      for (std::size_t i = 0; i < jobs.size(); i += size) {
        const std::span<fired_job> some{jobs.data() + i, std::min(size, jobs.size() - i)};
        std::vector<finish_step> steps;
        for (const auto& job : some) steps.push_back({&job.report, job.record.born});
        const auto answers = co_await backend_.jobs().finish(partition, steps);
        keep(answers.size());
      }
    }
  }

  const testing::redis_server& server_;
  opened_backend backend_;
  std::vector<std::vector<fired_job>> by_partition_;
  outcome succeeded_;
  std::uint64_t runs_ = 0;
  std::size_t planned_ = 0;
};

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
  options.max_instances = 2'000'000;  // More than any job may have.
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

void measure_limit(report& out, std::size_t calls) {
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
  out.add({"claims, 100 a call",
           100 * calls_by_redis_benchmark(server, calls / 50, 1, key, hundred),
           "1/s",
           {},
           ""});
  const auto used = usage_of(server) - before;
  out.add({"Redis CPU, a claim, 100 a call", used.cpu / (used.scripts * 100) * 1e6, "us", {}, ""});
  const auto active = server.cli({"ZCARD", key.substr(0, key.size() - 5) + "active"});
  if (std::stod(active) < static_cast<double>(calls))
    throw std::logic_error("claims were not won: " + active);
}

void measure_costs(report& out) {
  const testing::redis_server server;
  script_costs scripts{server, scaled(20'000)};
  out.section(fmt::format("scripts of {} fires: Redis CPU", scaled(20'000)));
  scripts.of_batches(100);
  for (const std::size_t batch : {1u, 10u, 100u}) {
    const auto seen = scripts.of_batches(batch);
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

const benchmark scripts{
    "redis-scripts", "what the scripts of a fire cost the server; redis-benchmark's limit", [](report& out) {
      measure_costs(out);
      measure_limit(out, scaled(50'000));
    }};

}  // namespace

}  // namespace carillon::bench
