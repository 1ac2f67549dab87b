#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <carillon/time/instant.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace carillon {

/// A wall clock that was set, or a machine that woke from suspend.
struct clock_step {
  milliseconds by{0};    ///< How far wall time moved against elapsed time; negative when set back.
  bool resumed = false;  ///< Whether the machine was suspended meanwhile.
  friend bool operator==(const clock_step&, const clock_step&) = default;
};

/// Where the library gets the time, and the only way time enters it.
///
/// Production uses `system_clock`; tests use `manual_clock`, in which a day passes in microseconds.
/// Waiting is done on timers of the caller: a clock only says until when they should sleep (`wall_timer` in
/// async/).
class clock {
 public:
  /// Something that waits for a wall time on this clock.
  class sleeper {
   public:
    /// Ends the wait now. Called by clocks that are moved by hand, on the thread that moves them.
    virtual void wake() = 0;

   protected:
    sleeper() = default;
    ~sleeper() = default;
    sleeper(const sleeper&) = delete;
    sleeper& operator=(const sleeper&) = delete;
  };

  /// Watches for steps until it is destroyed.
  class watch {
   public:
    virtual ~watch() = default;
  };

  virtual ~clock() = default;

  /// The wall time now: it may step either way. Any thread.
  virtual instant now() const noexcept = 0;

  /// Elapsed time, for measuring how long something took: it never steps, and goes on while the machine is
  /// suspended. Any thread.
  virtual std::chrono::nanoseconds elapsed() const noexcept = 0;

  /// Asks to be woken for `wake_at`: the steady time until which `who` should sleep before it looks at
  /// `now()` again. Far-off times are approached in several sleeps, so that slewing is noticed and no timer
  /// overflows. A clock moved by hand answers `time_point::max()` and calls `who.wake()` when it gets there.
  /// Arming again replaces the time.
  virtual std::chrono::steady_clock::time_point arm(sleeper& who, instant wake_at) = 0;

  /// The same for one of many who are to be woken at `wake_at` in an order: those of a smaller `later`, which
  /// is less than a millisecond, first.
  virtual std::chrono::steady_clock::time_point arm_in_order(sleeper& who, instant wake_at,
                                                             std::chrono::microseconds later);

  /// Forgets `who`. Must be called before an armed sleeper is destroyed; may be called for one that is not
  /// armed.
  virtual void disarm(sleeper& who) noexcept = 0;

  /// Calls `on_step` on `where` whenever the clock was set by more than a second, or the machine resumed.
  /// Lifetime: a call that is under way when the watch is destroyed is still made, unless both happen on one
  /// strand.
  virtual std::unique_ptr<watch> watch_steps(boost::asio::any_io_executor where,
                                             std::function<void(clock_step)> on_step) = 0;
};

}  // namespace carillon
