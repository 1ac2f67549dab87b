#include "push/outbox.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

#include "push/outbox_entry.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

// Of an error code its own words: what() adds where in the sources it was noticed.
std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& why) {
    return why.code().has_location() ? why.code().message() : why.what();
  } catch (const std::exception& why) {
    return why.what();
  } catch (...) {
    return "an exception that says nothing";
  }
}

}  // namespace

outbox::outbox(parts all, const push_options& how)
    : all_{std::move(all)},
      how_{how},
      freed_{all_.where},
      emptied_{all_.where},
      wake_timer_{all_.where},
      lease_timer_{all_.where},
      deliveries_{all_.where, [this](const std::exception_ptr& failure) { tell_failure(failure); }},
      work_{all_.where, [this](const std::exception_ptr& failure) { tell_failure(failure); }} {}

outbox::~outbox() = default;

outbox::share::share(outbox& owner) : all_{std::make_shared<state>(owner.all_.where)} {}

void outbox::tell_failure(const std::exception_ptr& failure) {
  all_.logger->error("push: {}", words_of(failure));
}

loop_awaitable<outbox::places> outbox::room(std::size_t count) {
  while (taken_ > 0 && taken_ + count > how_.most_reserved) co_await freed_.wait();
  co_return places(*this, count);
}

void outbox::give_places(std::size_t count) {
  taken_ -= count;
  if (count > 0) freed_.notify();
}

void outbox::add(const share& into, std::vector<reservation> won,
                 std::chrono::steady_clock::time_point asked_at) {
  const auto held_until = asked_at + how_.lease;
  for (auto& each : won) {
    const auto in_hand = by_name_.find(each.name);
    if (in_hand != by_name_.end()) {
      adopt(*in_hand->second, std::move(each), held_until);
      continue;
    }
    auto made = std::make_shared<entry>();
    made->what = std::move(each);
    made->owner = into.all_;
    made->held_until = held_until;
    made->place = entries_.insert(entries_.end(), made);
    by_name_.emplace(made->what.name, made.get());
    ++taken_;
    ++into.all_->size;
    ++all_.figures.due;
    ready_.push_back(std::move(made));
  }
  if (keepers_ == 0 && !entries_.empty()) {
    ++keepers_;
    work_.spawn(keep_leases());
  }
  dispatch();
}

void outbox::adopt(entry& which, reservation again, std::chrono::steady_clock::time_point held_until) {
  which.what.token = std::move(again.token);
  which.held_until = held_until;
  which.adopted = which.in_store;
  if (which.at != stage::stalled) return;
  which.at = stage::ready;
  ready_.push_back(*which.place);
}

// A delivery may be over at once: then this is called from within itself.
void outbox::dispatch() {
  if (dispatching_ || closing_) return;
  dispatching_ = true;
  const auto now = std::chrono::steady_clock::now();
  while (under_way_ < how_.concurrency && !ready_.empty()) {
    auto next = std::move(ready_.front());
    ready_.pop_front();
    if (next->at != stage::ready) continue;
    if (next->held_until <= now) {
      next->at = stage::stalled;
      continue;
    }
    next->at = stage::under_way;
    ++next->tries;
    ++under_way_;
    deliveries_.spawn(deliver(std::move(next)));
  }
  dispatching_ = false;
}

