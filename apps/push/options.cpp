#include "push/options.hpp"

#include <fmt/format.h>

#include <carillon/time/duration.hpp>
#include <stdexcept>
#include <string_view>

namespace carillon::pushes {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

void check_text(std::string_view name, const std::string& value) {
  if (value.empty()) throw std::invalid_argument(fmt::format("{}: must not be empty", name));
}

template <typename Number>
void check_number(std::string_view name, Number value, Number least, Number most) {
  if (value < least || value > most)
    throw std::invalid_argument(fmt::format("{} {}: {} to {}", name, value, least, most));
}

void check_time(std::string_view name, milliseconds value, milliseconds least, milliseconds most) {
  if (value < least || value > most) {
    throw std::invalid_argument(fmt::format("{} {}: {} to {}", name, format_duration(value),
                                            format_duration(least), format_duration(most)));
  }
}

}  // namespace

void check(const push_options& options) {
  check_text("subscriptions", options.subscriptions);
  check_text("sent", options.sent);
  check_time("lookahead", options.lookahead, milliseconds{0}, hours{12});
  check_time("grace", options.grace, minutes{1}, hours{12});
  const auto window = options.lookahead + options.grace;
  if (options.sent_ttl < window) {
    throw std::invalid_argument(
        fmt::format("sent_ttl {}: must be at least lookahead + grace, which is {} + {} = {}, or a push would "
                    "be sent twice",
                    format_duration(options.sent_ttl), format_duration(options.lookahead),
                    format_duration(options.grace), format_duration(window)));
  }
  // A mark of one day must be gone before the next day's window begins.
  if (window + options.sent_ttl > hours{23}) {
    throw std::invalid_argument(
        fmt::format("sent_ttl {}: lookahead + grace + sent_ttl must be at most 23h, and are {}: the mark of "
                    "one day must be gone when the next day's push may go out",
                    format_duration(options.sent_ttl), format_duration(window + options.sent_ttl)));
  }
  check_number<std::size_t>("concurrency", options.concurrency, 1, 100'000);
  check_number<std::uint32_t>("retry.attempts", options.retry.attempts, 1, 1'000);
  check_time("retry.backoff", options.retry.backoff_min, milliseconds{1}, options.retry.backoff_max);
  check_time("retry.backoff", options.retry.backoff_max, milliseconds{1}, hours{1});
  check_time("lease", options.lease, seconds{1}, minutes{10});
  check_number<std::uint32_t>("slices", options.slices, 1, 256);
  check_number<std::size_t>("page", options.page, 1, 1'000);
  check_number<std::size_t>("most_reserved", options.most_reserved, 1, 10'000'000);
  check_number<std::uint64_t>("dead_letters", options.dead_letters, 1, 1'000'000'000);
}

}  // namespace carillon::pushes
