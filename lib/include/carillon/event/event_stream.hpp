#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/system_executor.hpp>
#include <carillon/async/completion.hpp>
#include <carillon/event/event_bus.hpp>
#include <carillon/event/event_filter.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace carillon {

/// How an `event_stream` behaves.
struct event_stream_options {
  std::size_t buffer = 256;  ///< Events kept for who does not ask in time. 1 to 1,000,000.
};

/// Events to be awaited, one after another, in the order in which they happened.
///
///     auto failures = scheduler.events(event::run_failed | event::run_missed);
///     for (;;) {
///       const auto what = co_await failures.next();
///       if (!what) break;                          // the scheduler has ended
///       if (what->dropped > 0) …                   // so many before this one found no place
///     }
///
/// Begins when it is made. Nobody is held up by who asks too seldom: when the buffer is full the oldest event
/// gives way, and the one that then comes first says how many did (`event::dropped`). The end of the
/// scheduler (after `scheduler_stopped`) ends it, when what is kept has been taken; it may outlive the
/// scheduler and its event loop.
/// Thread safety: safe, from any thread; one `next` at a time.
class event_stream {
 public:
  /// Errors: throws `std::invalid_argument` for a buffer out of range. Its completions go by way of `where`,
  /// as long as it has not ended; the bus ends it before the loop of `where` goes.
  event_stream(event_bus& bus, event_filter which, event_stream_options options,
               const boost::asio::any_io_executor& where);
  event_stream(event_stream&&) noexcept = default;
  event_stream& operator=(event_stream&& other) noexcept;
  /// As `close`.
  ~event_stream();

  /// Takes the next event, or waits for it; none: the stream has ended. Completes with
  /// `void(std::exception_ptr, std::optional<event>)`, never from within this call. Errors:
  /// `std::logic_error` while another `next` waits. Cancellation: all types; no event is lost. When the
  /// scheduler has ended, a handler without an executor of its own is called by a thread of Asio's
  /// (`boost::asio::system_executor`).
  template <typename Token = boost::asio::deferred_t>
  auto next(Token&& token = {}) {
    return boost::asio::async_initiate<Token, detail::completion<std::optional<event>>::signature>(
        [](auto handler, std::shared_ptr<state> of) {
          [[maybe_unused]] const auto own =
              boost::asio::get_associated_executor(handler, boost::asio::system_executor());
          if constexpr (boost::asio::can_require_v<decltype(own),
                                                   boost::asio::execution::blocking_t::never_t>) {
            if (auto rest = after_end(*of)) {
              return boost::asio::post(
                  own, boost::asio::append(std::move(handler), std::exception_ptr{}, std::move(*rest)));
            }
          }
          begin_next(std::move(of), detail::completion_handler<std::optional<event>>(std::move(handler)));
        },
        token, state_);
  }

  /// Takes the next event if there is one; does not wait.
  std::optional<event> try_next();

  /// How many events found no place, since the beginning.
  std::uint64_t dropped() const;

  /// Hears nothing more, drops what it keeps, and ends a `next` that waits (with none).
  void close() noexcept;

 private:
  struct state;
  /// What `next` comes to at once, without a loop; none: it has not ended.
  static std::optional<std::optional<event>> after_end(state& of);
  static void begin_next(std::shared_ptr<state> of, detail::completion_handler<std::optional<event>> done);

  std::shared_ptr<state> state_;
  subscription place_;
};

}  // namespace carillon
