// From run() to its return: nothing that was started is left behind.

#include <spdlog/logger.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/time/system_clock.hpp>
#include <random>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

/// Host, process and a random number: no two instances have the same.
std::string name_of_this_process() {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}-{}-{:08x}", host, ::getpid(), std::random_device{}());
}

std::shared_ptr<clock> clock_of(const scheduler_options& options) {
  return options.clock ? options.clock : system_clock::shared();
}

// A run is named again, by a late answer or a look, only while it is active or was a moment ago.
constexpr std::chrono::seconds fences_kept{30};

constexpr milliseconds longest_drain = std::chrono::years{100};  // So that the end of it is an instant.

}  // namespace

engine::engine(boost::asio::io_context& io, std::shared_ptr<job_store> store, scheduler_options options)
    : engine{std::make_shared<common_parts>(boost::asio::make_strand(io)), default_store_name,
             std::move(store), std::move(options), true} {
  common_->lead = this;
  everything_.limits = options_.limits;
}

engine::engine(std::shared_ptr<common_parts> common, std::string alias, std::shared_ptr<job_store> store,
               scheduler_options options, bool required)
    : common_{std::move(common)},
      strand_{common_->strand},
      options_{std::move(options)},
      alias_{std::move(alias)},
      required_{required},
      store_{std::move(store)},
      shared_{store_->is_shared()},
      corrected_{shared_ ? std::make_shared<corrected_clock>(clock_of(options_)) : nullptr},
      clock_owner_{corrected_ ? corrected_ : clock_of(options_)},
      clock_{*clock_owner_},
      logger_{options_.logger ? options_.logger : spdlog::default_logger()},
      zone_{options_.time_zone.value_or(zone::system())},
      events_{common_->events},
      declared_mutex_{common_->declared_mutex},
      places_{common_->places},
      groups_{shared_ ? shares_ : common_->groups},
      started_{fences_kept},
      everything_{common_->everything},
      news_{strand_},
      chores_{strand_, [this](const std::exception_ptr& failure) {
                logger_->critical("scheduler: {}", outcome_of(failure).message);
              }} {
  check(options_);
  if (options_.instance.empty()) options_.instance = name_of_this_process();
}

engine::~engine() {
  // Loops that were never told to end: the io_context stopped first, and will destroy their frames, which
  // touch nothing.
  for (auto* job : jobs_) delete job;
  if (common_->lead == this) common_->lead = nullptr;
}

loop_awaitable<void> engine::run() {
  auto expected = phase::idle;
  if (!phase_.compare_exchange_strong(expected, phase::starting)) {
    if (expected == phase::stopped) co_return;
    throw std::logic_error("scheduler::run was called before");
  }
  std::exception_ptr failure;
  try {
    co_await start_up();
    co_await serve_until_stopped();
  } catch (...) {
    failure = std::current_exception();
  }
  // From here on a cancellation must not cut the clean-up short. That we were cancelled is why there is no
  // drain.
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != boost::asio::cancellation_type::none;
  if (cancelled) drain_until_ = instant::min();
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  if (cancelled) failure = nullptr;
  co_await shut_down(failure);
  if (failure) std::rethrow_exception(failure);
}

loop_awaitable<void> engine::start_up() {
  if (options_.operate_only) {
    store_->stay_out();
  } else if (shared_) {
    store_->serve(served());
  }
  co_await open_store();
  if (!to_close_) co_return;
  co_await all_open();
  opened_ = true;
  step_watch_ = clock_.watch_steps(strand_, [this](clock_step step) { on_clock_step(step); });
  if (shared_) {
    tick_bell_.emplace(clock_, strand_);
    tick();
  }
  for (auto* asked_before : {&following_, &finding_}) {
    if (asked_before->wanted) ask(*asked_before);
  }
  open_executors();
  if (!options_.operate_only) {
    co_await done(owning_);
    co_await done(declaring_);
  }
  if (phase_ == phase::starting) phase_ = phase::running;
  news_.notify();
  logger_->info("{} {} started with {} job{}", leads() ? "scheduler" : "store",
                leads() ? options_.instance : alias_, jobs_.size(), jobs_.size() == 1 ? "" : "s");
  if (leads() && wanted(event_kind::scheduler_started))
    events_.tell(make_event(event_kind::scheduler_started));
}

loop_awaitable<void> engine::serve_until_stopped() {
  ask(declaring_);  // What was declared since.
  while (phase_ == phase::running && !other_failure_) co_await news_.wait();
  if (other_failure_) std::rethrow_exception(other_failure_);
}

/// Asks `run()` to end, and returns when it is about to.
loop_awaitable<void> engine::stop(shutdown_options how) {
  ask_to_stop(how.drain.value_or(options_.drain));
  while (phase_ != phase::stopped) co_await news_.wait();
}

/// Who asks once more can only make it end sooner.
void engine::ask_to_stop(milliseconds drain) {
  drain_until_ = std::min(drain_until_, clock_.now() + std::min(drain, longest_drain));
  const bool at_once = phase_ == phase::idle;
  const bool once_more = phase_ == phase::stopping;
  if (at_once) {
    phase_ = phase::stopped;
    end_calls();
  } else if (at_work()) {
    phase_ = phase::stopping;
  }
  if (at_once || once_more) {
    for (const auto& other : others()) other->ask_to_stop(drain);
  }
  news_.notify();
  wake_resting();
}

