#pragma once
#include <doctest/doctest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/async/wall_timer.hpp>
#include <carillon/time/manual_clock.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace carillon::testing {

/// Monday, 2024-01-01T00:00:00Z.
inline constexpr instant simulation_start{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

/// A single-threaded world with a time of its own, which jumps to the next alarm whenever nothing can run.
/// The same each time.
class simulation {
 public:
  explicit simulation(instant start = simulation_start) : clock_{std::make_shared<manual_clock>(start)} {}
  virtual ~simulation() = default;

  const std::shared_ptr<manual_clock>& clock() const { return clock_; }
  manual_clock& time() { return *clock_; }
  instant now() const { return clock_->now(); }

  /// Lets everything run until all of it waits.
  void settle() {
    io.restart();
    io.poll();
  }

  /// Settles, then lets time pass, stopping at each alarm on the way.
  void pass(milliseconds duration) { pass_until(now() + duration); }
  void pass_until(instant end) {
    for (settle(); clock_->next_alarm() && *clock_->next_alarm() <= end; settle())
      clock_->advance_to(*clock_->next_alarm());
    clock_->advance_to(end);
    settle();
  }

  /// Runs `work` to its end, time passing as needed, and answers or rethrows what it does. Fails the test if
  /// it can never end.
  template <typename T, typename Executor>
  T run(boost::asio::awaitable<T, Executor> work) {
    return run_on(Executor(io.get_executor()), std::move(work));
  }
  template <typename T, typename Executor>
  T run_on(const Executor& where, boost::asio::awaitable<T, Executor> work) {
    bool over = false;
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
    auto on_done = [&](std::exception_ptr thrown, auto... result) {
      failure = thrown;
      over = true;
      if constexpr (sizeof...(result) > 0) (value.emplace(std::move(result)), ...);
    };
    boost::asio::co_spawn(where, std::move(work), on_done);
    for (settle(); !over && clock_->next_alarm(); settle()) clock_->advance_to(*clock_->next_alarm());
    REQUIRE_MESSAGE(over, "this waits for something that never happens");
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(*value);
  }

  /// For bodies: waits on this world's clock. Cancellation: total; throws `operation_aborted`.
  boost::asio::awaitable<void> sleep(milliseconds duration) {
    const auto until = now() + duration;
    wall_timer bell{*clock_, boost::asio::make_strand(io)};
    while (now() < until) {
      bell.set(until);
      co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
      const auto state = co_await boost::asio::this_coro::cancellation_state;
      const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
      if (cancelled) throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
  }

  boost::asio::io_context io{1};

 private:
  std::shared_ptr<manual_clock> clock_;
};

}  // namespace carillon::testing
