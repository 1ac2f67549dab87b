#pragma once
#include <chrono>
#include <cstdint>
#include <optional>

#include "trigger/evaluate.hpp"

namespace carillon {

/// The fires of `every 5m from 09:00 to 17:00 on mon-fri`: from the window's start on each of its days, in
/// elapsed time, to its end. The policies say when a window begins or ends whose wall time does not exist, or
/// twice.
class window_fires {
 public:
  window_fires(const rules::window& rule, const zone& where, wall_policy policy) noexcept
      : rule_{rule}, where_{where}, policy_{policy} {}

  fire next(instant after) const;
  fire previous(instant before) const;
  std::uint64_t count(instant from, instant to) const;

 private:
  using date = std::chrono::local_days;
  struct stretch {
    instant begin;
    instant end;  // inclusive
  };

  std::optional<instant> begin_on(date day) const;
  instant end_on(date day) const;
  std::optional<stretch> stretch_on(date day) const;
  std::uint64_t count_on(date day, instant from, instant to) const;
  std::int64_t weeks_alike(date day, instant from, instant to) const;

  const rules::window& rule_;
  zone where_;
  wall_policy policy_;
};

}  // namespace carillon
