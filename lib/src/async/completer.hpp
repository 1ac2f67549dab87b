#pragma once
#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <carillon/async/completion.hpp>
#include <utility>

namespace carillon::detail {

/// Completes an operation once, from any thread, on the executor of its handler, whose loop it keeps running
/// until then.
template <typename T>
class completer {
 public:
  /// Goes by way of `otherwise`, which is also for a handler that has no executor of its own.
  completer(completion_handler<T> done, const boost::asio::any_io_executor& otherwise)
      : done_{std::move(done)},
        otherwise_{otherwise},
        slot_{boost::asio::get_associated_cancellation_slot(done_)},
        where_{boost::asio::prefer(
            boost::asio::get_associated_executor(done_, boost::asio::any_completion_executor(otherwise)),
            boost::asio::execution::outstanding_work.tracked)} {}

  /// What is called, on the strand of the handler, when the operation is to be cancelled. It may come too
  /// late.
  template <typename Cancel>
  void on_cancel(Cancel cancel) {
    if (slot_.is_connected())
      slot_.assign([cancel = std::move(cancel)](boost::asio::cancellation_type) mutable { cancel(); });
  }

  /// Never from within the call that began the operation.
  template <typename... Args>
  void operator()(Args... args) {
    auto complete = [done = std::move(done_), slot = slot_, ... args = std::move(args)]() mutable {
      if (slot.is_connected()) slot.clear();
      std::move(done)(std::move(args)...);
    };
    boost::asio::post(otherwise_, boost::asio::bind_executor(where_, std::move(complete)));
  }

 private:
  completion_handler<T> done_;
  boost::asio::any_io_executor otherwise_;
  boost::asio::cancellation_slot slot_;
  boost::asio::any_completion_executor where_;
};

}  // namespace carillon::detail