loop_awaitable<void> outbox::deliver(entry_ptr which) {
  delivered how;
  try {
    how = co_await all_.way.deliver(which->what.what);
  } catch (...) {
    how = delivered::again(words_of(std::current_exception()));
    how.unsure = true;
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  const bool cut_off = state.cancelled() != asio::cancellation_type::none;
  if (cut_off && how.what == delivered::kind::again) which->how = given_back::unknown;
  --under_way_;
  settle(which, std::move(how));
  dispatch();
}

void outbox::settle(const entry_ptr& which, delivered how) {
  if (how.what == delivered::kind::ok) return delivered_well(which);
  ++all_.figures.failed;
  which->reason = std::move(how.why);
  which->away = how.what == delivered::kind::away;
  which->never = how.what == delivered::kind::never;
  if (!which->away) ++which->answered;
  if (how.unsure) which->what.what.repeat = true;  // The next attempt, whoever makes it.
  if (closing_ || which->lost) {
    if (which->how == given_back::untouched) which->how = given_back::failed;
    return to_be_ended(unsent_, which);
  }
  if (is_hopeless(*which)) return to_be_ended(dead_, which);
  which->at = stage::waiting;
  if (!which->away) ++which->what.what.attempt;
  const auto until = std::chrono::steady_clock::now() + pause_after(*which, how);
  const bool is_first = waiting_.empty() || until < waiting_.begin()->first;
  waiting_.emplace(until, which);
  if (!waking_) {
    waking_ = true;
    work_.spawn(wake_waiting());
  } else if (is_first) {
    wake_timer_.cancel();
  }
}

// Where nobody is there the attempts do not count until the push is not worth sending any more: a receiver
// that begins again must not cost anybody a push.
bool outbox::is_hopeless(const entry& which) const {
  if (which.never) return true;
  if (!which.away) return which.answered >= how_.retry.attempts;
  return which.tries >= how_.retry.attempts && all_.clock.now() > which.what.what.due + how_.grace;
}

void outbox::delivered_well(const entry_ptr& which) {
  ++all_.figures.sent;
  if (which->what.what.repeat) ++all_.figures.repeats;
  all_.figures.lateness.add(all_.clock.now() - which->what.what.due);
  to_be_ended(sent_, which);
}

milliseconds outbox::pause_after(const entry& which, const delivered& how) {
  auto pause = how_.retry.backoff_min;
  for (auto i = which.tries; i > 1 && pause < how_.retry.backoff_max; --i) pause *= 2;
  pause = std::min(pause, how_.retry.backoff_max);
  std::uniform_int_distribution<std::int64_t> part{pause.count() / 2, pause.count()};
  pause = milliseconds{part(random_)};
  // What a receiver asks for is granted as long as it makes sense.
  return std::max(pause, std::min(how.retry_after.value_or(milliseconds{0}), how_.grace));
}

loop_awaitable<void> outbox::wake_waiting() {
  while (!waiting_.empty()) {
    const auto now = std::chrono::steady_clock::now();
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first <= now;
         first = waiting_.begin()) {
      first->second->at = stage::ready;
      ready_.push_back(first->second);
      waiting_.erase(first);
    }
    dispatch();
    if (waiting_.empty()) break;
    wake_timer_.expires_at(waiting_.begin()->first);
    co_await wake_timer_.async_wait(asio::as_tuple(asio::deferred));
  }
  waking_ = false;
}

void outbox::drop_waiting(const entry_ptr& which) {
  std::erase_if(waiting_, [&](const auto& each) { return each.second == which; });
}

loop_awaitable<void> outbox::finish(share& mine) {
  while (mine.all_->size > 0) co_await mine.all_->over.wait();
}

loop_awaitable<void> outbox::close() {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  closing_ = true;
  waiting_.clear();
  wake_timer_.cancel();
  for (const auto& each : entries_) {
    if (each->at == stage::ending || each->at == stage::under_way) continue;
    if (each->at == stage::waiting && !each->away) --each->what.what.attempt;  // It has not begun.
    each->how = each->answered > 0 ? given_back::failed : given_back::untouched;
    to_be_ended(unsent_, each);
  }
  deliveries_.cancel();
  while (!entries_.empty()) co_await emptied_.wait();
  co_await deliveries_.join();
  if (unmarked_ > 0)
    all_.logger->error(
        "push: {} were delivered, or have failed for good, and are not marked as such, for "
        "Redis is away: they are sent again, as repeats",
        unmarked_);
  work_.cancel();
  co_await work_.join();
}

}  // namespace carillon::pushes
