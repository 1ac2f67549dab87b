#include <fmt/format.h>
#include <carillon/job/job.hpp>
#include <carillon/job/options.hpp>

#include <algorithm>
#include <concepts>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

namespace carillon {

namespace {

[[noreturn]] void refuse(std::string_view field, std::string_view value, std::string_view allowed) {
  throw std::invalid_argument(fmt::format("{}: {} is not allowed; {}", field, value, allowed));
}

constexpr milliseconds longest_kept = std::chrono::hours{24 * 30};  // Results of runs.

template <std::integral T>
void check_range(std::string_view field, T value, T least, T most) {
  if (value < least || value > most)
    refuse(field, std::to_string(value), fmt::format("{} to {}", least, most));
}

void check_positive(std::string_view field, milliseconds value) {
  if (value <= milliseconds{0}) refuse(field, fmt::format("{} ms", value.count()), "it must be more than 0");
}

void check(const retry_policy& retry) {
  check_range<std::uint32_t>("retry.attempts", retry.attempts, 1, 1'000);
  check_positive("retry.backoff_min", retry.backoff_min);
  if (retry.backoff_max < retry.backoff_min) {
    refuse("retry.backoff_max", fmt::format("{} ms", retry.backoff_max.count()),
           fmt::format("no less than retry.backoff_min, which is {} ms", retry.backoff_min.count()));
  }
}

/// Puts most sets that differ into different places; never leaves this process.
std::size_t hash_of(const job_options& options) {
  std::size_t all = 0;
  const auto mix = [&](std::size_t one) { all ^= one + 0x9e3779b97f4a7c15u + (all << 6) + (all >> 2); };
  const auto mix_text = [&](std::string_view text) { mix(std::hash<std::string_view>{}(text)); };
  mix(options.max_instances);
  mix(static_cast<std::size_t>(options.misfire_grace.value_or(milliseconds{-1}).count()));
  mix(static_cast<std::size_t>(options.timeout.value_or(milliseconds{-1}).count()));
  mix(options.retry.attempts);
  mix(static_cast<std::size_t>(options.priority));
  mix(static_cast<std::size_t>(options.retry.backoff_min.count()));
  mix_text(options.executor);
  mix_text(options.group);
  mix_text(options.description);
  for (const auto& tag : options.tags) mix_text(tag);
  for (const auto& [key, value] : options.metadata) {
    mix_text(key);
    mix_text(value);
  }
  return all;
}

/// All sets of options that some job has, each once. A set that no job has any more is dropped at the next
/// sweep.
class option_sets {
 public:
  std::shared_ptr<const job_options> shared(const job_options& options) {
    const std::lock_guard lock{mutex_};
    const auto hash = hash_of(options);
    const auto [first, last] = sets_.equal_range(hash);
    for (auto set = first; set != last; ++set) {
      const auto there = set->second.lock();
      if (there && *there == options) return there;
    }
    if (sets_.size() >= sweep_at_) sweep();
    auto added = std::make_shared<const job_options>(options);
    sets_.emplace(hash, added);
    return added;
  }

 private:
  void sweep() {
    std::erase_if(sets_, [](const auto& set) { return set.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, sets_.size() * 2);
  }

  std::mutex mutex_;
  std::unordered_multimap<std::size_t, std::weak_ptr<const job_options>> sets_;
  std::size_t sweep_at_ = 64;
};

}  // namespace

void check(const job_options& options) {
  check_range<std::uint32_t>("max_instances", options.max_instances, 1, 10'000);
  check_range<std::uint32_t>("queue_limit", options.queue_limit, 1, 10'000);
  check_range<std::uint32_t>("catch_up", options.catch_up, 1, 10'000);
  if (options.misfire_grace) check_positive("misfire_grace", *options.misfire_grace);
  if (options.timeout) check_positive("timeout", *options.timeout);
  check(options.retry);
  check_range<std::int32_t>("priority", options.priority, -100, 100);
  if (options.keep_result < milliseconds{0} || options.keep_result > longest_kept)
    refuse("keep_result", fmt::format("{} ms", options.keep_result.count()), "0 to 30 days");
}

const std::shared_ptr<const job_options>& default_options() {
  static const auto defaults = std::make_shared<const job_options>();
  return defaults;
}

std::shared_ptr<const job_options> intern(const job_options& options) {
  if (options == *default_options()) return default_options();
  check(options);
  static option_sets sets;
  return sets.shared(options);
}

}  // namespace carillon
