#include "push/look.hpp"

#include <spdlog/logger.h>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/wall_timer.hpp>
#include <carillon/async/while_watched.hpp>
#include <exception>

#include "push/due_minutes.hpp"
#include "push/rich_subscription.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

using std::chrono::minutes;

constexpr minutes between_looks{1};
constexpr minutes between_sweeps{30};

// An answer that was lost is asked for again, with the same token: what was reserved is answered, not
// reserved anew.
constexpr int most_asked = 3;

bool is_unreachable(const boost::system::system_error& failure) {
  return failure.code() == errc::store_unreachable;
}

}  // namespace

look::look(parts all, const push_options& how)
    : all_{std::move(all)}, how_{how}, zone_{how.time_zone.value_or(zone::system())}, stopped_{all_.where} {}

loop_awaitable<void> look::run(std::uint32_t slice, passes often) {
  outbox::share mine{all_.out};
  std::exception_ptr failure;
  try {
    // Who has delivered while Redis was away marks that before anybody reserves anew.
    co_await rest_until(held_until_);
    co_await look_on(slice, often, mine);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  try {
    // Where Redis is away: what has been reserved is sent all the same, and marked when it is back.
    co_await all_.out.finish(mine);
  } catch (const boost::system::system_error& stopped) {
    all_.logger->debug("push: a look ends before what it has reserved: {}", stopped.what());
  }
  std::rethrow_exception(failure);
}

loop_awaitable<void> look::look_on(std::uint32_t slice, passes often, outbox::share& mine) {
  auto begun = all_.clock.now();
  auto from = begun - how_.grace;
  auto covered = instant::min();
  while (true) {
    ++all_.figures.looks;
    pass now{mine, slice};
    const auto to = begun + how_.lookahead;
    co_await read_window(now, std::max(from, std::min(reach_, begun - reach_grace_)), to, covered);
    if (often == passes::one || stopping_) break;
    covered = to;
    const auto next = begun + between_looks;
    // For most looks this is the end. What takes long goes on beside the next one.
    const bool is_under_way = mine.size() > 0 && all_.clock.now() < next;
    if (is_under_way) co_await while_watched(all_.out.finish(mine), rest_until(next));
    if (stopping_) break;
    if (mine.size() == 0 && all_.clock.now() < next) {
      if (now.with_others == 0) break;
      co_await rest_until(std::min(next, all_.clock.now() + how_.lease));
      if (stopping_) break;
    }
    begun = all_.clock.now();
    from = std::min(begun - how_.grace, covered);
  }
  co_await all_.out.finish(mine);
}

// Until then, or until it is to stop.
loop_awaitable<void> look::rest_until(instant time) {
  if (!stopping_) co_await while_watched(ring_at(time), stopped_.wait());
}

loop_awaitable<void> look::ring_at(instant time) {
  wall_timer timer{all_.clock, all_.where};
  while (all_.clock.now() < time) {
    timer.set(time);
    co_await timer.async_wait(asio::as_tuple(asio::deferred));
  }
}

loop_awaitable<void> look::read_window(pass& now, instant from, instant to, instant covered) {
  if (now.slice == how_.slices) {
    co_await read_rich(now, from, to);
    co_await keep_house();
    co_return;
  }
  for (const auto& each : due_minutes(zone_, from, to)) {
    if (stopping_) break;
    // Marks last until twice the grace is over. What has been looked at and is older would be sent twice.
    const bool too_old = each.due <= covered && all_.clock.now() >= each.due + 2 * how_.grace - how_.lease;
    if (!too_old) co_await read_minute(now, each.due, each.time_of_day);
  }
}

loop_awaitable<void> look::read_minute(pass& now, instant due, minutes time) {
  const auto slices = static_cast<std::uint64_t>(how_.slices);
  const auto score = score_of(time);
  const auto ranks = co_await all_.state.ranks_of(score);
  // The first page that is of this slice.
  auto page = (now.slice + slices - static_cast<std::uint64_t>(time.count()) % slices) % slices;
  for (; page * how_.page < ranks.count && !stopping_; page += slices) {
    const auto offset = page * how_.page;
    const auto ask = [&](const std::string& token) {
      return all_.state.reserve(token, due, score, ranks.first + offset,
                                std::min<std::uint64_t>(how_.page, ranks.count - offset));
    };
    co_await reserve(now, how_.page, ask);
  }
}

loop_awaitable<void> look::read_rich(pass& now, instant from, instant to) {
  std::string cursor = "0";
  std::vector<wanted_push> wanted;
  do {
    auto page = co_await all_.state.rich(cursor);
    for (const auto& [field, value] : page.fields) {
      const auto whom = parse_name(field);
      const auto what = rich_subscription::parse(value);
      if (!whom || !what) {
        const auto& wrong = whom ? what.error() : whom.error();
        if (all_.wrong.tell_rich(field, value, wrong.to_string())) ++all_.figures.malformed;
        continue;
      }
      for (const auto due : what->due(field, zone_, from, to)) {
        push one;
        one.user = whom->user;
        one.tag = whom->tag;
        one.due = due;
        wanted.push_back({name_of(one), *whom, due, 0});
      }
      if (wanted.size() >= how_.page) co_await take(now, wanted);
    }
    co_await take(now, wanted);
    cursor = std::move(page.cursor);
  } while (cursor != "0" && !stopping_);
}

loop_awaitable<void> look::take(pass& now, std::vector<wanted_push>& wanted) {
  for (std::span<const wanted_push> rest{wanted}; !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), how_.page));
    rest = rest.subspan(some.size());
    const auto ask = [&](const std::string& token) { return all_.state.reserve(token, some); };
    co_await reserve(now, some.size(), ask);
  }
  wanted.clear();
}

// Waits for room for so many, and hands what `ask` reserves to the outbox.
template <typename Ask>
loop_awaitable<void> look::reserve(pass& now, std::size_t most, const Ask& ask) {
  const auto place = co_await all_.out.room(most);
  const auto token = all_.state.next_token();
  const auto asked_at = std::chrono::steady_clock::now();
  reserved_page found;
  for (int asked = 1;; ++asked) {
    try {
      found = co_await ask(token);
      break;
    } catch (const boost::system::system_error& failure) {
      if (!is_unreachable(failure) || asked == most_asked) throw;
    }
  }
  count(now, found);
  all_.out.add(now.mine, std::move(found.won), asked_at);
}

loop_awaitable<void> look::keep_house() {
  const auto misfits = co_await all_.state.misfits();
  all_.figures.malformed += all_.wrong.tell(misfits);
  const auto now = all_.clock.now();
  if (now < swept_ + between_sweeps) co_return;
  swept_ = now;
  co_await all_.state.sweep(now - std::max(how_.sent_ttl, 2 * how_.grace) - between_sweeps);
}

void look::count(pass& now, const reserved_page& page) {
  now.with_others += page.pending;
  all_.figures.already_sent += page.sent;
  all_.figures.with_others += page.pending;
  all_.figures.malformed += all_.wrong.tell(page);
}

}  // namespace carillon::pushes
