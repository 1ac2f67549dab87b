#pragma once
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "scheduler/engine.hpp"

namespace carillon {

/// Counts operations under way, so that shutdown waits for them.
class engine::operation_count {
 public:
  explicit operation_count(engine& owner) : owner_{owner} { ++owner_.operations_; }
  ~operation_count() {
    if (--owner_.operations_ == 0) owner_.news_.notify();
  }
  operation_count(const operation_count&) = delete;
  operation_count& operator=(const operation_count&) = delete;

 private:
  engine& owner_;
};

/// Comes back on the strand, in a later call of the event loop than the one that asked: so no operation runs
/// within a body.
template <typename T>
loop_awaitable<T> engine::gated(std::shared_ptr<engine> self, loop_awaitable<T> work) {
  co_await boost::asio::post(boost::asio::deferred);
  co_await self->wait_until_running();
  const operation_count counted{*self};
  if constexpr (std::is_void_v<T>) {
    co_await std::move(work);
  } else {
    co_return co_await std::move(work);
  }
}

template <typename T>
loop_awaitable<T> engine::kept_alive([[maybe_unused]] std::shared_ptr<engine> self, loop_awaitable<T> work) {
  co_await boost::asio::post(boost::asio::deferred);
  if constexpr (std::is_void_v<T>) {
    co_await std::move(work);
  } else {
    co_return co_await std::move(work);
  }
}

template <typename T>
void engine::operate_at_any_time(loop_awaitable<T> work, detail::completion_handler<T> done) {
  boost::asio::co_spawn(strand_, kept_alive(shared_from_this(), std::move(work)), std::move(done));
}

template <typename T>
void engine::operate(loop_awaitable<T> work, detail::completion_handler<T> done) {
  boost::asio::co_spawn(strand_, gated(shared_from_this(), std::move(work)), std::move(done));
}

}  // namespace carillon
