#pragma once
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <carillon/async/wall_timer.hpp>
#include <carillon/executor/executor.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/run_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace carillon {

struct job_entry;
class runner;
class task;
class engine;

/// What a shared store has given this instance of a group.
struct group_share {
  std::uint64_t questions = 0;   ///< Put to the store so far.
  std::uint64_t given = 0;       ///< Places given since this instance became a member ...
  std::uint64_t returned = 0;    ///< ... and those given back: the rest is held by as many runs.
  std::uint64_t term = 0;        ///< Another with each membership.
  std::uint32_t told_limit = 0;  ///< Another than ours, which was told of.
  bool wanted = false;           ///< Something has changed since the last question.
  bool under_way = false;
};

/// What has places for runs: an executor, a group of jobs, the scheduler as a whole. How many runs it has,
/// and those that wait for a place.
struct executor_place {
  enum class kind : std::uint8_t { scheduler, executor, group };

  std::string name;
  kind what = kind::scheduler;
  std::shared_ptr<executor> how;  ///< Null: in the event loop.
  executor_limits limits;
  std::uint32_t running = 0;
  std::deque<runner*> queue;  ///< By priority, then by when they were due, then in the order of arrival.
  bool opened = false;        ///< `how` has been told that it begins.
  std::unique_ptr<group_share> share;  ///< Of a group whose places the store gives.

  bool has_room() const noexcept { return !share && (limits.running == 0 || running < limits.running); }
  /// How many of those that wait are about to be called.
  std::uint32_t free() const noexcept {
    return has_room() && limits.running != 0 ? limits.running - running : 0;
  }
};

/// One attempt of a job, from the claim that won it to the finish that the store has taken.
struct active_run {
  job_entry* job = nullptr;
  run_context context;
  run handle{context};
  std::shared_ptr<const job_definition> definition;  ///< As it was when the run began; of a plain call, null.
  instant started{};
  std::chrono::nanoseconds began{0};  ///< On the clock that never steps.
};

/// A run that may last, and the coroutine that carries it out. Both are used again for one run after another:
/// to start a coroutine for each run would cost more than all the rest of it.
class runner : public std::enable_shared_from_this<runner> {
 public:
  runner(engine& of, clock& time, const loop_executor& where) : owner{of}, watch{time, where} {}

  /// Completes with `void()` when `unpark` is called.
  template <typename Token>
  auto park(Token&& token) {
    return boost::asio::async_initiate<Token, void()>(
        [this](auto handler) { parked_ = boost::asio::any_completion_handler<void()>(std::move(handler)); },
        token);
  }
  bool is_parked() const noexcept { return static_cast<bool>(parked_); }
  void unpark() { std::exchange(parked_, nullptr)(); }

  engine& owner;  ///< Those of several stores stand in one queue.
  active_run attempt;
  const task* body = nullptr;
  executor_place* group = nullptr;       ///< Null: none.
  executor_place* group_here = nullptr;  ///< With a shared store among several: that of all of them, here.
  executor_place* place = nullptr;
  boost::asio::cancellation_signal stop;
  wall_timer watch;          ///< Rings at the deadline; once the body was asked to stop, when it should have.
  std::uint64_t rounds = 0;  ///< Tells the latest wait on `watch` from those before it.
  instant rings_at{};
  executor_place* waits_in = nullptr;  ///< The place whose queue it stands in.
  bool in_group = false;               ///< It counts among the runs of `group` ...
  bool in_group_here = false;          ///< ... and of `group_here`.
  std::uint64_t group_term = 0;        ///< `group_share::term` then.
  bool has_place = false;              ///< It counts among the runs of `place`.
  bool watched = false;                ///< A wait on `watch` is under way.
  bool launched = false;               ///< It has a coroutine.
  bool begun = false;                  ///< As against waiting in its executor's queue.
  bool dismissed = false;              ///< Its coroutine is to end.
  runner* previous = nullptr;          ///< Among the runs of its job.
  runner* next = nullptr;

 private:
  boost::asio::any_completion_handler<void()> parked_;
};

}  // namespace carillon
