// Events for those who await them.

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <utility>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

/// What `next_event` shares with the handler that may come after it.
struct awaited_event {
  std::optional<event> heard;
  bool over = false;
  wall_timer* bell = nullptr;  ///< Null: nobody waits any more.
};

class bell_place {
 public:
  bell_place(awaited_event& of, wall_timer& bell) : of_{of} { of_.bell = &bell; }
  ~bell_place() { of_.bell = nullptr; }
  bell_place(const bell_place&) = delete;
  bell_place& operator=(const bell_place&) = delete;

 private:
  awaited_event& of_;
};

}  // namespace

event_stream engine::stream(event_filter which, event_stream_options options) {
  return {events_, std::move(which), options, strand_};
}

/// The next event of a stream, or none after a while.
loop_awaitable<std::optional<event>> engine::next_event(event_stream from,
                                                        std::optional<milliseconds> within) {
  const auto until = within ? clock_.now() + *within : instant::max();
  wall_timer bell{clock_, strand_};
  const auto shared = std::make_shared<awaited_event>();
  const bell_place rung{*shared, bell};
  auto on_event = [shared](const std::exception_ptr&, std::optional<event> what) {
    shared->heard = std::move(what);
    shared->over = true;
    if (shared->bell) shared->bell->wake();
  };
  from.next(boost::asio::bind_executor(strand_, std::move(on_event)));
  while (!shared->over && clock_.now() < until) {
    if (within) {
      bell.set(until);
    } else {
      bell.set_never();
    }
    co_await bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }
  co_return std::move(shared->heard);
}

}  // namespace carillon
