#include "push/receiver_health.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>
#include <carillon/time/instant.hpp>

namespace carillon::pushes {

namespace {

constexpr auto between_lines = std::chrono::minutes{1};
// A receiver that fails some is not well again with the next that it takes.
constexpr auto until_well = std::chrono::seconds{10};

std::string in_words(receiver_health::time_point::duration length) {
  return format_duration(std::chrono::floor<std::chrono::seconds>(length));
}

}  // namespace

std::optional<std::string> receiver_health::failed(std::string_view why, time_point now) {
  const bool is_first = failures_++ == 0;
  if (is_first) {
    since_ = now;
    successes_ = 0;
    this_was_told_ = false;
  }
  last_ = now;
  if (told_ && now - *told_ < between_lines) return std::nullopt;
  told_ = now;
  this_was_told_ = true;
  if (is_first) return fmt::format("{}: {}; it is tried again, and this is told once a minute", name_, why);
  return fmt::format("{}: {} of {} attempts have failed in {}, the last with: {}", name_, failures_,
                     failures_ + successes_, in_words(now - since_), why);
}

std::optional<std::string> receiver_health::succeeded(time_point now) {
  if (failures_ == 0) return std::nullopt;
  ++successes_;
  if (now - last_ < until_well) return std::nullopt;
  const auto failures = std::exchange(failures_, 0);
  if (!this_was_told_) return std::nullopt;
  return fmt::format("{}: takes pushes again; {} attempt{} failed in {}", name_, failures,
                     failures == 1 ? "" : "s", in_words(last_ - since_));
}

}  // namespace carillon::pushes
