#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <utility>

#include "redis/lock_asker.hpp"
#include "redis/scripts.hpp"

namespace carillon::redis {

loop_awaitable<lock_clerk::verdict> lock_clerk::call(const lua_script& script, const words& keys,
                                                     const words& arguments) {
  verdict said;
  using enum verdict::kind;
  try {
    const auto answer = co_await connection_.run(script, keys, arguments);
    const auto word = answer[0].text();
    if (word == "held" || word == "claimed" || word == "released") {
      said.what = yes;
    } else if (word == "done") {
      said.what = done;
    } else if (word == "wait" || word == "pending") {
      said.what = later;
    } else {
      said.what = no;
    }
    const bool has_number = (said.what == yes || said.what == later) && answer.size() > 1;
    if (has_number) said.number = answer[1].integer();
  } catch (const boost::system::system_error& failure) {
    said.what = failure.code() == errc::store_unreachable ? unreachable : refused;
    said.failure = std::current_exception();
  }
  co_return said;
}

loop_awaitable<lock_clerk::verdict> lock_clerk::call_until_answered(const lua_script& script,
                                                                    const words& keys, const words& arguments,
                                                                    milliseconds patience) {
  const auto end = lease::now() + patience;
  bool repeated = false;
  for (milliseconds pause{50};; pause = std::min(pause * 2, milliseconds{1000})) {
    auto said = co_await call(script, keys, arguments);
    said.repeated = std::exchange(repeated, true);
    const bool over = said.what != verdict::kind::unreachable || closed_ || lease::now() >= end;
    if (over) co_return said;
    asker::timer bell{where_, at_random(pause / 2, pause)};
    co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }
}

loop_awaitable<void> lock_clerk::keep_asking(asker_ptr who) {
  using enum verdict::kind;
  const auto& question = who->question;
  milliseconds pause{50};
  while (!who->over) {
    who->woken = false;
    const auto asked = lease::now();
    const auto said = co_await call(*question.ask, question.terms.keys, question.ask_with);
    who->answered = said.what != unreachable;
    who->may_be_there = said.what == yes || said.what == unreachable ||
                        (said.what == later && question.limit != milliseconds{0});
    if (who->over) break;
    const bool granted = said.what == yes && grant(who, asked, static_cast<std::uint64_t>(said.number));
    if (granted) co_return;
    if (said.what == done || said.what == no) {
      answer(*who, {nullptr, nullptr, said.what == done});
    } else if (said.what == refused) {
      answer(*who, {said.failure, nullptr, false});
    } else if (said.what == unreachable && question.limit == milliseconds{0}) {
      answer(*who, {said.failure, nullptr, false});
    } else if (said.what == later && question.limit == milliseconds{0}) {
      answer(*who, {});
    } else if (said.what == unreachable) {
      co_await wait(who, at_random(pause / 2, pause));
      pause = std::min(pause * 2, milliseconds{1000});
    } else if (said.what == later) {
      listen();
      pause = milliseconds{50};
      // A third of the lease, so that a place in the queue is kept, and sooner when what stands in the way
      // may run out.
      const auto duration = question.terms.duration;
      const auto spread = at_random(milliseconds{0}, std::min(duration / 20, milliseconds{50}));
      const auto run_out = said.number < 0 ? duration : milliseconds{said.number} + spread;
      co_await wait(who, std::min(duration / 3 - spread, run_out));
    }
  }
  co_await withdraw_question(who);
}

// Nothing if it was woken since it asked.
loop_awaitable<void> lock_clerk::wait(asker_ptr who, milliseconds at_most) {
  if (who->woken || who->over) co_return;
  who->bell.expires_after(at_most);
  co_await who->bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
}

// It was answered with no, or withdrawn: perhaps while Redis was about to say yes.
loop_awaitable<void> lock_clerk::withdraw_question(asker_ptr who) {
  waiting_.erase(who->question.terms.token);
  if (!who->may_be_there) co_return;
  const auto& terms = who->question.terms;
  co_await call_until_answered(*terms.leave, terms.keys, terms.leave_with, terms.duration);
}

// False: the answer took longer than the lease.
bool lock_clerk::grant(const asker_ptr& who, lease::elapsed_time asked, std::uint64_t fence) {
  const auto granted = std::make_shared<lease>(std::move(who->question.terms), fence);
  granted->extend(asked);
  if (!granted->is_good()) {
    who->question.terms = granted->terms();
    return false;
  }
  waiting_.erase(granted->terms().token);
  keeper_.add(granted);
  answer(*who, {nullptr, granted, false});
  return true;
}

loop_awaitable<void> lock_clerk::renew(lease_ptr what) {
  const auto& terms = what->terms();
  const auto asked = lease::now();
  const auto said = co_await call(*terms.renew, terms.keys, terms.renew_with);
  if (said.what == verdict::kind::yes) {
    what->extend(asked);
  } else if (said.what == verdict::kind::no) {
    keeper_.remove(what);
    what->end();
  } else {
    what->renew_later();
  }
  keeper_.renewed(what);
}

loop_awaitable<void> lock_clerk::leave(lease_ptr what, told done) {
  const auto& terms = what->terms();
  const bool was_good = what->is_good();
  const auto rest = std::chrono::duration_cast<milliseconds>(what->good_until() - lease::now());
  keeper_.remove(what);
  what->end_given_back();
  const auto patience = std::max(rest, milliseconds{0});
  const auto said = co_await call_until_answered(*terms.leave, terms.keys, terms.leave_with, patience);
  if (!done) co_return;
  if (said.failure) {
    (*done)(said.failure, false);
  } else {
    // When the answer was lost, Redis says no at the second time: it was ours until the first.
    const bool was_ours = said.what == verdict::kind::yes || (said.repeated && was_good);
    (*done)(std::exception_ptr{}, was_ours);
  }
}

loop_awaitable<void> lock_clerk::write_done(lease_ptr what, milliseconds ttl, told done) {
  const auto& terms = what->terms();
  keeper_.remove(what);
  what->end_given_back();
  words with(terms.token, ttl.count(), desk_->channels());
  const auto said = co_await call_until_answered(scripts::once_done, terms.keys, with, terms.duration);
  (*done)(said.failure, said.what == verdict::kind::done);
}

}  // namespace carillon::redis
