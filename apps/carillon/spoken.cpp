#include "carillon/spoken.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace carillon::app {

std::string spoken(milliseconds duration) {
  const auto ms = duration.count() < 0 ? -duration.count() : duration.count();
  const auto two = [](std::int64_t whole, const char* unit, std::int64_t rest, const char* small) {
    return rest == 0 ? fmt::format("{} {}", whole, unit)
                     : fmt::format("{} {} {} {}", whole, unit, rest, small);
  };
  if (ms < 1000) return fmt::format("{} ms", ms);
  const auto tenths = (ms + 50) / 100;
  if (ms < 60'000)
    return tenths % 10 == 0 ? fmt::format("{} s", tenths / 10)
                            : fmt::format("{}.{} s", tenths / 10, tenths % 10);
  const auto seconds = ms / 1000;
  if (seconds < 3600) return two(seconds / 60, "min", seconds % 60, "s");
  if (seconds < 86'400) return two(seconds / 3600, "h", seconds % 3600 / 60, "min");
  return two(seconds / 86'400, "d", seconds % 86'400 / 3600, "h");
}

}  // namespace carillon::app
