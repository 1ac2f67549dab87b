#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <carillon/text/plain_text.hpp>
#include "push/outbox_entry.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_in_a_batch = 250;
constexpr std::size_t most_letters = 100;
constexpr int most_enders = 4;  // So that Redis has the next batch when it has done one.
constexpr milliseconds trouble_pause{200};
constexpr int enough_tries = 3;  // of who is to end
constexpr std::chrono::seconds between_stories{15};
constexpr std::size_t most_dead_told = 10;

template <typename T>
std::vector<T> taken(std::vector<T>& all, std::size_t most) {
  const auto count = std::min(most, all.size());
  std::vector<T> first(std::make_move_iterator(all.begin()),
                       std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(count)));
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  return first;
}

// When this goes, however its coroutine ends, one is over.
class counted_down {
 public:
  explicit counted_down(int& what) : what_{what} {}
  ~counted_down() { --what_; }
  counted_down(const counted_down&) = delete;
  counted_down& operator=(const counted_down&) = delete;

 private:
  int& what_;
};

template <typename Entries>
std::vector<const reservation*> reservations_of(const Entries& all) {
  std::vector<const reservation*> parts;
  parts.reserve(all.size());
  for (const auto& each : all) parts.push_back(&each->what);
  return parts;
}

}  // namespace

void outbox::to_be_ended(std::vector<entry_ptr>& kind, const entry_ptr& which) {
  which->at = stage::ending;
  kind.push_back(which);
  const bool one_more = kind.size() >= most_in_a_batch && enders_ < most_enders;
  if (enders_ > 0 && !one_more) return;
  ++enders_;
  work_.spawn(end_all());
}

loop_awaitable<void> outbox::end_all() {
  const counted_down here{enders_};
  // First the loop goes on, so that what ends in the same turn of it goes out together.
  co_await asio::post(asio::deferred);
  while (!sent_.empty() || !dead_.empty() || !unsent_.empty()) {
    co_await commit_some();
    co_await bury_some();
    co_await release_some();
  }
}

// What was delivered must be marked, however long Redis is away: else it is sent again.
loop_awaitable<void> outbox::commit_some() {
  const auto some = taken(sent_, most_in_a_batch);
  if (some.empty()) co_return;
  const auto parts = reservations_of(some);
  const auto commit = [&]() -> loop_awaitable<void> {
    const auto overtaken = co_await all_.state.commit(parts, all_.clock.now());
    tell_overtaken(some, overtaken);
    in_trouble_ = false;
  };
  co_await end_in_store(sent_, some, commit, "cannot mark what was delivered");
}

void outbox::tell_overtaken(const std::vector<entry_ptr>& some, const std::vector<std::size_t>& places) {
  std::size_t count = 0;
  const entry* one = nullptr;
  for (const auto place : places) {
    if (some[place]->adopted) continue;  // By this process: it is marked under its new token.
    ++count;
    one = some[place].get();
  }
  if (count == 0) return;
  all_.figures.overtaken += count;
  all_.logger->warn(
      "push: {} delivered, but the lease was over and somebody else has taken {} meanwhile, {}: perhaps sent "
      "twice, with the same key",
      count == 1 ? std::string{"one was"} : std::to_string(count) + " were", count == 1 ? "it" : "them",
      text::excerpt(one->what.what.key));
}

loop_awaitable<void> outbox::bury_some() {
  const auto some = taken(dead_, most_letters);
  if (some.empty()) co_return;
  std::vector<dead_push> letters;
  for (const auto& each : some) {
    letters.push_back({&each->what, each->reason});
    if (std::exchange(each->buried, true)) continue;
    ++all_.figures.dead;
    tell_dead(*each);
  }
  const auto bury = [&] { return all_.state.bury(letters, all_.clock.now()); };
  co_await end_in_store(dead_, some, bury, "cannot write what failed to the dead letters");
}

// A line for each would be a million when a receiver has gone: a few in a while, then the figures and the
// letters tell the rest. Of a receiver that is not there one is enough.
void outbox::tell_dead(const entry& which) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= told_since_ + between_stories) {
    told_since_ = now;
    dead_told_ = 0;
  }
  if (dead_told_ > most_dead_told) return;
  if (dead_told_ == most_dead_told) {
    ++dead_told_;
    all_.logger->error("push: more have failed for good; each is a dead letter, with its reason");
    return;
  }
  dead_told_ += which.away ? most_dead_told : 1;
  const auto& what = which.what.what;
  all_.logger->error("push: user {} tag {} due {}: failed for good after {}: {}", text::excerpt(what.user),
                     text::excerpt(what.tag), what.key.substr(what.key.rfind('|') + 1),
                     which.tries == 1 ? "one attempt" : std::to_string(which.tries) + " attempts",
                     text::excerpt(which.reason, 300));
}

