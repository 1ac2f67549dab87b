#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/task_group.hpp>
#include <carillon/redis/inspection.hpp>
#include <carillon/time/system_clock.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <iterator>
#include <ostream>
#include <utility>
#include <vector>

#include "carillon/commands/next.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/shared/quiet_link.hpp"
#include "carillon/shared/watch_story.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr auto between_looks = 250ms;
constexpr int looks_between_members = 4;
constexpr auto before_trying_again = 500ms;

// Looks at the numbers of all partitions again and again: where one has changed, at what has. What happens
// while the connection is away is told when it is back, for each partition knows where it stood.
class store_watch {
 public:
  store_watch(const watch_request& request, const zone& where, std::ostream& out)
      : json_{request.json}, where_{where}, out_{out}, link_{io_, quiet_options(request.store)} {}

  void run() {
    boost::asio::co_spawn(strand_, obey_signals(), [](const std::exception_ptr&) {});
    boost::asio::co_spawn(strand_, watch(), [this](const std::exception_ptr& thrown) {
      failure_ = thrown;
      signals_.cancel();
    });
    io_.run();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  loop_awaitable<void> obey_signals() {
    boost::system::error_code over;
    co_await signals_.async_wait(boost::asio::redirect_error(boost::asio::deferred, over));
    stopping_ = true;
    pause_.cancel();
    co_await inspector_.close();
  }

  loop_awaitable<void> watch() {
    std::exception_ptr thrown;
    try {
      co_await inspector_.open();
      store_ = co_await inspector_.existing_store();
      seen_.assign(store_.partitions, {});
      while (!stopping_) co_await one_round();
    } catch (...) {
      thrown = std::current_exception();
    }
    co_await inspector_.close();
    if (thrown && !stopping_) std::rethrow_exception(thrown);
  }

  loop_awaitable<void> one_round() {
    std::string away;
    bool other_store = false;
    try {
      co_await look();
    } catch (const boost::system::system_error& fault) {
      other_store = fault.code() == errc::other_store;
      if (!other_store && fault.code() != errc::store_unreachable) throw;
      away = fault.what();
    }
    tell();
    if (stopping_) co_return;
    if (other_store) {
      begin_anew();
    } else if (!away.empty()) {
      tell_away(away);
    }
    co_await rest(away.empty() ? between_looks : before_trying_again);
  }

  loop_awaitable<void> look() {
    if (!store_.exists) co_await find_store();
    if (!store_.exists) co_return;
    if (round_++ % looks_between_members == 0) {
      const auto members = co_await inspector_.members();
      if (members.what == members_answer::kind::other_store)
        throw boost::system::system_error(errc::other_store);
      add(story_.take(members));
    }
    co_await look_at_partitions();
    tell_back();
  }

  void add(std::vector<watch_line> lines) { std::ranges::move(lines, std::back_inserter(lines_)); }

  // Also what was seen before the connection was lost: no look comes back to it.
  void tell() {
    sort_lines(lines_);
    for (const auto& line : lines_) print(line);
    lines_.clear();
    out_.flush();
  }

  // All at once, so that a far-off server is as quick as a near one.
  loop_awaitable<void> look_at_partitions() {
    std::exception_ptr failure;
    {
      const auto failed = [&](const std::exception_ptr& thrown) { failure = thrown; };
      task_group looks{strand_, failed};
      for (std::uint32_t which = 0; which < store_.partitions; ++which) looks.spawn(look_at(which));
      co_await looks.join();
    }
    if (failure) std::rethrow_exception(failure);
  }

  loop_awaitable<void> look_at(std::uint32_t which) {
    auto news = co_await inspector_.news(store_, which, seen_[which]);
    add(story_.take(which, news));
    news.runs.clear(), news.entries.clear();
    seen_[which] = std::move(news);
  }

  loop_awaitable<void> find_store() {
    store_ = co_await inspector_.store();
    if (store_.exists) {
      seen_.assign(store_.partitions, {});
    } else if (!std::exchange(told_of_none_, true)) {
      print(line_about_store(
          now(), "store_missing",
          "there is no store in namespace '" + link_.options().name_space + "' yet: waiting for one"));
      out_.flush();
    }
  }

  void begin_anew() {
    print(line_about_store(
        now(), "store_replaced",
        "another store has taken the place of this one: what ran in it is not known any more"));
    store_ = {};
    story_.forget_runs();
  }

  void tell_away(const std::string& why) {
    if (std::exchange(away_, true)) return;
    print(line_about_store(now(), "store_lost", "the store does not answer: " + why));
    out_.flush();
  }
  void tell_back() {
    if (std::exchange(away_, false))
      print(
          line_about_store(now(), "store_back", "the store answers again; what happened meanwhile follows"));
  }

  void print(const watch_line& line) {
    out_ << (json_ ? line.to_json(where_) : line.to_string(where_)) << '\n';
  }
  static instant now() { return system_clock{}.now(); }

  loop_awaitable<void> rest(std::chrono::milliseconds how_long) {
    pause_.expires_after(how_long);
    boost::system::error_code woken;
    co_await pause_.async_wait(boost::asio::redirect_error(boost::asio::deferred, woken));
  }

  const bool json_;
  const zone where_;
  std::ostream& out_;
  boost::asio::io_context io_{1};
  loop_executor strand_{io_.get_executor()};
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      pause_{strand_};
  boost::asio::basic_signal_set<loop_executor> signals_{strand_, SIGINT, SIGTERM};
  redis::link link_;
  redis::inspection inspector_{link_};
  redis::store_facts store_;
  std::vector<redis::partition_news> seen_;
  watch_story story_;
  std::vector<watch_line> lines_;
  int round_ = 0;
  bool stopping_ = false, away_ = false, told_of_none_ = false;
  std::exception_ptr failure_;
};

}  // namespace

int run_watch(const watch_request& request, std::ostream& out, std::ostream& err) {
  const auto where = request.zone.empty() ? zone::system() : zone::find(request.zone);
  if (!where) return print_parse_error(request.zone, where.error(), request.json, err), exit_code::usage;
  try {
    store_watch{request, *where, out}.run();
  } catch (const std::exception& fault) {
    const auto trouble = trouble_of(fault);
    return print_failure(request.json, trouble.message, trouble.hint, err);
  }
  return exit_code::done;
}

}  // namespace carillon::app
