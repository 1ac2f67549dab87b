#pragma once
#include <spdlog/logger.h>

#include <boost/asio/basic_waitable_timer.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "push/service_instances.hpp"

namespace carillon::pushes {

/// Lets an instance take part in its service, and keeps it there.
///
/// Lifetime: of the client; nothing of it runs any more when it is destroyed. Thread safety: none; one
/// strand.
class admission {
 public:
  admission(redis::client& through, service_keys keys, std::string me, const push_options& options,
            std::string address, std::shared_ptr<spdlog::logger> logger);

  /// Waits until this instance is let in, and answers what it found; nothing: it is to stop. Others that run
  /// the service otherwise, and a Redis that is away, are told once. Errors: throws `system_error` for what
  /// the server refuses.
  loop_awaitable<std::optional<service_instances::answer>> enter(service_definition ours);

  /// Renews the lease until `stop`. Should others have begun by another definition meanwhile, because this
  /// one was not heard of for longer than its lease, `lost` is called, and it returns.
  loop_awaitable<void> keep(std::function<void()> lost);

  /// Why this instance takes part no more; nothing: it does, or was told to stop.
  const std::optional<std::string>& lost() const noexcept { return lost_; }

  /// Lets nobody in any more: ends `enter`.
  void stop_entering();
  /// Ends both.
  void stop();
  /// Gives way to others at once. Errors: none; what cannot be said ends with the lease.
  loop_awaitable<void> leave();

 private:
  using answer = service_instances::answer;
  loop_awaitable<std::pair<std::optional<answer>, std::string>> ask(service_instances::asking why);
  void tell(const std::optional<answer>& found, const std::string& away);
  loop_awaitable<void> rest(std::chrono::milliseconds length);

  service_instances who_;
  push_options options_;
  service_definition ours_;
  std::string address_;
  std::shared_ptr<spdlog::logger> logger_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      timer_;
  bool stopped_ = false;
  bool may_enter_ = true;
  std::string told_;
  std::optional<std::string> lost_;
};

}  // namespace carillon::pushes
