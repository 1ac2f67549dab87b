#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/async/task_group.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/completer.hpp"
#include "redis/connection.hpp"
#include "redis/lease.hpp"
#include "redis/lease_keeper.hpp"
#include "redis/lock_desk.hpp"

namespace carillon::redis {

/// What became of a question for a lock or a key.
struct desk_answer {
  std::exception_ptr failure;
  lease_ptr granted;         ///< Null without a failure: no.
  bool done_before = false;  ///< Of a key: no, because it was done.
};

/// A question for a lock or a key that is not answered yet.
struct desk_question {
  lock_terms terms;
  const lua_script* ask = nullptr;
  words ask_with;
  std::optional<milliseconds> limit;  ///< Answered no when it has passed. None: waits for ever.
  std::function<void(desk_answer)> answer;
};

/// Deals with Redis for the locks of a process: asks for them, waits in their queues, renews and gives back.
/// It is at work on the background thread of a link, so that neither leases nor places in a queue are lost
/// when the caller's loop is blocked.
///
/// Thread safety: none; used on the strand of the connection, which it does not outlive.
class lock_clerk {
 public:
  lock_clerk(redis::connection& to, std::shared_ptr<lock_desk> desk);
  lock_clerk(const lock_clerk&) = delete;
  lock_clerk& operator=(const lock_clerk&) = delete;

  /// Asks until there is an answer. What it returns can be withdrawn.
  std::shared_ptr<void> ask(desk_question question);
  /// Nobody wants to know any more: answered with `operation_aborted`, and nothing is left in Redis.
  void withdraw(const std::shared_ptr<void>& asked);

  using told = std::shared_ptr<detail::completer<bool>>;
  /// `done`, if any, is told whether it was held until then.
  void give_back(const lease_ptr& what, told done);
  void mark_done(const lease_ptr& what, milliseconds ttl, told done);

  /// Refuses what comes, ends leases and questions, and finishes what is under way: what was given back
  /// before is given back. Returns when nothing of it is left on the strand.
  loop_awaitable<void> close();

 private:
  struct asker;
  using asker_ptr = std::shared_ptr<asker>;
  struct verdict;

  loop_awaitable<verdict> call(const lua_script& script, const words& keys, const words& arguments);
  loop_awaitable<void> keep_asking(asker_ptr who);
  loop_awaitable<void> wait(asker_ptr who, milliseconds at_most);
  loop_awaitable<void> withdraw_question(asker_ptr who);
  loop_awaitable<void> renew(lease_ptr what);
  loop_awaitable<void> leave(lease_ptr what, told done);
  loop_awaitable<void> write_done(lease_ptr what, milliseconds ttl, told done);
  loop_awaitable<verdict> call_until_answered(const lua_script& script, const words& keys,
                                              const words& arguments, milliseconds patience);
  bool grant(const asker_ptr& who, lease::elapsed_time asked, std::uint64_t fence);
  static void answer(asker& who, desk_answer what);
  void ring_at_limit(const asker_ptr& who);
  void listen();
  void wake_all();
  milliseconds at_random(milliseconds least, milliseconds most);

  redis::connection& connection_;
  const loop_executor where_;
  const std::shared_ptr<lock_desk> desk_;
  bool closed_ = false;
  std::minstd_rand random_;
  std::unordered_map<std::string, asker*> waiting_;  // by token
  lease_keeper keeper_;
  task_group tasks_;
  redis::connection::listening notices_;
};

}  // namespace carillon::redis
