#include "executor/process_pool.hpp"

#include <carillon/job/outcome.hpp>
#include <carillon/job/run.hpp>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/spdlog.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace carillon {
namespace {

namespace asio = boost::asio;
using state = pool_worker::state;

constexpr milliseconds first_pause{100}, longest_pause{30'000};
constexpr std::uint32_t enough_failures = 3;  // Then runs do not wait for a worker any more.

milliseconds pause_after(std::uint32_t failures) {
  auto pause = first_pause;
  for (std::uint32_t i = 1; i < failures && pause < longest_pause; ++i) pause *= 2;
  return std::min(pause, longest_pause);
}

}  // namespace

void process_pool::open(const asio::any_io_executor& where) {
  if (changes_ || closing_) return;
  where_ = where;
  farewell_ = loop_farewell(where, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->closing_ = true;
    for (const auto& worker : self->workers_) worker->abandon();
    self->leave_loop();
  });
  changes_.emplace(where, std::chrono::steady_clock::time_point::max());
  pause_.emplace(where);
  fill();
}

/// Starts as many as are missing.
void process_pool::fill() {
  while (!closing_ && !pausing_ && serving() < options_.workers) {
    if (!start_one()) return;
  }
}

bool process_pool::start_one() {
  auto on_change = [self = weak_from_this()](pool_worker& who) {
    if (const auto pool = self.lock()) pool->changed(who);
  };
  const auto worker = std::make_shared<pool_worker>(where_, options_, std::move(on_change));
  try {
    worker->start();
  } catch (const std::exception& why) {
    start_failed(why.what());
    return false;
  }
  workers_.push_back(worker);
  return true;
}

void process_pool::changed(pool_worker& who) {
  if (who.now() == state::ended) gone(who);
  fill();  // for one that leaves, too: before it has gone
  if (failed_starts_ > 0 && who.now() == state::idle && who.runs() > 0) {
    failed_starts_ = 0;
    logger()->info("worker processes work again");
  }
  changes_->cancel();
}

void process_pool::gone(pool_worker& who) {
  const auto place = std::ranges::find(workers_, &who, &worker_ptr::get);
  if (place == workers_.end()) return;
  const auto self = std::move(*place);  // until this is said
  workers_.erase(place);
  const bool was_to_go = closing_ || who.left();
  if (was_to_go) return;
  if (who.runs() == 0) return start_failed(fmt::format("worker {} {}", who.number(), who.epitaph()));
  if (who.was_idle()) {
    logger()->warn("worker {}, which had nothing to do, {}: another takes its place", who.number(),
                   who.epitaph());
  }
}

/// Or one ended before it had done anything.
void process_pool::start_failed(const std::string& why) {
  last_failure_ = why;
  changes_->cancel();
  if (pausing_) return;  // of those that were started together the first one counts
  if (++failed_starts_ == 1) {
    logger()->error(
        "worker processes end before they have done anything: {}: started again with growing pauses", why);
  }
  pausing_ = true;
  pause_->expires_after(pause_after(failed_starts_));
  pause_->async_wait([self = weak_from_this()](boost::system::error_code stopped) {
    const auto pool = self.lock();
    if (stopped || !pool) return;
    pool->pausing_ = false;
    pool->fill();
  });
}

std::size_t process_pool::serving() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      workers_, [](const auto& one) { return one->now() != state::leaving && one->now() != state::ended; }));
}

process_pool::worker_ptr process_pool::idle_worker() const {
  const auto found = std::ranges::find_if(workers_, [](const auto& one) { return one->free(); });
  return found == workers_.end() ? nullptr : *found;
}

asio::awaitable<void> process_pool::wait_for_change() {
  co_await changes_->async_wait(asio::as_tuple(asio::deferred));
  const auto cancelled = co_await asio::this_coro::cancellation_state;
  if (cancelled.cancelled() != asio::cancellation_type::none)
    throw boost::system::system_error(asio::error::operation_aborted);
}

asio::awaitable<process_pool::worker_ptr> process_pool::find_worker() {
  while (true) {
    if (closing_) throw failure("worker", "the worker processes have ended with their scheduler");
    if (auto worker = idle_worker()) co_return worker;
    if (failed_starts_ >= enough_failures && numbers().empty())
      throw failure("worker", "no worker process can be started: " + last_failure_);
    co_await wait_for_change();
  }
}

asio::awaitable<void> process_pool::execute(run& which) {
  open(co_await asio::this_coro::executor);
  auto order = pool_worker::order_for(which);
  const auto worker = co_await find_worker();
  const auto end = co_await worker->async_carry_out(which, std::move(order), asio::deferred);
  if (!end.note.empty()) which.note(end.note);
  if (end.value) which.returns(*end.value);
  if (end.carry) which.carry_json(*end.carry);
  if (end.result.kind == outcome_kind::succeeded) co_return;
  throw failure(end.result.failure, end.result.message, end.result.permanent);
}

asio::awaitable<void> process_pool::close() {
  closing_ = true;
  if (!changes_) co_return;
  pause_->cancel();
  const auto all = workers_;
  for (const auto& worker : all) worker->retire();
  while (!workers_.empty()) co_await wait_for_change();
  leave_loop();
}

/// Gives up what is made of the loop, which may go now.
void process_pool::leave_loop() {
  farewell_.take_back();
  workers_.clear();
  changes_.reset();
  pause_.reset();
  where_ = nullptr;
}

void process_pool::kill_all() noexcept {
  closing_ = true;
  for (const auto& worker : workers_) worker->kill();
}

std::vector<int> process_pool::numbers() const {
  std::vector<int> all;
  for (const auto& worker : workers_) {
    if (worker->now() == state::idle || worker->now() == state::busy) all.push_back(worker->number());
  }
  return all;
}

std::shared_ptr<spdlog::logger> process_pool::logger() const {
  return options_.logger ? options_.logger : spdlog::default_logger();
}

}  // namespace carillon
