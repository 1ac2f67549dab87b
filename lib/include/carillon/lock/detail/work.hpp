#pragma once
#include <boost/asio/awaitable.hpp>
#include <carillon/lock/held_lock.hpp>
#include <carillon/lock/while_held.hpp>
#include <concepts>
#include <functional>
#include <type_traits>

// Work of any signature, done under a lock.

namespace carillon::detail {

template <typename T>
struct awaited {};
template <typename T, typename Executor>
struct awaited<boost::asio::awaitable<T, Executor>> {
  using type = T;
};
template <typename T>
concept is_awaitable = requires { typename awaited<T>::type; };

template <typename Work>
struct call_result : std::invoke_result<Work&, const held_lock&> {};
template <std::invocable Work>
struct call_result<Work> : std::invoke_result<Work&> {};

template <typename Result>
struct outcome {
  using type = Result;
};
template <is_awaitable Result>
struct outcome<Result> : awaited<Result> {};

/// What work answers, awaited or not.
template <typename Work>
using outcome_of = typename outcome<typename call_result<Work>::type>::type;

template <typename Work>
decltype(auto) call_with(Work& work, const held_lock& held) {
  if constexpr (std::invocable<Work&>) {
    return work();
  } else {
    return work(held);
  }
}

/// Does the work, and answers what it answers. Awaitable work is cancelled when the lock is lost; a plain
/// function cannot be. Lifetime: `held` and `work` outlive what it returns.
template <typename Work>
boost::asio::awaitable<outcome_of<Work>> do_held(const held_lock& held, Work& work) {
  if constexpr (is_awaitable<typename call_result<Work>::type>) {
    co_return co_await cancelled_when_lost(held, call_with(work, held));
  } else {
    co_return call_with(work, held);
  }
}

}  // namespace carillon::detail
