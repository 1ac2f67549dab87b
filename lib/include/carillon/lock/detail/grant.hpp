#pragma once
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <carillon/lock/held_lock.hpp>
#include <exception>
#include <optional>
#include <utility>

// From what a lock's implementation delivers to what its user asked for.

namespace carillon::detail {

/// A handler that turns what it is called with into what `done` takes, and stands on the same executor and
/// slot.
template <typename T, typename Turn>
completion_handler<hold_ptr> deliver_as(completion_handler<T> done, Turn turn) {
  const auto where = boost::asio::get_associated_executor(done);
  const auto slot = boost::asio::get_associated_cancellation_slot(done);
  auto deliver = [done = std::move(done), turn](std::exception_ptr failure, hold_ptr what) mutable {
    std::move(done)(std::move(failure), turn(std::move(what)));
  };
  return boost::asio::bind_executor(where, boost::asio::bind_cancellation_slot(slot, std::move(deliver)));
}

inline completion_handler<hold_ptr> deliver_lock(completion_handler<held_lock> done) {
  return deliver_as<held_lock>(std::move(done), [](hold_ptr what) { return held_lock(std::move(what)); });
}

inline completion_handler<hold_ptr> deliver_optional(completion_handler<std::optional<held_lock>> done) {
  return deliver_as<std::optional<held_lock>>(std::move(done), [](hold_ptr what) {
    return what ? std::optional(held_lock(std::move(what))) : std::nullopt;
  });
}

}  // namespace carillon::detail
