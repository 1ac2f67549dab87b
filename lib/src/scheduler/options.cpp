#include <fmt/format.h>
#include <carillon/scheduler/options.hpp>
#include <stdexcept>

namespace carillon {

namespace {

void at_least(std::string_view field, std::int64_t value, std::int64_t least) {
  if (value < least)
    throw std::invalid_argument(fmt::format("scheduler_options.{}: {}: at least {}", field, value, least));
}

}  // namespace

void check(const scheduler_options& options) {
  at_least("resume_spread", options.resume_spread.count(), 0);
  at_least("blocked_after", options.blocked_after.count(), 1);
  at_least("stuck_after", options.stuck_after.count(), 1);
  at_least("drain", options.drain.count(), 0);
}

void check(const group_limits& limits) {
  if (limits.running == 0 || limits.running > 100'000)
    throw std::invalid_argument(fmt::format("group_limits.running: {}: 1 to 100000", limits.running));
}

}  // namespace carillon
