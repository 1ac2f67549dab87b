#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::testing {

/// Something that goes wrong.
enum class fault_kind : std::uint8_t {
  kill,       ///< SIGKILL; another process takes the place later.
  freeze,     ///< SIGSTOP, later SIGCONT.
  terminate,  ///< SIGTERM: it leaves in order; another takes the place later.
  skew,       ///< It leaves in order, and comes back with its clock an hour off, or right again.
  refuse,     ///< These six: its connections, see `link_fault`.
  black_hole,
  late,
  delay,
  cut_answers,
  half_close,
  redis_kill,    ///< SIGKILL to the server; it is started later with what it had written.
  redis_freeze,  ///< The server does not answer for a while.
  redis_flush,   ///< FLUSHALL.
  failover,      ///< The master is killed; it comes back as a replica later.
};
inline constexpr std::size_t fault_kinds = 14;

std::string_view name(fault_kind kind) noexcept;
/// Whether it befalls one instance, not the server that all share.
bool is_of_instance(fault_kind kind) noexcept;

struct fault {
  std::chrono::milliseconds at{};  ///< Since the beginning.
  fault_kind kind{};
  std::uint32_t instance = 0;         ///< Which, from 0; of the server: 0.
  std::chrono::milliseconds lasts{};  ///< Until it is over.
};

struct plan_options {
  std::uint64_t seed = 1;
  std::chrono::milliseconds duration{20'000};  ///< All faults are over by then.
  std::chrono::milliseconds pace{1'000};       ///< Between two faults, on average.
  std::chrono::milliseconds lease{2'000};
  std::uint32_t instances = 3;
  std::vector<fault_kind> kinds;  ///< To draw from; one that is named twice comes twice as often.
};

/// Faults by the time they begin: the same for the same options, on every machine. No instance has two at
/// once, nor has the server.
std::vector<fault> plan_faults(const plan_options& how);

/// A line each.
std::string words(const std::vector<fault>& plan);

}  // namespace carillon::testing
