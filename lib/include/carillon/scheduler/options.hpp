#pragma once
#include <carillon/executor/executor.hpp>
#include <carillon/time/clock.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/trigger/date_calendars.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace spdlog {
class logger;
}

namespace carillon {

/// How a scheduler behaves.
struct scheduler_options {
  /// Who this is, in events, in the ledger and to other instances; empty: host name, process and a number.
  std::string instance;
  /// Of schedules that name no zone; none: this machine's.
  std::optional<zone> time_zone;
  /// The lists of dates that schedules may leave out by name; null: none.
  std::shared_ptr<const date_calendars> calendars;
  /// Null: the machine's (`system_clock`).
  std::shared_ptr<carillon::clock> clock;
  /// Null: spdlog's default.
  std::shared_ptr<spdlog::logger> logger;
  /// How many entries the ledger of the embedded memory store keeps.
  std::size_t ledger_size = 100'000;
  /// Runs no jobs: for programs that only look and operate, as a command line does. `run()` must run all the
  /// same. Of a shared store such a scheduler is no member; with the memory store it has nothing to do.
  bool operate_only = false;
  /// Of all runs of this scheduler together, on whichever executor, on top of the limits of each; `running`
  /// 0: as many as there are. Bodies that are plain calls in the event loop do not count: no two of them run
  /// at once. A run takes its place with its executor first, and waits with that for one here. One more than
  /// may wait fails at once with `failure` "scheduler full".
  executor_limits limits{.running = 0, .queued = 10'000};
  /// Over how long the jobs are spread that became due while the machine was suspended.
  milliseconds resume_spread{3'000};
  /// A body that keeps the event loop longer than this is reported (`event::loop_blocked`).
  milliseconds blocked_after{250};
  /// A body that was asked to stop and has not ended after this is reported (`event::run_stuck`).
  milliseconds stuck_after{10'000};
  /// How long running bodies are given to end when the scheduler is told to stop by a signal, or by
  /// `shutdown` without saying how long.
  milliseconds drain{30'000};
};

/// The alias of the store that a scheduler is made with.
inline constexpr const char* default_store_name = "default";

/// How a scheduler treats a store that it has beside its own.
struct store_options {
  /// It must be open before any job fires: `scheduler::run` throws when it cannot be opened. If not, the jobs
  /// of the other stores do not wait for it: it is tried again and again (`event::store_lost`,
  /// `event::store_back`), and operations on it throw `errc::store_unreachable` until it is open.
  bool required = true;
};

/// Throws `std::invalid_argument` naming the first field that is out of range, and the range.
void check(const scheduler_options& options);

/// How many runs of the jobs of a group go on at once, over all instances that share a store.
struct group_limits {
  std::uint32_t running = 1;      ///< 1 to 100,000.
  std::uint32_t queued = 10'000;  ///< Runs of this instance that wait for a place. One more fails at once
                                  ///< with `failure` "group full".
};

/// Throws `std::invalid_argument` naming the first field that is out of range, and the range.
void check(const group_limits& limits);

/// How to stop a scheduler.
struct shutdown_options {
  std::optional<milliseconds> drain;  ///< How long running bodies may go on before they are cancelled; none:
                                      ///< as the scheduler's options say.
};

}  // namespace carillon
