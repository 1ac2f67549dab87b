#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::pushes {

/// Says that a receiver does not take pushes, or not all of them, and that it does again: a line when it
/// begins, one a minute while it lasts, one when it has been over for a while; never one a push.
class receiver_health {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `name` is for the lines: "webhook http://127.0.0.1:9000/push".
  explicit receiver_health(std::string name) : name_{std::move(name)} {}

  /// An attempt failed because of the receiver, not because of the push. Answers the line to log, if it is
  /// time.
  std::optional<std::string> failed(std::string_view why, time_point now);
  /// One was delivered.
  std::optional<std::string> succeeded(time_point now);

 private:
  std::string name_;
  std::uint64_t failures_ = 0;  // of this outage; 0: there is none
  std::uint64_t successes_ = 0;
  time_point since_{}, last_{};
  std::optional<time_point> told_{};  // when a failure was
  bool this_was_told_ = false;
};

}  // namespace carillon::pushes
