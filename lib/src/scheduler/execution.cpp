// Runs: plain bodies are called in the loop; all else is carried out by runners, coroutines that are used
// again and again.

#include <fmt/format.h>
#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/time/duration.hpp>
#include <utility>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_parked = 4'096;  // Runners kept for the next burst.

/// Which of two runs gets a place of their executor first.
bool goes_before(const runner* one, const runner* other) {
  const auto first = one->attempt.definition->options->priority;
  const auto second = other->attempt.definition->options->priority;
  return first != second ? first > second : one->attempt.context.due < other->attempt.context.due;
}

std::string_view kind_name(const executor_place& place) {
  switch (place.what) {
    case executor_place::kind::executor: return "executor";
    case executor_place::kind::group: return "group";
    case executor_place::kind::scheduler: break;
  }
  return "scheduler";
}

std::string place_in_words(const executor_place& place) {
  if (place.what == executor_place::kind::scheduler) return "the scheduler";
  return fmt::format("{} '{}'", kind_name(place), place.name);
}

}  // namespace

void engine::start(job_entry& job, const taken_run& taken) {
  if (shared_ && !may_start(job, taken)) return;
  if (job.parked()) return finish_unrun(job, taken, not_served(job));
  ++job.active;
  ++active_;
  tell_claimed(job, taken);
  const bool needs_place = job.how->place != nullptr || job.how->group != nullptr;
  if (!needs_place && job.how->body->plain()) return run_plain(job, taken);
  auto& who = acquire_runner();
  fill(who.attempt, job, taken);
  who.attempt.definition = job.definition;
  who.attempt.context.job = &who.attempt.definition->id;
  who.attempt.context.task = &who.attempt.definition->task_name();
  who.attempt.context.arguments = &who.attempt.definition->arguments.str();
  who.body = job.how->body;
  who.place = job.how->place;
  who.group = job.how->group;
  who.group_here = who.group && who.group->share && !leads_alone() ? group_here(*who.group) : nullptr;
  who.next = job.running;
  if (who.next) who.next->previous = &who;
  job.running = &who;
  const auto hold = who.shared_from_this();  // Its body may end at once, and it with it.
  enter_place(who);
  const bool goes_on = who.attempt.job == &job && who.attempt.context.id == taken.id;
  if (cancelling_ && goes_on) cancel(who, cancel_reason::shutdown);
}

/// Of a run that was won while the job changed to one that nobody here can run.
outcome engine::not_served(const job_entry& job) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.failure = "not served";
  result.message = fault_of(*job.definition).value_or("nobody here can run this job");
  return result;
}

/// Ends a run that was won without beginning it.
void engine::finish_unrun(job_entry& job, const taken_run& taken, outcome result) {
  ++job.active;
  ++active_;
  fill(plain_, job, taken);
  plain_.started = clock_.now();
  finish(plain_, std::move(result), std::chrono::nanoseconds{0}, nullptr);
}

void engine::fill(active_run& attempt, job_entry& job, const taken_run& taken) {
  auto& context = attempt.context;
  attempt.job = &job;
  context.job = &job.definition->id;
  context.task = &job.definition->task_name();
  context.instance = &options_.instance;
  context.logger = logger_.get();
  context.arguments = &job.definition->arguments.str();
  context.where = job.definition->when.where().value_or(job.where);
  context.forget_body();
  context.carries = job.options().carries;
  context.carried.assign(taken.carried);
  context.id.assign(taken.id);
  context.scheduled_for = taken.occurrence;
  context.due = taken.due;
  context.attempt = taken.attempt;
  context.fence = taken.fence;
  context.follows = taken.follows;
  context.deadline.reset();
  context.reason.store(cancel_reason::none, std::memory_order_relaxed);
}

/// A plain call, here and now: nothing outlives it.
void engine::run_plain(job_entry& job, const taken_run& taken) {
  auto& attempt = plain_;
  fill(attempt, job, taken);
  attempt.started = clock_.now();
  if (job.options().timeout) attempt.context.deadline = attempt.started + *job.options().timeout;
  tell_started(attempt);
  std::exception_ptr thrown;
  attempt.began = clock_.elapsed();
  try {
    job.how->body->call(attempt.handle);
  } catch (...) {
    thrown = std::current_exception();
  }
  const auto took = clock_.elapsed() - attempt.began;
  if (took > options_.blocked_after) tell_blocked(attempt, took);
  auto result = outcome_of(thrown);
  if (!thrown) result.message = attempt.context.note;
  finish(attempt, std::move(result), took, thrown);
}

/// Begins a run once it has a place in its group, then one with its executor, if it has them, and then one
/// among all runs. In this order: a run that waits for its group must not keep others from their executor.
void engine::enter_place(runner& who) {
  if (who.group) return seek_place(who, *who.group);
  enter_executor(who);
}

void engine::enter_executor(runner& who) { seek_place(who, who.place ? *who.place : everything_); }

