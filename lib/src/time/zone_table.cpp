#include "time/zone_table.hpp"

#include <algorithm>

namespace carillon {

namespace {

constexpr milliseconds calendar_round = std::chrono::days{146'097};  // 400 years
constexpr milliseconds margin = std::chrono::days{2};                // more than any offset
constexpr instant before_all_time = earliest_instant - margin;
constexpr instant after_all_time = latest_instant + margin;

}  // namespace

zone_table::zone_table(milliseconds first_offset, const std::vector<change>& changes, bool repeats)
    : first_change_{changes.empty() ? after_all_time : changes.front().time},
      repeats_from_{repeats ? changes.back().time : after_all_time} {
  spans_.reserve(changes.size() + 2);
  spans_.push_back({before_all_time, first_offset});
  spans_.insert(spans_.end(), changes.begin(), changes.end());
  spans_.push_back({after_all_time, spans_.back().offset});
  if (changes.empty()) return;
  const auto reach = (changes.back().time - first_change_).count() >> bucket_bits;
  for (std::int64_t bucket = 0; bucket <= reach; ++bucket) {
    const auto begin = first_change_ + milliseconds{bucket << bucket_bits};
    const auto after = std::ranges::upper_bound(spans_, begin, {}, &change::time);
    buckets_.push_back(static_cast<std::uint16_t>(after - spans_.begin() - 1));
  }
}

std::size_t zone_table::index_at(instant time) const noexcept {
  if (time < first_change_) return 0;
  const auto bucket = static_cast<std::size_t>((time - first_change_).count() >> bucket_bits);
  std::size_t index = buckets_[std::min(bucket, buckets_.size() - 1)];
  while (spans_[index + 1].time <= time) ++index;
  return index;
}

offset_span zone_table::span_at(instant time) const noexcept {
  time = std::clamp(time, before_all_time, after_all_time - milliseconds{1});
  auto rounds = milliseconds::zero();
  if (time >= repeats_from_) rounds = ((time - repeats_from_) / calendar_round + 1) * calendar_round;
  const auto index = index_at(time - rounds);
  const auto& here = spans_[index];
  const auto& after = spans_[index + 1];
  return {here.time + rounds, after.time + rounds, here.offset, spans_[index == 0 ? 0 : index - 1].offset,
          after.offset};
}

}  // namespace carillon
