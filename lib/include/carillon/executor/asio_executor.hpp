#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <carillon/executor/executor.hpp>
#include <utility>

namespace carillon {

/// Runs registered bodies on an executor of Asio's that the program has: the thread of a `foreign_loop`, a
/// strand that it shares with other work, a pool that it runs for itself.
///
/// A plain body is called there; one that is a coroutine runs there, which is what `co_await
/// this_coro::executor` answers. Where that executor calls several things at once, so are bodies. A run that
/// is asked to stop reaches a coroutine as Asio cancellation, total or terminal; a plain body must look at
/// `run.cancel_reason()` itself.
class asio_executor final : public executor {
 public:
  explicit asio_executor(boost::asio::any_io_executor where, executor_limits limits = {})
      : where_{std::move(where)}, limits_{limits} {}

  executor_limits limits() const noexcept override { return limits_; }
  boost::asio::awaitable<void> execute(run& run, const task* body) override;

 private:
  static boost::asio::awaitable<void> carry_out(run& of, const task& body);

  boost::asio::any_io_executor where_;
  executor_limits limits_;
};

}  // namespace carillon
