#pragma once
#include <carillon/job/options.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::testing {

/// A job of a cluster: when it fires, how it behaves, and what its body does.
struct mixed_job {
  std::string id;  ///< Without blanks.
  trigger when;
  job_options options;
  milliseconds shortest{0}, longest{0};  ///< How long its body takes; 0: it is a plain call.
  std::uint32_t fails = 0;               ///< At most so many attempts of an occurrence fail.
};

struct mix_options {
  std::uint64_t seed = 1;
  std::uint32_t jobs = 100;
  instant until{};            ///< Nothing fires after this.
  milliseconds lease{2'000};  ///< Some bodies take longer than this.
};

/// Jobs of all kinds, the same for the same options: plain calls and coroutines every one to five seconds,
/// bodies longer than their interval, failing ones that are tried again, some to be run again when lost,
/// fixed delays.
std::vector<mixed_job> job_mix(const mix_options& how);

/// How long the body of a run takes: the same for the same run.
milliseconds takes(const mixed_job& job, instant occurrence, std::uint32_t attempt);
/// Whether an attempt fails: the same for the same attempt.
bool fails(const mixed_job& job, instant occurrence, std::uint32_t attempt);

}  // namespace carillon::testing
