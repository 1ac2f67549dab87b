#include "carillon/shared/store_follower.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/task_group.hpp>

#include <csignal>
#include <utility>

#include "carillon/shared/quiet_link.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr auto between_looks = 250ms;
constexpr int looks_between_members = 4;
constexpr auto before_trying_again = 500ms;

}  // namespace

store_follower::store_follower(const std::string& url)
    : signals_{strand_, SIGINT, SIGTERM}, link_{io_, quiet_options(url)} {}

void store_follower::run() {
  boost::asio::co_spawn(strand_, obey_signals(), [](const std::exception_ptr&) {});
  boost::asio::co_spawn(strand_, follow(), [this](const std::exception_ptr& thrown) {
    failure_ = thrown;
    signals_.cancel();
  });
  io_.run();
  if (failure_) std::rethrow_exception(failure_);
}

loop_awaitable<void> store_follower::begin(redis::inspection&, const store_facts&,
                                           const std::vector<redis::partition_news>&) {
  co_return;
}

loop_awaitable<void> store_follower::obey_signals() {
  boost::system::error_code over;
  co_await signals_.async_wait(boost::asio::redirect_error(boost::asio::deferred, over));
  stopping_ = true;
  pause_.cancel();
  co_await inspector_.close();
}

loop_awaitable<void> store_follower::follow() {
  std::exception_ptr thrown;
  try {
    co_await inspector_.open();
    store_ = co_await inspector_.existing_store();
    places_.assign(store_.partitions, {});
    co_await look_at_partitions();
    co_await begin(inspector_, store_, places_);
    end_round();
    while (!stopping_) co_await one_round();
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await inspector_.close();
  if (thrown && !stopping_) std::rethrow_exception(thrown);
}

loop_awaitable<void> store_follower::one_round() {
  std::string away;
  bool other_store = false;
  try {
    co_await look();
  } catch (const boost::system::system_error& fault) {
    other_store = fault.code() == errc::other_store;
    if (!other_store && fault.code() != errc::store_unreachable) throw;
    away = words_of_store(fault);
  }
  end_round();  // Also what was seen before the connection was lost: no look comes back to it.
  if (stopping_) co_return;
  if (other_store) {
    tell("store_replaced",
         "another store has taken the place of this one: what ran in it is not known any more");
    store_ = {};
    forget_store();
  } else if (!away.empty() && !std::exchange(away_, true)) {
    tell("store_lost", "the store does not answer: " + away);
  }
  const auto pause = away.empty() ? between_looks : before_trying_again;
  co_await rest(pause);
}

loop_awaitable<void> store_follower::look() {
  if (!store_.exists) co_await find_store();
  if (!store_.exists) co_return;
  if (round_++ % looks_between_members == 0) {
    const auto members = co_await inspector_.members();
    if (members.what == members_answer::kind::other_store)
      throw boost::system::system_error(errc::other_store);
    take(members);
  }
  co_await look_at_partitions();
  if (std::exchange(away_, false))
    tell("store_back", "the store answers again; what happened meanwhile follows");
}

// All at once, so that a far-off server is as quick as a near one.
loop_awaitable<void> store_follower::look_at_partitions() {
  std::exception_ptr failure;
  {
    const auto failed = [&](const std::exception_ptr& thrown) { failure = thrown; };
    task_group looks{strand_, failed};
    for (std::uint32_t which = 0; which < store_.partitions; ++which) looks.spawn(look_at(which));
    co_await looks.join();
  }
  if (failure) std::rethrow_exception(failure);
}

loop_awaitable<void> store_follower::look_at(std::uint32_t which) {
  auto news = co_await inspector_.news(store_, which, places_[which]);
  take(which, news);
  news.runs.clear(), news.entries.clear();
  places_[which] = std::move(news);
}

loop_awaitable<void> store_follower::find_store() {
  store_ = co_await inspector_.store();
  if (store_.exists) {
    places_.assign(store_.partitions, {});
    told_of_none_ = false;
  } else if (!std::exchange(told_of_none_, true)) {
    tell("store_missing",
         "there is no store in namespace '" + link_.options().name_space + "' any more: waiting for one");
  }
}

loop_awaitable<void> store_follower::rest(std::chrono::milliseconds how_long) {
  pause_.expires_after(how_long);
  boost::system::error_code woken;
  co_await pause_.async_wait(boost::asio::redirect_error(boost::asio::deferred, woken));
}

}  // namespace carillon::app
