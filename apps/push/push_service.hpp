#pragma once
#include <spdlog/logger.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/executor/command_line.hpp>
#include <carillon/job/options.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "push/delivery.hpp"
#include "push/figures.hpp"
#include "push/options.hpp"
#include "push/service_definition.hpp"

namespace carillon::pushes {

/// How a push service runs.
struct service_options {
  push_options what;
  std::string instance{};            ///< As `scheduler_options::instance`.
  redis::job_store_options store{};  ///< How the jobs that share the work are kept. Its clock is that below.
  std::shared_ptr<carillon::clock> clock{};  ///< Null: the machine's.
  std::shared_ptr<spdlog::logger> logger{};  ///< Null: spdlog's default.
  /// How long what is under way may go on when the service is told to stop, before it is given back.
  milliseconds drain{30'000};
};

/// Sends what people have subscribed to, once each, beside any number of instances with the same Redis,
/// namespace and options. docs/push.md says how.
///
///     carillon::redis::link link{io, {.url = "redis://127.0.0.1:6379", .name_space = "reminders"}};
///     carillon::pushes::push_service service{io, link, std::make_shared<mail>(), options};
///     asio::co_spawn(io, service.run(), asio::detached);
///
/// The looks are jobs of its scheduler (`push/NAME/look/0-of-16` and so on), which instances share out
/// between them and take over from one that dies; jobs of one's own may be beside them. Lifetime: `io` and
/// the link outlive it; `run` has returned before it is destroyed. Thread safety: none, but for `stop`; where
/// several threads run `io`, use it from the executor of its scheduler.
class push_service {
 public:
  /// Touches no Redis yet. Errors: throws `std::invalid_argument` naming an option that is out of range.
  push_service(boost::asio::io_context& io, redis::link& link, std::shared_ptr<delivery> way,
               service_options how);
  ~push_service();
  push_service(const push_service&) = delete;
  push_service& operator=(const push_service&) = delete;

  /// Where its jobs are, for jobs and executors of one's own. It is run by `run`.
  carillon::scheduler& scheduler() noexcept;

  /// Runs `work` at these times of each day ("08:00"), in the zone of the options: jobs
  /// `push/NAME/fixed/08:00`, each occurrence once among all instances; what was done at other times before
  /// is done no more. What fails is tried again as `again` says; with more than one attempt what was lost
  /// with its instance is, too. `named` says what is done, for instances to compare. Errors: throws
  /// `std::invalid_argument` for what is no time of day. @pre `run` was not called yet.
  void at_fixed_times(const std::vector<std::string>& times,
                      std::function<boost::asio::awaitable<void>(carillon::run&)> work,
                      const retry_policy& again = {}, const std::string& named = fixed_function);
  /// The same with a command, which is run once, however it ends.
  void at_fixed_times(const std::vector<std::string>& times, const command_line& command);

  /// What its jobs begin with: `push/NAME/`, where NAME is made of `subscriptions` and `sent`.
  std::string job_prefix() const;

  /// Runs until it is stopped. Once. While other instances run this service by other options (docs/push.md
  /// says which must be the same) it stands by, and begins when they have stopped; and it waits for a Redis
  /// that is away.
  /// Errors: throws `system_error` when the store cannot be opened, `std::runtime_error` when others have
  /// begun to run the service by other options while this instance was not heard of. Cancellation: terminal;
  /// as `stop` without a drain.
  boost::asio::awaitable<void> run();

  /// Looks no further, lets end what is under way, for as long as `drain` says, gives back the rest, and lets
  /// `run` return. Thread safety: safe.
  void stop();

  /// What this instance has done so far.
  boost::asio::awaitable<push_figures> figures();

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace carillon::pushes
