#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include "push/outbox_entry.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_in_a_batch = 250;
constexpr std::size_t most_letters = 100;
constexpr int most_enders = 4;  // So that Redis has the next batch when it has done one.
constexpr milliseconds trouble_pause{200};

template <typename T>
std::vector<T> taken(std::vector<T>& all, std::size_t most) {
  const auto count = std::min(most, all.size());
  std::vector<T> first(std::make_move_iterator(all.begin()),
                       std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(count)));
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
  return first;
}

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
  // First the loop goes on, so that what ends in the same turn of it goes out together.
  co_await asio::post(asio::deferred);
  while (!sent_.empty() || !dead_.empty() || !unsent_.empty()) {
    co_await commit_some();
    co_await bury_some();
    co_await release_some();
  }
  --enders_;
}

// What was delivered must be marked, however long Redis is away: else it is sent again.
loop_awaitable<void> outbox::commit_some() {
  const auto some = taken(sent_, most_in_a_batch);
  if (some.empty()) co_return;
  const auto parts = reservations_of(some);
  const auto commit = [&]() -> loop_awaitable<void> {
    const auto overtaken = co_await all_.state.commit(parts, all_.clock.now());
    all_.figures.overtaken += overtaken.size();
    for (const auto place : overtaken) {
      all_.logger->warn(
          "push: {}: delivered, but its lease was over and somebody else has taken it meanwhile",
          some[place]->what.what.key);
    }
    in_trouble_ = false;
  };
  co_await end_in_store(some, commit, "cannot mark what was delivered",
                        "were delivered and are not marked as sent; they are sent again as repeats");
}

loop_awaitable<void> outbox::bury_some() {
  const auto some = taken(dead_, most_letters);
  if (some.empty()) co_return;
  std::vector<dead_push> letters;
  for (const auto& each : some) {
    letters.push_back({&each->what, each->reason});
    ++all_.figures.dead;
    all_.logger->error("push: user {} tag {} due {}: failed for good after {}: {}", each->what.what.user,
                       each->what.what.tag, each->what.what.key.substr(each->what.what.key.rfind('|') + 1),
                       each->tries == 1 ? "one attempt" : std::to_string(each->tries) + " attempts",
                       each->reason);
  }
  const auto bury = [&] { return all_.state.bury(letters, all_.clock.now()); };
  co_await end_in_store(some, bury, "cannot write what failed to the dead letters",
                        "have failed for good and are no dead letters; they are tried again");
}

// Takes the step until Redis has done it, or until they may be given up; `trouble` and `given_up` are for the
// log.
template <typename Step>
loop_awaitable<void> outbox::end_in_store(const std::vector<entry_ptr>& some, const Step& step,
                                          std::string_view trouble, std::string_view given_up) {
  for (int tried = 1;; ++tried) {
    std::string why;
    try {
      co_await step();
      ended(some);
      co_return;
    } catch (const boost::system::system_error& failure) {
      if (failure.code() == asio::error::operation_aborted) throw;
      why = failure.what();
    }
    if (may_give_up(some, tried)) {
      all_.logger->error("push: {} {}: {}", some.size(), given_up, why);
      co_return ended(some);
    }
    co_await pause_for_trouble(trouble, why);
  }
}

// Who is to stop does not wait for Redis to come back.
bool outbox::may_give_up(const std::vector<entry_ptr>& which, int tried) {
  constexpr int enough = 3;
  return tried >= enough &&
         std::ranges::all_of(which, [](const auto& each) { return each->owner->abandoned_; });
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
  } catch (const boost::system::system_error& failure) {
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
    entries_.erase(each->place);
    if (--each->owner->size_ == 0) each->owner->over_.notify();
  }
  if (entries_.empty()) lease_timer_.cancel();
  give_places(which.size());
}

loop_awaitable<void> outbox::keep_leases() {
  while (!entries_.empty()) {
    lease_timer_.expires_after(how_.lease / 3);
    co_await lease_timer_.async_wait(asio::as_tuple(asio::deferred));
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
      try {
        const auto gone = co_await all_.state.renew(parts);
        for (const auto place : gone) lost(some[place]);
      } catch (const boost::system::system_error& failure) {
        if (failure.code() == asio::error::operation_aborted) throw;
        all_.logger->warn("push: cannot renew what is under way: {}", failure.what());
        break;
      }
    }
  }
  keeping_ = false;
}

// What is under way cannot be called back; what waits is left to who has it now.
void outbox::lost(const entry_ptr& which) {
  if (which->at == stage::ending) return;
  which->lost = true;
  all_.logger->warn("push: {}: its lease was over and somebody else has taken it", which->what.what.key);
  if (which->at == stage::under_way) return;
  drop_waiting(which);
  to_be_ended(unsent_, which);
}

}  // namespace carillon::pushes
