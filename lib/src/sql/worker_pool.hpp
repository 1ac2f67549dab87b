#pragma once
#include <algorithm>
#include <atomic>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/error.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sql/session.hpp"

namespace carillon::sql {

/// Something that is done with a session on a thread of a pool.
class work_item {
 public:
  virtual ~work_item() = default;
  virtual void carry_out(session& with) noexcept = 0;
  /// Nobody waits for it any more.
  std::atomic<bool> abandoned{false};
};

/// A few threads, each with a connection of its own, on which what blocks is done.
///
/// Thread safety: safe, but for its end.
class worker_pool {
 public:
  /// @param where Outlives this.
  worker_pool(const database_address& where, std::size_t threads, std::chrono::milliseconds timeout,
              session_use what_for = session_use::keeps);
  /// As `stop`.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  std::chrono::milliseconds timeout() const noexcept { return timeout_; }
  /// Nothing after `stop`.
  void post(std::shared_ptr<work_item> what);
  /// Nobody waits for it any more: it is not begun, or has its connection fail.
  void give_up(const work_item& what);
  /// Gives up everything, and waits for the threads.
  void stop();

 private:
  struct worker {
    worker(const database_address& where, std::chrono::milliseconds timeout, session_use what_for)
        : with{where, timeout, what_for} {}
    session with;
    const work_item* doing = nullptr;
    std::thread thread;
  };
  void run(worker& who);

  const std::chrono::milliseconds timeout_;
  std::mutex guard_;
  std::condition_variable news_;
  std::deque<std::shared_ptr<work_item>> waiting_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<worker>> workers_;
};

/// What an exception of a session means to who uses a store.
[[noreturn]] void throw_as_store(const std::exception_ptr& thrown);

/// How often a transaction that others are in the way of is tried.
inline constexpr int most_tries = 8;

/// Work that somebody waits for on a strand.
template <typename T, typename Work>
class pooled_call final : public work_item, public std::enable_shared_from_this<pooled_call<T, Work>> {
 public:
  pooled_call(loop_executor where, Work work)
      : timer{where}, where_{std::move(where)}, work_{std::move(work)} {}

  void carry_out(session& with) noexcept override {
    for (int tries = 1; !answer && !failure && !abandoned; ++tries) try_once(with, tries);
    boost::asio::post(where_, [self = this->shared_from_this()] {
      self->is_done = true;
      self->timer.cancel();
    });
  }

  boost::asio::steady_timer timer;  ///< This, and whether it is done, is touched on the strand only.
  bool is_done = false;
  std::optional<T> answer;  ///< This and the failure are whole once it is done.
  std::exception_ptr failure;

 private:
  void try_once(session& with, int tries) noexcept {
    bool connected = false;
    try {
      with.connect();
      connected = true;
      with.begin_call();
      answer.emplace(work_(with));
    } catch (const database_error& error) {
      using kind = database_error::kind;
      const bool was_idle = connected && tries == 1 && error.why() == kind::lost && with.is_unanswered();
      const bool again = was_idle || (error.why() == kind::busy && tries < most_tries);
      if (!again) failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
  }

  loop_executor where_;
  Work work_;
};

/// Does `work` on the pool, and waits for what it answers. `work` owns what it refers to: it may go on when
/// nobody waits any more. It is begun anew when others were in its way, or its connection had been closed
/// before.
///
/// @param patience Waits for so long if that is longer than the pool's timeout.
/// Errors: as `job_backend`. Cancellation: terminal; as an answer that was lost.
template <typename T, typename Work>
loop_awaitable<T> ask(std::shared_ptr<worker_pool> pool, Work work,
                      std::chrono::milliseconds patience = std::chrono::milliseconds::zero()) {
  const loop_executor where = co_await boost::asio::this_coro::executor;
  const auto mine = std::make_shared<pooled_call<T, Work>>(where, std::move(work));
  mine->timer.expires_after(std::max(patience, pool->timeout()));
  pool->post(mine);
  boost::system::error_code over;
  co_await mine->timer.async_wait(boost::asio::redirect_error(boost::asio::deferred, over));
  if (!mine->is_done) {
    mine->abandoned = true;
    pool->give_up(*mine);
    throw boost::system::system_error(errc::store_unreachable, "the database did not answer in time");
  }
  if (mine->failure) throw_as_store(mine->failure);
  co_return std::move(*mine->answer);
}

}  // namespace carillon::sql
