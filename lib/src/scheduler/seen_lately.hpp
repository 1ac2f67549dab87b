#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

namespace carillon {

/// Remembers numbers for a while: each for `period` at least, mostly not for twice as long.
///
/// A period ends only when something is remembered, so that nothing is forgotten because the process was
/// stopped for long. Thread safety: none.
class seen_lately {
 public:
  explicit seen_lately(std::chrono::nanoseconds period) : period_{period} {}

  /// `now` never goes back (`clock::elapsed`). False: it is remembered already.
  bool remember(std::uint64_t number, std::chrono::nanoseconds now) {
    if (now - since_ >= period_) {
      before_ = std::exchange(latest_, {});
      since_ = now;
    }
    return !before_.contains(number) && latest_.insert(number).second;
  }
  bool contains(std::uint64_t number) const { return latest_.contains(number) || before_.contains(number); }

 private:
  std::chrono::nanoseconds period_;
  std::chrono::nanoseconds since_{0};
  boost::unordered_flat_set<std::uint64_t> latest_;
  boost::unordered_flat_set<std::uint64_t> before_;
};

}  // namespace carillon