/// By this clock; that of another store may be another.
milliseconds engine::left_to_drain() const {
  if (drain_until_ == instant::max()) return options_.drain;
  return drain_until_ == instant::min() ? milliseconds{0}
                                        : std::max(drain_until_ - clock_.now(), milliseconds{0});
}

loop_awaitable<void> engine::shut_down(std::exception_ptr failure) {
  phase_ = phase::stopping;
  drain_until_ = std::min(drain_until_, clock_.now() + left_to_drain());
  for (const auto& other : others()) other->ask_to_stop(left_to_drain());  // All of them within one time.
  news_.notify();
  wake_resting();
  step_watch_.reset();
  if (shared_ && !options_.operate_only)
    store_->serve(served_work());  // Others fire its jobs while it drains.
  const std::vector<job_entry*> all(jobs_.begin(), jobs_.end());
  for (auto* job : all) retire(*job);
  co_await drain();
  runs_over_ = true;
  wake_waiting_for({});
  co_await join_all();
  co_await remove_pending_calls();
  while (serving_ > 0) co_await news_.wait();
  if (leads()) co_await close_executors();
  tick_bell_.reset();
  co_await close_store();
  if (leads()) logger_->info("scheduler {} stopped", options_.instance);
  if (leads() && wanted(event_kind::scheduler_stopped)) {
    auto happened = make_event(event_kind::scheduler_stopped);
    happened.exception = failure;
    if (failure) happened.message = outcome_of(failure).message;
    events_.tell(happened);
  }
  if (leads()) events_.close();
  phase_ = phase::stopped;
  news_.notify();
}

loop_awaitable<void> engine::close_executors() {
  const auto used = places();
  for (const auto& place : used) {
    if (!place->how) continue;
    co_await boost::asio::co_spawn(strand_, place->how->close(), boost::asio::deferred);
    if (!wanted(event_kind::executor_closed)) continue;
    auto happened = make_event(event_kind::executor_closed);
    happened.name = place->name;
    events_.tell(happened);
  }
}

/// Waits for running bodies as long as they are given, cancels the rest and waits for those; then sends the
/// runners home. What is still claimed meanwhile, by loops that wait for their store, counts as well.
loop_awaitable<void> engine::drain() {
  const auto anything = [this] { return loops_ > 0 || active_ > 0; };
  wall_timer bell{clock_, strand_};
  const auto rung = std::make_shared<bool>(true);
  if (active_ > 0 && drain_until_ > clock_.now()) {
    logger_->info("scheduler {} waits for {} runs to end", options_.instance, active_);
  }
  for (auto until = drain_until_; anything() && clock_.now() < drain_until_;) {
    if (until != drain_until_) bell.wake();  // Somebody cannot wait so long.
    if (std::exchange(*rung, false)) {       // It may ring early.
      until = drain_until_;
      bell.set(until);
      bell.async_wait([self = shared_from_this(), rung](boost::system::error_code) {
        *rung = true;
        self->news_.notify();
      });
    }
    co_await news_.wait();
  }
  cancelling_ = true;
  cancel_held(cancel_reason::shutdown);
  while (anything()) co_await news_.wait();
  const auto all = runners_;
  for (const auto& who : all) dismiss(*who);
  while (launched_ > 0) co_await news_.wait();
  parked_runners_.clear();
}

/// Waits for what is done in the background, and for operations, which may begin more of that.
loop_awaitable<void> engine::join_all() {
  co_await chores_.join();
  while (operations_ > 0) {
    co_await news_.wait();
    co_await chores_.join();
  }
}

/// That a store cannot be told good-bye must not keep the scheduler from ending.
loop_awaitable<void> engine::close_store() {
  if (!to_close_) co_return;
  std::exception_ptr failure;
  try {
    co_await store_->close();
  } catch (...) {
    failure = std::current_exception();
  }
  tell_of_store(event_kind::store_closed, failure ? outcome_of(failure).message : std::string{});
  if (!failure) co_return;
  logger_->error("{} could not be left in order: {}: what runs here counts as lost when the lease ends",
                 store_in_words(), outcome_of(failure).message);
}

std::vector<std::shared_ptr<executor_place>> engine::places() {
  const std::lock_guard lock{declared_mutex_};
  std::vector<std::shared_ptr<executor_place>> all;
  for (const auto& [name, place] : places_) all.push_back(place);
  return all;
}

/// Tells those that have not been told that they may be needed from now on.
void engine::open_executors() {
  if (options_.operate_only || !opened_ || !at_work()) return;
  const auto used = places();
  for (const auto& place : used) {
    if (place->how && !std::exchange(place->opened, true)) place->how->open(strand_);
  }
}

loop_awaitable<void> engine::wait_until_running() {
  while (phase_ == phase::idle || phase_ == phase::starting) {
    if (in_trouble_ && !required_ && !to_close_)
      throw boost::system::system_error(errc::store_unreachable, store_in_words() + " is not open yet");
    co_await news_.wait();
  }
  if (phase_ != phase::running) throw boost::system::system_error(errc::stopped);
}

}  // namespace carillon
