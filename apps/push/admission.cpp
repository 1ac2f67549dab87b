#include "push/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

namespace carillon::pushes {

namespace {

constexpr std::chrono::milliseconds between_questions{1000};

}  // namespace

admission::admission(redis::client& through, service_keys keys, std::string me, const push_options& options,
                     std::string address, std::shared_ptr<spdlog::logger> logger)
    : who_{through, std::move(keys), std::move(me)},
      options_{options},
      address_{std::move(address)},
      logger_{std::move(logger)},
      timer_{through.get_executor()} {}

// What is said about oneself, or why nobody answers.
loop_awaitable<std::pair<std::optional<admission::answer>, std::string>> admission::ask(
    service_instances::asking why) {
  std::pair<std::optional<answer>, std::string> said;
  try {
    said.first = co_await who_.join(ours_, options_, why);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() != errc::store_unreachable) throw;
    said.second = failure.what();
  }
  co_return said;
}

void admission::tell(const std::optional<answer>& found, const std::string& away) {
  const auto what =
      found ? others_in_words(*found, ours_, options_) + "; this one stands by until they have stopped"
            : fmt::format("Redis at {} is away: waits until it answers", address_);
  if (std::exchange(told_, what) == what) return;
  logger_->warn("push: {}{}", what, found ? "" : fmt::format(" ({})", away));
}

loop_awaitable<std::optional<service_instances::answer>> admission::enter(service_definition ours) {
  ours_ = std::move(ours);
  bool has_stood_by = false;
  while (may_enter_) {
    const auto [found, away] = co_await ask(service_instances::asking::to_be_let_in);
    if (found && found->is_in) {
      if (!told_.empty())
        logger_->info("push: {}",
                      has_stood_by ? "the others have stopped: begins" : "Redis is there: begins");
      co_return found;
    }
    if (!may_enter_) break;
    tell(found, away);
    has_stood_by = has_stood_by || found;
    // After an outage those are let in first that were there before: they ask again sooner.
    const auto soon = std::min<std::chrono::milliseconds>(between_questions, options_.lease / 3);
    const auto pause = has_stood_by && !found ? options_.lease : soon;
    co_await rest(pause);
  }
  co_return std::nullopt;
}

loop_awaitable<void> admission::keep(std::function<void()> lost) {
  while (!stopped_) {
    co_await rest(options_.lease / 3);
    if (stopped_) break;
    std::optional<answer> found;
    try {
      auto said = co_await ask(service_instances::asking::to_stay);
      found = std::move(said.first);
    } catch (const boost::system::system_error& refused) {
      logger_->debug("push: the lease is not renewed: {}", refused.what());
    }
    if (!found || found->is_in) continue;
    lost_ = "this instance was not heard of for longer than its lease, and meanwhile " +
            others_in_words(*found, ours_, options_);
    lost();
    break;
  }
}

void admission::stop_entering() {
  may_enter_ = false;
  timer_.cancel();
}

void admission::stop() {
  stopped_ = true;
  stop_entering();
}

loop_awaitable<void> admission::leave() {
  try {
    co_await who_.leave();
  } catch (const boost::system::system_error& away) {
    logger_->debug("push: {}", away.what());
  }
}

loop_awaitable<void> admission::rest(std::chrono::milliseconds length) {
  if (stopped_) co_return;
  timer_.expires_after(length);
  co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::deferred));
}

}  // namespace carillon::pushes
