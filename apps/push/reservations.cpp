#include "push/reservations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <random>

#include "push/scripts.hpp"

namespace carillon::pushes {

namespace {

using redis::reply;
using redis::words;

std::int64_t millis(instant time) { return time.time_since_epoch().count(); }

std::string random_text() {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::random_device source;
  std::uniform_int_distribution<std::size_t> any{0, letters.size() - 1};
  std::string text;
  for (int i = 0; i < 20; ++i) text += letters[any(source)];
  return text;
}

std::string state_text(const push& what, char state) {
  return fmt::format("{} {} {}", millis(what.due), what.attempt, state);
}

std::vector<std::size_t> places_in(const reply& answer) {
  std::vector<std::size_t> places;
  for (const auto& each : answer) places.push_back(static_cast<std::size_t>(each.integer()) - 1);
  return places;
}

// The first four of an answer to `reserve`; what was won without its recipient.
reserved_page page_in(const reply& answer, const std::string& token, instant due) {
  reserved_page page;
  const auto won = answer[0];
  page.won.reserve(won.size() / 3);
  for (auto at = won.begin(); at != won.end();) {
    auto& each = page.won.emplace_back();
    each.name = (*at++).text();
    each.token = token;
    each.what.due = due;
    each.what.attempt = static_cast<std::uint32_t>((*at++).integer());
    each.what.repeat = (*at++).integer() != 0;
  }
  page.sent = static_cast<std::uint64_t>(answer[1].integer());
  page.pending = static_cast<std::uint64_t>(answer[2].integer());
  page.dead = static_cast<std::uint64_t>(answer[3].integer());
  return page;
}

void add_misfits(reserved_page& page, const reply& count, const reply& pairs) {
  page.malformed = static_cast<std::uint64_t>(count.integer());
  page.misfits = misfits_in(pairs);
}

void give_key(push& what) { what.key = idempotency_key(what.user, what.tag, what.due); }

}  // namespace

std::vector<misfit> misfits_in(const reply& pairs) {
  std::vector<misfit> all;
  for (auto at = pairs.begin(); at != pairs.end();) {
    auto& each = all.emplace_back();
    each.member = (*at++).text();
    each.score = (*at++).text();
  }
  return all;
}

std::string name_of(const push& what) {
  return fmt::format("|{}|{}|{}", what.user, what.tag, millis(what.due));
}

reservations::reservations(redis::client& through, std::string_view name_space, const push_options& how)
    : redis_{through},
      how_{how},
      keys_{name_space, how},
      prefix_{how.sent + ':'},
      token_prefix_{random_text() + '.'} {}

std::string reservations::next_token() { return token_prefix_ + std::to_string(++tokens_); }

words reservations::begun() const { return words(prefix_, keys_.own_marks); }

loop_awaitable<reservations::ranks> reservations::ranks_of(int score) {
  const words before("ZCOUNT", how_.subscriptions, "-inf", fmt::format("({}", score));
  const words within("ZCOUNT", how_.subscriptions, score, fmt::format("({}", score + 1));
  const auto first = co_await redis_.command(before);
  const auto count = co_await redis_.command(within);
  co_return ranks{static_cast<std::uint64_t>(first.integer()), static_cast<std::uint64_t>(count.integer())};
}

loop_awaitable<reserved_page> reservations::reserve(std::string token, instant due, int score,
                                                    std::uint64_t first, std::uint64_t count) {
  const words keys(keys_.open, how_.subscriptions);
  auto arguments = begun();
  // Its mark says for which time it was: a richer subscription may come in the place of this one.
  token += fmt::format("@{}", millis(due));
  arguments.add(token).add(how_.lease.count()).add(millis(due)).add(score).add(first).add(first + count - 1);
  const auto answer = co_await redis_.run(scripts::reserve, keys, arguments);
  auto page = page_in(answer, token, due);
  for (auto& each : page.won) {
    auto whom = parse_name(each.name).value();
    each.what.user = std::move(whom.user);
    each.what.tag = std::move(whom.tag);
    give_key(each.what);
  }
  add_misfits(page, answer[4], answer[5]);
  co_return page;
}

loop_awaitable<reserved_page> reservations::reserve(std::string token, std::span<const wanted_push> wanted,
                                                    bool dead_too) {
  const words keys(keys_.open);
  auto arguments = begun();
  arguments.add(token).add(how_.lease.count()).add(dead_too ? 1 : 0);
  for (const auto& each : wanted) arguments.add(each.name).add(millis(each.due)).add(each.attempts);
  const auto answer = co_await redis_.run(scripts::reserve_named, keys, arguments);
  auto page = page_in(answer, token, instant{});
  auto from = wanted.begin();  // What was won is in the order in which it was asked for.
  for (auto& each : page.won) {
    from = std::find_if(from, wanted.end(), [&](const auto& one) { return one.name == each.name; });
    if (from == wanted.end()) break;
    each.what.user = from->whom.user;
    each.what.tag = from->whom.tag;
    each.what.due = from->due;
    each.what.repeat = each.what.repeat || from->repeat;
    each.letters = from->letters;
    give_key(each.what);
  }
  co_return page;
}

// What a look may still read must still be marked, however long ago it was sent: a look that is late by up to
// the grace reads what was due twice the grace ago.
milliseconds reservations::mark_time(const reservation& sent, instant now) const {
  return std::max(how_.sent_ttl, sent.what.due + 2 * how_.grace - now);
}

loop_awaitable<std::vector<std::size_t>> reservations::commit(std::span<const reservation* const> sent,
                                                              instant now) {
  const bool of_letters = std::ranges::any_of(sent, [](const auto* each) { return !each->letters.empty(); });
  words keys(keys_.open);
  if (of_letters) keys.add(keys_.dead);
  auto arguments = begun();
  // And no longer than until the next day's window begins, of those that are due each day.
  auto longest = how_.sent_ttl;
  auto most = milliseconds::max();
  for (const auto* each : sent) {
    longest = std::max(longest, mark_time(*each, now));
    if (!each->name.starts_with('|'))
      most = std::min(most, each->what.due + std::chrono::hours{23} - how_.lookahead - now);
  }
  longest = std::max(how_.sent_ttl, std::min(longest, most));
  arguments.add(longest.count());
  for (const auto* each : sent) {
    arguments.add(each->name).add(each->token);
    if (of_letters) arguments.add(each->letters);
  }
  const auto answer = co_await redis_.run(scripts::commit, keys, arguments);
  co_return places_in(answer);
}

loop_awaitable<std::vector<std::size_t>> reservations::renew(std::span<const reservation* const> held) {
  const words keys(keys_.open);
  auto arguments = begun();
  arguments.add(how_.lease.count());
  for (const auto* each : held)
    arguments.add(each->name).add(each->token).add(state_text(each->what, each->what.repeat ? 'r' : 'o'));
  const auto answer = co_await redis_.run(scripts::renew, keys, arguments);
  co_return places_in(answer);
}

loop_awaitable<void> reservations::release(
    std::span<const std::pair<const reservation*, given_back>> unsent) {
  const words keys(keys_.open);
  auto arguments = begun();
  for (const auto& [each, how] : unsent) {
    arguments.add(each->name).add(each->token);
    if (!each->letters.empty()) {  // It is a dead letter as before.
      auto letter = each->what;
      if (how == given_back::untouched) --letter.attempt;
      arguments.add(state_text(letter, how == given_back::unknown || letter.repeat ? 'D' : 'd'));
      continue;
    }
    // Who may have it from before may have it still.
    const bool repeat = how == given_back::unknown || each->what.repeat;
    if (how == given_back::untouched && each->what.attempt == 1 && !repeat) {
      arguments.add("");
      continue;
    }
    auto left = each->what;
    if (how == given_back::untouched) --left.attempt;
    arguments.add(state_text(left, repeat ? 'r' : 'f'));
  }
  co_await redis_.run(scripts::release, keys, arguments);
}

loop_awaitable<void> reservations::bury(std::span<const dead_push> dead, instant now) {
  const words keys(keys_.open, keys_.dead);
  auto arguments = begun();
  arguments.add(how_.dead_letters).add(millis(now));
  for (const auto& each : dead) {
    const auto& what = each.which->what;
    arguments.add(each.which->name).add(each.which->token).add(state_text(what, 'd'));
    arguments.add(what.user)
        .add(what.tag)
        .add(millis(what.due))
        .add(what.key)
        .add(what.attempt)
        .add(each.reason)
        .add(what.repeat ? 1 : 0)
        .add(each.which->letters);
  }
  co_await redis_.run(scripts::bury, keys, arguments);
}

loop_awaitable<reserved_page> reservations::misfits() {
  const words keys(how_.subscriptions);
  const words arguments(20);
  const auto answer = co_await redis_.run(scripts::misfits, keys, arguments);
  reserved_page page;
  add_misfits(page, answer[0], answer[1]);
  co_return page;
}

loop_awaitable<reservations::rich_page> reservations::rich(std::string cursor) {
  const words scan("HSCAN", keys_.rich, cursor, "COUNT", how_.page);
  const auto answer = co_await redis_.command(scan);
  rich_page page;
  page.cursor = answer[0].text();
  const auto fields = answer[1];
  for (auto at = fields.begin(); at != fields.end();) {
    auto& each = page.fields.emplace_back();
    each.first = (*at++).text();
    each.second = (*at++).text();
  }
  co_return page;
}

loop_awaitable<void> reservations::sweep(instant oldest) {
  const words keys(keys_.open);
  std::string cursor = "0";
  do {
    const words arguments(cursor, millis(oldest));
    const auto answer = co_await redis_.run(scripts::sweep, keys, arguments);
    cursor = answer[0].text();
  } while (cursor != "0");
}

}  // namespace carillon::pushes