/// Takes a place, waits for one, or fails when too many wait.
void engine::seek_place(runner& who, executor_place& place) {
  if (place.has_room() && place.queue.empty()) {  // Those that wait are about to be called.
    take_place(who, place);
  } else if (place.queue.size() < place.limits.queued + place.free()) {
    who.waits_in = &place;
    place.queue.insert(std::ranges::upper_bound(place.queue, &who, goes_before), &who);
    if (place.share) ask_for_share(place);
    tell_waiting(who.attempt, place);
  } else {
    outcome result;
    result.kind = outcome_kind::failed;
    result.failure = fmt::format("{} full", kind_name(place));
    result.message = fmt::format("{} is full: {} run and {} wait", place_in_words(place), place.running,
                                 place.queue.size());
    who.attempt.started = clock_.now();
    run_over(who, std::move(result), nullptr);
  }
}

void engine::tell_waiting(const active_run& attempt, const executor_place& place) {
  if (!wanted(event_kind::run_waiting)) return;
  auto happened = make_event(event_kind::run_waiting, attempt);
  happened.lateness = milliseconds{0};  // It has not begun.
  happened.name = place.name;
  happened.message = fmt::format("waits for a place of {}", place_in_words(place));
  events_.tell(happened);
}

void engine::take_place(runner& who, executor_place& place) {
  ++place.running;
  who.waits_in = nullptr;
  if (&place == &everything_) return begin(who);
  if (&place == who.group) {
    who.in_group = true;
    who.group_term = place.share ? place.share->term : 0;
    if (who.group_here) return seek_place(who, *who.group_here);
    return enter_executor(who);
  }
  if (&place == who.group_here) {
    who.in_group_here = true;
    return enter_executor(who);
  }
  who.has_place = true;
  seek_place(who, everything_);
}

void engine::begin(runner& who) {
  auto& attempt = who.attempt;
  who.begun = true;
  attempt.started = clock_.now();
  attempt.began = clock_.elapsed();
  if (const auto timeout = attempt.definition->options->timeout) {
    attempt.context.deadline = attempt.started + *timeout;
    watch(who, *attempt.context.deadline);
  }
  tell_started(attempt);
  if (!who.launched) {
    launch(who);
  } else {
    who.unpark();
  }
  // What follows the body's first wait is another call of the event loop, and not seen here.
  const auto took = clock_.elapsed() - attempt.began;
  if (took > options_.blocked_after) tell_blocked(attempt, took);
}

void engine::launch(runner& who) {
  who.launched = true;
  ++launched_;
  auto on_end = [this, self = who.shared_from_this()](const std::exception_ptr&) {
    --launched_;
    std::erase(runners_, self);
    news_.notify();
  };
  boost::asio::any_io_executor where{strand_};
  boost::asio::co_spawn(where, run_runner(who.shared_from_this()),
                        boost::asio::bind_cancellation_slot(who.stop.slot(), std::move(on_end)));
}

/// A runner's life: one body after another, with a rest between them.
boost::asio::awaitable<void> engine::run_runner(std::shared_ptr<runner> who) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
  while (!who->dismissed) {
    std::exception_ptr thrown;
    try {
      co_await carry_out(*who);
    } catch (...) {
      thrown = std::current_exception();
    }
    // The next body must not inherit that this one was cancelled, or what it did not want to hear.
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
    co_await boost::asio::this_coro::throw_if_cancelled(true);
    const bool astray = !strand_.running_in_this_thread();
    if (astray) co_await boost::asio::post(strand_, boost::asio::deferred);
    body_ended(*who, thrown);
    if (!who->dismissed) co_await who->park(boost::asio::deferred);
  }
}

boost::asio::awaitable<void> engine::carry_out(runner& who) {
  auto& handle = who.attempt.handle;
  if (who.place && who.place->how) return who.place->how->execute(handle, who.body);
  return who.body->start(handle);
}

void engine::body_ended(runner& who, const std::exception_ptr& thrown) {
  auto result = outcome_of(thrown);
  const auto reason = who.attempt.context.reason.load();
  if (reason != cancel_reason::none) {
    // Told to stop: what it did then, or whether it had just ended by itself, nobody can know.
    result.kind = reason == cancel_reason::timeout ? outcome_kind::timed_out : outcome_kind::cancelled;
    result.reason = reason;
    result.failure = std::string{name(reason)};
    result.message =
        reason == cancel_reason::timeout
            ? fmt::format("timed out after {}", format_duration(*who.attempt.definition->options->timeout))
            : fmt::format("cancelled: {}", name(reason));
  }
  // What a failure says of itself is enough; of all other ends this is all there is to tell.
  const auto& note = who.attempt.context.note;
  if (!note.empty() && result.kind != outcome_kind::failed)
    result.message += (result.message.empty() ? "" : "\n") + note;
  run_over(who, std::move(result), thrown);
}

