#include "push/outlook.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "push/scripts.hpp"

namespace carillon::pushes {

namespace {

outlook outlook_in(const redis::reply& answer) {
  const auto count = [&](std::size_t at) { return static_cast<std::uint64_t>(answer[at].integer()); };
  outlook some;
  some.due = count(0);
  some.sent = count(1);
  some.pending = count(2);
  some.dead = count(3);
  if (answer.size() < 6) return some;
  some.malformed = count(4);
  some.misfits = misfits_in(answer[5]);
  return some;
}

}  // namespace

void outlook::add(outlook other) {
  due += other.due;
  sent += other.sent;
  pending += other.pending;
  dead += other.dead;
  malformed += other.malformed;
  std::ranges::move(other.misfits, std::back_inserter(misfits));
}

foreseer::foreseer(redis::client& through, reservations& state, const push_options& how)
    : redis_{through}, state_{state}, how_{how} {}

milliseconds foreseer::wait_for(instant due, instant now) const {
  return std::max(milliseconds{0}, due - how_.lookahead - now);
}

loop_awaitable<outlook> foreseer::minute(instant due, int score, instant now) {
  const redis::words keys(state_.keys().open, how_.subscriptions);
  const auto ranks = co_await state_.ranks_of(score);
  outlook all;
  for (std::uint64_t done = 0; done < ranks.count; done += how_.page) {
    const auto last = ranks.first + std::min<std::uint64_t>(done + how_.page, ranks.count) - 1;
    const redis::words arguments(how_.sent + ':', state_.keys().own_marks, wait_for(due, now).count(),
                                 due.time_since_epoch().count(), score, ranks.first + done, last);
    const auto answer = co_await redis_.run(scripts::foresee, keys, arguments);
    all.add(outlook_in(answer));
  }
  co_return all;
}

loop_awaitable<outlook> foreseer::named(std::span<const wanted_push> some, instant now) {
  const redis::words keys(state_.keys().open);
  outlook all;
  while (!some.empty()) {
    // Those that wait for the same time, as one.
    const auto wait = wait_for(some.front().due, now);
    redis::words arguments(how_.sent + ':', state_.keys().own_marks, wait.count());
    std::size_t count = 0;
    for (; count < std::min(some.size(), how_.page) && wait_for(some[count].due, now) == wait; ++count)
      arguments.add(some[count].name).add(some[count].due.time_since_epoch().count());
    some = some.subspan(count);
    const auto answer = co_await redis_.run(scripts::foresee_named, keys, arguments);
    all.add(outlook_in(answer));
  }
  co_return all;
}

}  // namespace carillon::pushes
