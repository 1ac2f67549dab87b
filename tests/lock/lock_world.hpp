#pragma once
#include <doctest/doctest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "support/simulation.hpp"

namespace carillon::testing {

/// A coroutine that a test has started, and what became of it.
struct started {
  bool over = false;
  std::exception_ptr failure;
  boost::asio::cancellation_signal stop;

  /// Asks it to end.
  void cancel(boost::asio::cancellation_type how = boost::asio::cancellation_type::terminal) {
    stop.emit(how);
  }
  /// The code of the `system_error` that it threw; none if it threw none.
  boost::system::error_code code() const {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error& why) {
      return why.code();
    }
    return {};
  }
};

inline std::shared_ptr<started> start(boost::asio::io_context& io, boost::asio::awaitable<void> work) {
  auto one = std::make_shared<started>();
  auto on_done = [one](std::exception_ptr failure) {
    one->over = true;
    one->failure = std::move(failure);
  };
  boost::asio::co_spawn(io, std::move(work), boost::asio::bind_cancellation_slot(one->stop.slot(), on_done));
  return one;
}

using log_lines = std::vector<std::string>;

}  // namespace carillon::testing
