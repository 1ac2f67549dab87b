#pragma once
#include <carillon/executor/executor.hpp>

namespace carillon {

/// Runs registered bodies in the event loop, like the scheduler's own default, but so many at once and no
/// more: for jobs that share something that bears only so much.
class inline_executor final : public executor {
 public:
  explicit inline_executor(executor_limits limits) noexcept : limits_{limits} {}

  executor_limits limits() const noexcept override { return limits_; }
  boost::asio::awaitable<void> execute(run& run, const task* body) override;

 private:
  executor_limits limits_;
};

}  // namespace carillon
