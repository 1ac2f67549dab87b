#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <carillon/lock/detail/work.hpp>
#include <carillon/lock/held_lock.hpp>
#include <carillon/lock/once_keys.hpp>
#include <chrono>
#include <string>
#include <type_traits>
#include <utility>

namespace carillon {

/// The answer of `once`: true if this call did the work.
struct once_answer {
  once_outcome what = once_outcome::busy;
  operator bool() const noexcept { return what == once_outcome::ran; }
  friend bool operator==(once_answer answer, once_outcome outcome) noexcept { return answer.what == outcome; }
};

namespace detail {

// A thread of execution of its own, so that the end of it can be shielded from cancellation without shielding
// the caller.
template <typename Work>
boost::asio::awaitable<once_answer> do_once(std::shared_ptr<pending_key> key, std::chrono::milliseconds ttl,
                                            Work& work) {
  const held_lock held{key};  // frees the key when the work throws
  co_await do_held(held, work);
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  const bool acknowledged = co_await initiate<bool>(
      boost::asio::deferred, [&](auto done) { key->start_done(ttl, std::move(done)); });
  if (!acknowledged) throw boost::system::system_error(errc::lock_lost);
  const once_answer ran{once_outcome::ran};
  co_return ran;
}

}  // namespace detail

/// Does `work` if nobody has done it under this key in the last `ttl`, and remembers that it was done: of all
/// that call it with a key, one does the work. When the work throws, the key is free again at once; when its
/// process dies, after the lease. What the work returns is dropped: to fail is to throw.
///
/// `work` is called as `work(held)`, with a `const held_lock&` for the fence, or as `work()`. It returns an
/// awaitable, which is cancelled when the key is lost, or is a plain function, which cannot be.
///
/// Answers `busy` at once when somebody is at it, unless `how.wait` says to wait: then `done_before` when
/// they have done it, and their work is taken over when they fail or die.
///
/// Errors: what the work throws; those of `once_keys::claim`; `errc::lock_lost` when the lease ran out during
/// the work and somebody else took the key, or, for work that can be cancelled, when the lease ran out at
/// all: the work may be done twice. `errc::store_unreachable` when it was done but that could not be written
/// down in time. Cancellation: terminal; reaches the work, not what comes after it. Lifetime: `keys` outlives
/// what it returns. Its caller's executor: as for `while_held`.
template <typename Work>
boost::asio::awaitable<once_answer> once(once_keys& keys, std::string key, std::chrono::milliseconds ttl,
                                         Work work, once_options how = once_options()) {
  auto claim = co_await keys.claim(std::move(key), how);
  if (claim.what != once_outcome::ran) {
    const once_answer answer{claim.what};
    co_return answer;
  }
  const auto here = co_await boost::asio::this_coro::executor;
  co_return co_await boost::asio::co_spawn(here, detail::do_once(std::move(claim.mine), ttl, work),
                                           boost::asio::deferred);
}

}  // namespace carillon
