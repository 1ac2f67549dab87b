#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/lock/held_lock.hpp>
#include <exception>
#include <type_traits>
#include <utility>

namespace carillon {

namespace detail {

/// Answers what the work answers, even if the lock was lost meanwhile; work that fails after that has failed
/// because of it.
template <typename T, typename Executor>
boost::asio::awaitable<T, Executor> cancelled_when_lost(const held_lock& held,
                                                        boost::asio::awaitable<T, Executor> work) {
  namespace asio = boost::asio;
  const auto here = co_await asio::this_coro::executor;
  auto both = asio::experimental::make_parallel_group(asio::co_spawn(here, std::move(work), asio::deferred),
                                                      held.lost(asio::deferred));
  auto ended = co_await both.async_wait(asio::experimental::wait_for_one(), asio::deferred);
  const auto failure = std::get<1>(ended);
  if (failure && !held.is_good()) throw boost::system::system_error(errc::lock_lost);
  if (failure) std::rethrow_exception(failure);
  if constexpr (!std::is_void_v<T>) co_return std::move(std::get<2>(ended));
}

inline void throw_if_lost(const held_lock& held) {
  if (!held.is_good()) throw boost::system::system_error(errc::lock_lost);
}

}  // namespace detail

/// Does `work` for as long as the lock is held, and answers what it answers. When the lock is lost, the work
/// is cancelled and waited for.
///
/// @pre `held` holds something. The caller's executor is a strand, or of a loop that one thread runs.
/// Errors: `errc::lock_lost` if the lock was lost before the work had ended, whatever became of it; else what
/// the work throws. Cancellation: terminal; reaches the work.
template <typename T, typename Executor>
boost::asio::awaitable<T, Executor> while_held(const held_lock& held,
                                               boost::asio::awaitable<T, Executor> work) {
  if constexpr (std::is_void_v<T>) {
    co_await detail::cancelled_when_lost(held, std::move(work));
    detail::throw_if_lost(held);
  } else {
    auto answer = co_await detail::cancelled_when_lost(held, std::move(work));
    detail::throw_if_lost(held);
    co_return answer;
  }
}

}  // namespace carillon
