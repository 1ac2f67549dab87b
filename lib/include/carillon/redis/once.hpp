#pragma once
#include <carillon/lock/once.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace carillon::redis {

class link;
class link_state;
using carillon::once_answer;
using carillon::once_options;
using carillon::once_outcome;

/// The keys of all that share a Redis and a namespace. A key is in Redis as `pending:TOKEN` while somebody is
/// at it, and as `done:TOKEN` with its time to live; any other value that others have written there counts as
/// done.
class once_keys final : public carillon::once_keys {
 public:
  explicit once_keys(link& through);
  /// Keys that are in Redis as `prefix` and their name, for those who read them there.
  once_keys(link& through, std::string prefix);

 private:
  void start_claim(std::string key, once_options how, detail::completion_handler<once_claim> done) override;

  std::shared_ptr<link_state> link_;
  std::string prefix_;
  std::string suffix_;
};

/// Does `work` if nobody that shares the Redis and the namespace has done it under this key in the last
/// `ttl`: as `carillon::once`, which see.
///
///     bool sent = co_await carillon::redis::once(link, "push:42:2026-11-21T08:00", 600s, [&] { return
///     push(user); });
///
/// Of many calls with one key at once, one does the work. What is acknowledged, by returning `ran`, happened
/// once within the time to live. Work that outlives its lease, because its machine slept or Redis was away,
/// may be done twice.
template <typename Work>
boost::asio::awaitable<once_answer> once(link& through, std::string key, std::chrono::milliseconds ttl,
                                         Work work, once_options how = once_options()) {
  once_keys keys{through};
  co_return co_await carillon::once(keys, std::move(key), ttl, std::move(work), how);
}

}  // namespace carillon::redis
