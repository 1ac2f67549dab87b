#include "job_mix.hpp"

#include <fmt/format.h>
#include <xxhash.h>
#include <algorithm>
#include <random>

namespace carillon::testing {

using namespace std::chrono_literals;

namespace {

// The distributions of the standard library differ from one to another; this does not.
class draw {
 public:
  explicit draw(std::uint64_t seed) : random_{seed} {}
  std::uint64_t operator()(std::uint64_t from, std::uint64_t to) {
    return from + random_() % (to - from + 1);
  }
  milliseconds ms(std::uint64_t from, std::uint64_t to) { return milliseconds{(*this)(from, to)}; }

 private:
  std::mt19937_64 random_;
};

trigger every(std::uint64_t seconds) { return trigger{fmt::format("every {}s", seconds)}; }

using maker = mixed_job (*)(draw&, const mix_options&);

mixed_job plain(draw& any, const mix_options&) { return {"plain", every(any(1, 5)), {}, 0ms, 0ms, 0}; }

mixed_job quick(draw& any, const mix_options&) { return {"quick", every(any(1, 5)), {}, 10ms, 300ms, 0}; }

mixed_job crowded(draw& any, const mix_options&) {
  mixed_job job{"crowded", every(1), {}, 300ms, 2500ms, 0};
  job.options.max_instances = static_cast<std::uint32_t>(any(1, 3));
  job.options.on_overlap = static_cast<overlap_action>(any(0, 2));
  job.options.queue_limit = static_cast<std::uint32_t>(any(1, 2));
  job.options.on_lost = static_cast<lost_action>(any(0, 1));
  return job;
}

mixed_job failing(draw& any, const mix_options&) {
  mixed_job job{"failing", every(any(2, 5)), {}, 10ms, 100ms, 3};
  job.options.retry.attempts = 3;
  job.options.retry.backoff_min = any.ms(100, 300);
  job.options.retry.backoff_max = 1s;
  job.options.on_lost = static_cast<lost_action>(any(0, 1));
  return job;
}

mixed_job rerun(draw& any, const mix_options&) {
  mixed_job job{"rerun", every(any(3, 5)), {}, 300ms, 2000ms, 0};
  job.options.on_lost = lost_action::rerun;
  return job;
}

// Whoever is cut off for longer than its lease still has one of these at hand.
mixed_job lasting(draw& any, const mix_options& how) {
  mixed_job job{"lasting", every(any(4, 6)), {}, how.lease * 3 / 2, how.lease * 4, 0};
  job.options.on_lost = lost_action::rerun;
  job.options.max_instances = static_cast<std::uint32_t>(any(1, 2));
  return job;
}

mixed_job delayed(draw& any, const mix_options&) {
  return {"delayed", every(any(1, 3)).delay_from_end(), {}, 10ms, 300ms, 0};
}

mixed_job catching_up(draw& any, const mix_options&) {
  mixed_job job{"catching-up", every(any(1, 3)), {}, 10ms, 50ms, 0};
  job.options.coalesce = coalesce_policy::all;
  job.options.max_instances = 5;
  job.options.misfire_grace = any(0, 1) == 0 ? std::optional<milliseconds>{} : any.ms(1000, 5000);
  return job;
}

// Out of 20.
constexpr maker kinds[] = {plain,   plain, plain, plain,   plain,   plain,      plain,
                           quick,   quick, quick, quick,   quick,   crowded,    crowded,
                           failing, rerun, rerun, lasting, delayed, catching_up};

std::uint64_t hash_of(const mixed_job& job, instant occurrence, std::uint32_t attempt, int what) {
  const auto key = fmt::format("{} {} {} {}", job.id, occurrence.time_since_epoch().count(), attempt, what);
  return XXH64(key.data(), key.size(), 0);
}

}  // namespace

std::vector<mixed_job> job_mix(const mix_options& how) {
  draw any{how.seed};
  std::vector<mixed_job> jobs;
  for (std::uint32_t number = 0; number < how.jobs; ++number) {
    auto job = kinds[any(0, std::size(kinds) - 1)](any, how);
    job.id += fmt::format("-{}", number);
    job.when = job.when.until(how.until);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

milliseconds takes(const mixed_job& job, instant occurrence, std::uint32_t attempt) {
  const auto width = static_cast<std::uint64_t>((job.longest - job.shortest).count()) + 1;
  return job.shortest + milliseconds{hash_of(job, occurrence, attempt, 1) % width};
}

bool fails(const mixed_job& job, instant occurrence, std::uint32_t attempt) {
  return job.fails > 0 && attempt <= hash_of(job, occurrence, 0, 2) % (job.fails + 1);
}

}  // namespace carillon::testing