/// The end of a run that was not a plain call, whether its body has begun or not.
void engine::run_over(runner& who, outcome result, const std::exception_ptr& thrown) {
  auto& attempt = who.attempt;
  auto& job = *attempt.job;
  (who.previous ? who.previous->next : job.running) = who.next;
  if (who.next) who.next->previous = who.previous;
  who.previous = who.next = nullptr;
  ++who.rounds;
  if (std::exchange(who.watched, false)) who.watch.wake();
  leave_places(who);
  const auto took = who.begun ? clock_.elapsed() - attempt.began : std::chrono::nanoseconds{0};
  finish(attempt, std::move(result), took, thrown);
  release_runner(who);
}

/// Gives up its places; the next ones in their queues get them.
void engine::leave_places(runner& who) {
  if (std::exchange(who.has_place, false)) leave_place(*who.place);
  if (who.begun) leave_place(everything_);
  if (std::exchange(who.in_group_here, false)) leave_place(*who.group_here);
  if (std::exchange(who.in_group, false)) leave_group(who);
}

void engine::leave_place(executor_place& place) {
  --place.running;
  // Not from here: a queue of bodies that end at once would grow the stack with each.
  if (!place.queue.empty())
    boost::asio::post(strand_, [self = shared_from_this(), where = &place] { self->fill_place(*where); });
}

void engine::fill_place(executor_place& place) {
  if (place.queue.empty() || !place.has_room()) return;
  auto& next = *place.queue.front();
  place.queue.pop_front();
  next.owner.take_place(next, place);
}

runner& engine::acquire_runner() {
  if (parked_runners_.empty()) {
    runners_.push_back(std::make_shared<runner>(*this, clock_, strand_));
    return *runners_.back();
  }
  auto& who = *parked_runners_.back();
  parked_runners_.pop_back();
  return who;
}

void engine::release_runner(runner& who) {
  who.begun = false;
  who.attempt.job = nullptr;
  if (parked_runners_.size() < most_parked && phase_ == phase::running) {
    parked_runners_.push_back(&who);
  } else {
    dismiss(who);
  }
}

/// Lets a runner end, once its coroutine (if it has one) comes round.
void engine::dismiss(runner& who) {
  who.dismissed = true;
  if (who.is_parked()) {
    who.unpark();
  } else if (!who.launched) {
    std::erase_if(runners_, [&](const auto& each) { return each.get() == &who; });
  }
}

/// Asks a run to stop, once: the first reason counts.
void engine::cancel(runner& who, cancel_reason reason) {
  auto expected = cancel_reason::none;
  if (!who.attempt.context.reason.compare_exchange_strong(expected, reason)) return;
  if (who.begun) {
    watch(who, clock_.now() + options_.stuck_after);
    who.stop.emit(boost::asio::cancellation_type::all);
  } else {
    auto& place = *std::exchange(who.waits_in, nullptr);
    std::erase(place.queue, &who);
    if (place.share) ask_for_share(place);
    who.attempt.started = clock_.now();
    body_ended(who, nullptr);
  }
}

/// Asks a run to stop, if it is one of this instance.
void engine::cancel_run(std::string_view run_id, cancel_reason reason) {
  for (const auto& who : runners_) {
    if (who->attempt.job && who->attempt.context.id == run_id) return cancel(*who, reason);
  }
}

/// The same, if it is one of that job. Whether it was one of this instance.
bool engine::cancel_run_of(std::string_view id, std::string_view run_id, cancel_reason reason) {
  for (const auto& who : runners_) {
    const auto& attempt = who->attempt;
    if (!attempt.job || attempt.context.id != run_id || *attempt.context.job != id) continue;
    cancel(*who, reason);
    return true;
  }
  return false;
}

/// Asks all runs of a job to stop, those included that were begun before it was removed or given to another
/// instance. Answers how many there were.
std::size_t engine::cancel_all(std::string_view id, cancel_reason reason) {
  std::vector<runner*> all;  // The list changes when one that waits for its executor ends at once.
  for (const auto& who : runners_) {
    if (who->attempt.job && *who->attempt.context.job == id) all.push_back(who.get());
  }
  for (auto* who : all) cancel(*who, reason);
  return all.size();
}

/// Looks after a run at `until`, instead of when it was to be looked after before.
void engine::watch(runner& who, instant until) {
  who.rings_at = until;
  who.watched = true;
  who.watch.set(until);
  who.watch.async_wait(
      [this, self = who.shared_from_this(), round = ++who.rounds](boost::system::error_code) {
        if (round == self->rounds) on_watch(*self);
      });
}

void engine::on_watch(runner& who) {
  if (clock_.now() < who.rings_at) return watch(who, who.rings_at);
  const bool asked_to_stop = who.attempt.context.reason != cancel_reason::none;
  if (!asked_to_stop) return cancel(who, cancel_reason::timeout);
  who.watched = false;
  tell_stuck(who.attempt);
}

}  // namespace carillon
