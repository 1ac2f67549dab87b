#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/event/event_stream.hpp>
#include <deque>
#include <exception>
#include <mutex>
#include <stdexcept>

#include "async/completer.hpp"

namespace carillon {

namespace {

constexpr std::size_t largest_buffer = 1'000'000;

using event_taker = detail::completer<std::optional<event>>;

}  // namespace

/// What the stream and the bus share. Who has waited is completed outside the lock. `where` is used only
/// before the end, under the lock or by who ends it: its loop may go afterwards.
struct event_stream::state {
  state(std::size_t places, boost::asio::any_io_executor executor)
      : most{places}, where{std::move(executor)} {}

  void push(const event& happened);
  void end(bool drop) noexcept;
  /// @pre `mutex` is held and `held` is not empty
  event take();
  /// Nobody waits any more: what was waiting is now the caller's.
  std::optional<event_taker> take_waiter() {
    const std::lock_guard lock{mutex};
    return std::exchange(waiter, std::nullopt);
  }

  const std::size_t most;
  boost::asio::any_io_executor where;  ///< None when it has ended.
  std::mutex mutex;
  std::deque<event> held;  ///< Empty while somebody waits.
  std::optional<event_taker> waiter;
  std::uint64_t dropped = 0;       ///< Before the first of `held`, and not told.
  std::uint64_t dropped_ever = 0;  ///< All.
  bool ended = false;
};

void event_stream::state::push(const event& happened) {
  std::optional<event_taker> taker;
  {
    const std::lock_guard lock{mutex};
    if (ended) return;
    taker = std::exchange(waiter, std::nullopt);
    if (!taker) {
      if (held.size() == most) {
        held.pop_front();
        ++dropped;
        ++dropped_ever;
      }
      held.push_back(happened);
    }
  }
  if (taker) (*taker)(std::exception_ptr{}, std::optional{happened});
}

event event_stream::state::take() {
  auto first = std::move(held.front());
  held.pop_front();
  first.dropped = std::exchange(dropped, 0);
  return first;
}

void event_stream::state::end(bool drop) noexcept {
  std::optional<event_taker> taker;
  {
    const std::lock_guard lock{mutex};
    ended = true;
    where = nullptr;
    if (drop) held.clear();
    taker = std::exchange(waiter, std::nullopt);
  }
  if (taker) (*taker)(std::exception_ptr{}, std::optional<event>{});
}

event_stream::event_stream(event_bus& bus, event_filter which, event_stream_options options,
                           const boost::asio::any_io_executor& where) {
  if (options.buffer < 1 || options.buffer > largest_buffer) {
    throw std::invalid_argument(
        fmt::format("event_stream_options.buffer: {}: 1 to {}", options.buffer, largest_buffer));
  }
  state_ = std::make_shared<state>(options.buffer, where);
  place_ = bus.on(
      std::move(which), [shared = state_](const event& happened) { shared->push(happened); },
      [shared = state_] { shared->end(false); });
}

event_stream& event_stream::operator=(event_stream&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
    place_ = std::move(other.place_);
  }
  return *this;
}

event_stream::~event_stream() { close(); }

void event_stream::close() noexcept {
  place_.off();
  if (state_) state_->end(true);
}

std::optional<event> event_stream::try_next() {
  const std::lock_guard lock{state_->mutex};
  if (state_->held.empty()) return std::nullopt;
  return state_->take();
}

std::uint64_t event_stream::dropped() const {
  const std::lock_guard lock{state_->mutex};
  return state_->dropped_ever;
}

std::optional<std::optional<event>> event_stream::after_end(state& of) {
  const std::lock_guard lock{of.mutex};
  if (!of.ended) return std::nullopt;
  std::optional<event> first;
  if (!of.held.empty()) first = of.take();
  return std::make_optional(std::move(first));
}

void event_stream::begin_next(std::shared_ptr<state> of,
                              detail::completion_handler<std::optional<event>> done) {
  const std::lock_guard lock{of->mutex};
  // It may have ended since it was looked at.
  event_taker taker{std::move(done),
                    of->ended ? boost::asio::any_io_executor(boost::asio::system_executor()) : of->where};
  taker.on_cancel([weak = std::weak_ptr{of}] {
    const auto self = weak.lock();
    auto waiting = self ? self->take_waiter() : std::nullopt;
    if (!waiting) return;
    (*waiting)(std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted)),
               std::optional<event>{});
  });
  std::exception_ptr failure;
  std::optional<event> first;
  if (of->waiter) {
    failure = std::make_exception_ptr(std::logic_error("event_stream::next: another one waits already"));
  } else if (!of->held.empty()) {
    first = of->take();
  } else if (!of->ended) {
    of->waiter.emplace(std::move(taker));
    return;
  }
  taker(failure, std::move(first));
}

}  // namespace carillon
