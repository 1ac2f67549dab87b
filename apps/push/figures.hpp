#pragma once
#include <array>
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>

namespace carillon::pushes {

/// How late pushes were delivered, in stretches.
struct lateness_figures {
  /// Upper ends of the stretches, inclusive; what is early is in the first. One more has all the rest.
  static constexpr std::array<milliseconds, 9> bounds{
      milliseconds{0},       milliseconds{100},     milliseconds{1'000},
      milliseconds{5'000},   milliseconds{15'000},  milliseconds{60'000},
      milliseconds{180'000}, milliseconds{600'000}, milliseconds{3'600'000}};

  std::array<std::uint64_t, bounds.size() + 1> counts{};
  milliseconds sum{0};           ///< Of those that were late.
  milliseconds worst{0};         ///< 0: none was late.
  milliseconds worst_lately{0};  ///< Since somebody has set it to 0.

  void add(milliseconds late) noexcept;
};

/// What a process has done since it began. Counts only grow.
struct push_figures {
  std::uint64_t due = 0;           ///< Reserved here, to be sent.
  std::uint64_t sent = 0;          ///< Delivered.
  std::uint64_t already_sent = 0;  ///< Found due and marked as sent; once a look.
  std::uint64_t with_others = 0;   ///< Found due and reserved by others; once a look.
  std::uint64_t failed = 0;        ///< Attempts that did not deliver.
  std::uint64_t dead = 0;          ///< Failed for good.
  std::uint64_t repeats = 0;       ///< Delivered, of those that may have been delivered before.
  /// Delivered, and somebody else had taken them meanwhile because the lease was over: perhaps delivered
  /// twice.
  std::uint64_t overtaken = 0;
  std::uint64_t given_back = 0;  ///< Reserved and not sent, because the process was to stop.
  std::uint64_t malformed = 0;   ///< Told of; each once.
  std::uint64_t looks = 0;
  lateness_figures lateness;
};

}  // namespace carillon::pushes
