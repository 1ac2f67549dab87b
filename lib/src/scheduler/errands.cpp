// Work in the background, and what becomes of it when the store fails: one coroutine for each kind of work,
// one line in the log for each outage.

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

constexpr std::size_t most_at_once = 64;
constexpr std::size_t most_at_once_shared = 4'096;  // A shared store sends them in batches, by partition.
constexpr milliseconds first_rest{1'000};
constexpr milliseconds longest_rest{60'000};
constexpr milliseconds same_refusal{60'000};  // Told again after this.

}  // namespace

/// Has something done in the background, now or after what of it is under way.
void engine::ask(errand& what) {
  what.wanted = true;
  if (what.under_way || !at_work() || !opened_)
    return;  // What is asked before the store is open, start_up does.
  what.under_way = true;
  chores_.spawn(run_errand(what));
}

loop_awaitable<void> engine::run_errand(errand& what) {
  co_await boost::asio::post(boost::asio::deferred);  // Not within what asked for it.
  std::uint32_t failures = 0;
  while (what.wanted && at_work()) {
    what.wanted = false;
    std::exception_ptr failure;
    try {
      co_await (this->*what.work)();
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) {
      failures = 0;
      store_answers();
    } else if (is_store_failure(failure)) {
      tell_trouble(failure);
      what.wanted = true;
      co_await rest(failures++);
    } else if (phase_ == phase::starting) {
      start_failure_ = failure;
    } else {
      logger_->critical("scheduler: {}", outcome_of(failure).message);
    }
  }
  what.under_way = false;
  news_.notify();
}

/// Has something done while the scheduler starts, and waits until it is; throws what it throws.
loop_awaitable<void> engine::done(errand& what) {
  ask(what);
  while (what.under_way && phase_ == phase::starting) co_await news_.wait();
  if (start_failure_) std::rethrow_exception(std::exchange(start_failure_, nullptr));
}

/// Several coroutines that share a list of things to do.
struct engine::crew {
  std::function<loop_awaitable<void>(std::size_t)> each;
  std::size_t count = 0;
  std::size_t next = 0;
  std::size_t working = 0;
  std::exception_ptr failure;
};

/// Calls `each` with the numbers below `count`, and awaits what it answers: many at a time, so that a store
/// with a round trip can take them together. The first failure ends it and is thrown, once those under way
/// have ended; so does the end of the scheduler, without a word.
loop_awaitable<void> engine::for_each(std::size_t count,
                                      std::function<loop_awaitable<void>(std::size_t)> each) {
  const auto all = std::make_shared<crew>();
  all->each = std::move(each);
  all->count = count;
  const auto workers = std::min(count, shared_ ? most_at_once_shared : most_at_once);
  all->working = workers;
  for (std::size_t i = 0; i < workers; ++i) chores_.spawn(work_off(all));
  while (all->working > 0) co_await news_.wait();
  if (all->failure) std::rethrow_exception(all->failure);
}

loop_awaitable<void> engine::work_off(std::shared_ptr<crew> all) {
  try {
    while (all->next < all->count && !all->failure && at_work()) co_await all->each(all->next++);
  } catch (...) {
    if (!all->failure) all->failure = std::current_exception();
  }
  if (--all->working == 0) news_.notify();
}

/// Between `time` and half of it: so that instances, and jobs, do not all come at once. By the instance's
/// name, so that a simulation is the same each time.
milliseconds engine::some_of(milliseconds time) {
  const auto number = seed_of(options_.instance) + ++jitters_ * 0x9e37'79b9'7f4a'7c15u;
  const auto mixed = (number ^ (number >> 29)) * 0xbf58'476d'1ce4'e5b9u;
  const auto half = std::max<std::int64_t>(time.count() / 2, 1);
  return milliseconds{time.count() -
                      static_cast<std::int64_t>((mixed >> 16) % static_cast<std::uint64_t>(half))};
}

milliseconds engine::backoff_after(std::uint32_t failures) {
  return some_of(std::min(longest_rest, first_rest * (1 << std::min<std::uint32_t>(failures, 6))));
}

/// Waits before something is tried again; not after the store answers again, or the scheduler is told to end.
loop_awaitable<void> engine::rest(std::uint32_t failures) { co_await rest_for(backoff_after(failures)); }

loop_awaitable<void> engine::rest_for(milliseconds time) {
  if (!at_work()) co_return;
  wall_timer bell{clock_, strand_};
  bell.set(clock_.now() + time);
  const auto place = resting_.insert(resting_.end(), &bell);
  co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  resting_.erase(place);
}

void engine::wake_resting() {
  for (auto* bell : resting_) bell->wake();
}

/// A store that fails is told of once, however many jobs notice.
void engine::tell_trouble(const std::exception_ptr& failure) {
  const auto code = store_failure(failure);
  if (code == errc::other_store) return;  // That it was replaced is told when the new one is open.
  const auto why = outcome_of(failure).message;
  if (code != errc::store_refused) return store_is_lost(why);
  const auto now = clock_.now();
  const bool told = refused_ == why && now < refused_at_ + same_refusal && now >= refused_at_;
  if (told) return;
  refused_ = why;
  refused_at_ = now;
  logger_->critical("{} would not do what was asked, and is asked again: {}", store_in_words(), why);
  if (!wanted(event_kind::loop_failed)) return;
  auto happened = make_event(event_kind::loop_failed);
  happened.message = why;
  happened.exception = failure;
  events_.tell(happened);
}

void engine::store_is_lost(const std::string& why) {
  heartbeats_lost_ = false;  // This says more.
  if (std::exchange(in_trouble_, true)) return;
  logger_->critical("{} does not answer, and nothing is claimed until it does: {}", store_in_words(), why);
  tell_of_store(event_kind::store_lost, why);
}

/// Something that was asked of the store has been answered.
void engine::store_answers() {
  if (!in_trouble_ || !reachable_) return;
  in_trouble_ = false;
  logger_->warn("{} answers again", store_in_words());
  tell_of_store(event_kind::store_back, {});
}

}  // namespace carillon
