#include <xxhash.h>
#include <carillon/job/retry.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace carillon {

namespace {

// "http:5*" names all failures that begin so.
bool names(const std::vector<std::string>& names, std::string_view failure) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return name.ends_with('*') ? failure.starts_with(name.substr(0, name.size() - 1)) : failure == name;
  });
}

}  // namespace

bool should_retry(const retry_policy& policy, const outcome& result, std::uint32_t attempt) noexcept {
  if (!result.is_failure() || result.permanent || attempt >= policy.attempts) return false;
  const std::string_view failure = result.kind == outcome_kind::timed_out ? std::string_view{"timed_out"}
                                                                          : std::string_view{result.failure};
  if (names(policy.never, failure)) return false;
  return policy.only.empty() || names(policy.only, failure);
}

milliseconds backoff(const retry_policy& policy, std::uint64_t seed, instant occurrence,
                     std::uint32_t attempt) noexcept {
  auto wait = policy.backoff_min;
  for (std::uint32_t doubled = 1; doubled < attempt && wait < policy.backoff_max; ++doubled) {
    wait = wait > policy.backoff_max / 2 ? policy.backoff_max : wait * 2;
  }

  const std::array<std::uint64_t, 3> which{
      seed, static_cast<std::uint64_t>(occurrence.time_since_epoch().count()), attempt};
  const auto spread = wait / 10;
  const auto least = std::max(policy.backoff_min, wait - spread);
  const auto most = wait > policy.backoff_max - spread ? policy.backoff_max : wait + spread;
  const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + milliseconds{static_cast<std::int64_t>(XXH64(which.data(), sizeof which, 0) % span)};
}

}  // namespace carillon