// Takes the step until Redis has done it. Who is to end does not wait for Redis to come back: what is of one
// batch given up is given up of all.
template <typename Step>
loop_awaitable<void> outbox::end_in_store(std::vector<entry_ptr>& kind, const std::vector<entry_ptr>& some,
                                          const Step& step, std::string_view trouble) {
  for (const auto& each : some) each->in_store = true;
  bool is_done = false;
  for (int tried = 1; !is_done && !gave_up_; ++tried) {
    std::string why;
    try {
      co_await step();
      is_done = true;
    } catch (const std::exception& failure) {
      why = failure.what();
    }
    if (is_done) break;
    gave_up_ = closing_ && tried >= enough_tries;
    if (!gave_up_) co_await pause_for_trouble(trouble, why);
  }
  std::vector<entry_ptr> over;
  for (const auto& each : some) {
    each->in_store = false;
    if (std::exchange(each->adopted, false) && is_done) {
      kind.push_back(each);
    } else {
      over.push_back(each);
    }
  }
  if (!is_done) unmarked_ += over.size();
  ended(over);
}

// Once is enough: what is not given back now is free when its lease is over. Where Redis is away nobody waits
// for it.
loop_awaitable<void> outbox::release_some() {
  const auto some = taken(unsent_, most_in_a_batch);
  if (some.empty()) co_return;
  std::vector<std::pair<const reservation*, given_back>> parts;
  for (const auto& each : some) {
    if (!each->lost) parts.emplace_back(&each->what, each->how);
  }
  all_.figures.given_back += some.size();
  std::string why;
  try {
    if (!parts.empty()) co_await all_.state.release(parts);
  } catch (const std::exception& failure) {
    why = failure.what();
  }
  ended(some);
  if (why.empty()) co_return;
  const auto rest = taken(unsent_, unsent_.size());
  all_.figures.given_back += rest.size();
  all_.logger->warn("push: {} are not given back, and free when their lease is over: {}",
                    parts.size() + rest.size(), why);
  ended(rest);
}

loop_awaitable<void> outbox::pause_for_trouble(std::string_view what, const std::string& why) {
  if (!in_trouble_) all_.logger->error("push: {}, and goes on trying: {}", what, why);
  in_trouble_ = true;
  timer pause{all_.where, trouble_pause};
  co_await pause.async_wait(asio::as_tuple(asio::deferred));
}

void outbox::ended(const std::vector<entry_ptr>& which) {
  for (const auto& each : which) {
    const auto named = by_name_.find(each->what.name);
    if (named != by_name_.end() && named->second == each.get()) by_name_.erase(named);
    entries_.erase(each->place);
    if (--each->owner->size == 0) each->owner->over.notify();
  }
  if (entries_.empty()) {
    lease_timer_.cancel();
    emptied_.notify();
  }
  give_places(which.size());
}

loop_awaitable<void> outbox::keep_leases() {
  const counted_down here{keepers_};
  bool fine = true;
  while (!entries_.empty()) {
    const auto pause = how_.lease / 3;
    lease_timer_.expires_after(fine ? pause : std::min<milliseconds>(pause, trouble_pause * 5));
    co_await lease_timer_.async_wait(asio::as_tuple(asio::deferred));
    fine = co_await renew_all(fine);
    dispatch();
  }
}

// Whether Redis has answered. That it does not is told where it is `news`.
loop_awaitable<bool> outbox::renew_all(bool news) {
  std::vector<entry_ptr> held;
  for (const auto& each : entries_) {
    if (each->at != stage::ending && !each->lost) held.push_back(each);
  }
  while (!held.empty()) {
    auto some = taken(held, most_in_a_batch);
    // Meanwhile some may have ended.
    std::erase_if(some, [](const entry_ptr& each) { return each->at == stage::ending; });
    if (some.empty()) continue;
    const auto parts = reservations_of(some);
    std::vector<std::string> tokens;
    for (const auto* each : parts) tokens.push_back(each->token);
    const auto asked_at = std::chrono::steady_clock::now();
    std::string why;
    try {
      const auto gone = co_await all_.state.renew(parts);
      renewed(some, tokens, gone, asked_at + how_.lease);
    } catch (const std::exception& failure) {
      why = failure.what();
    }
    if (why.empty()) continue;
    if (news && !closing_)
      all_.logger->warn("push: cannot renew what is under way, and begins nothing more until it can: {}",
                        why);
    co_return false;
  }
  co_return true;
}

void outbox::renewed(const std::vector<entry_ptr>& some, const std::vector<std::string>& tokens,
                     const std::vector<std::size_t>& gone, std::chrono::steady_clock::time_point held_until) {
  std::vector<bool> is_gone(some.size());
  for (const auto place : gone) is_gone[place] = true;
  for (std::size_t at = 0; at < some.size(); ++at) {
    const auto& each = some[at];
    if (each->what.token != tokens[at]) continue;  // It was reserved again meanwhile.
    if (is_gone[at]) {
      lost(each);
      continue;
    }
    each->held_until = held_until;
    if (each->at != stage::stalled) continue;
    each->at = stage::ready;
    ready_.push_back(each);
  }
}

// What is under way cannot be called back; what waits is left to who has it now.
void outbox::lost(const entry_ptr& which) {
  if (which->at == stage::ending) return;
  which->lost = true;
  const auto named = by_name_.find(which->what.name);
  if (named != by_name_.end() && named->second == which.get()) by_name_.erase(named);
  all_.logger->debug("push: {}: its lease was over and somebody else has taken it", which->what.what.key);
  if (which->at == stage::under_way) return;
  drop_waiting(which);
  to_be_ended(unsent_, which);
}

}  // namespace carillon::pushes
