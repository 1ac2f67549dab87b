#pragma once
#include <carillon/time/zone.hpp>
#include <cstdint>
#include <vector>

namespace carillon {

/// The changes of a zone's offset from its first to the year 9999, so laid out that one look finds a span.
///
/// The table ends where the zone's rule for the future has been followed for 400 years; as the calendar
/// repeats itself then, later times are answered from the last 400 years of the table. Immutable once it is
/// full.
class zone_table {
 public:
  struct change {
    instant time;
    milliseconds offset;  ///< From `time` on.
  };

  /// `changes` ascend and each differs from the offset before it. `repeats`: the last 400 years go on for
  /// ever.
  zone_table(milliseconds first_offset, const std::vector<change>& changes, bool repeats);

  offset_span span_at(instant time) const noexcept;

 private:
  static constexpr int bucket_bits = 34;  // 2^34 ms are 199 days: most buckets hold one change or none

  std::size_t index_at(instant time) const noexcept;

  std::vector<change> spans_;  // the first begins before all time, and a last one after it ends the search
  std::vector<std::uint16_t> buckets_;
  instant first_change_;
  instant repeats_from_;
};

}  // namespace carillon
