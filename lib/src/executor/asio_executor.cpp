#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/executor/asio_executor.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/task.hpp>

namespace carillon {

boost::asio::awaitable<void> asio_executor::execute(run& run, const task* body) {
  co_await boost::asio::co_spawn(where_, carry_out(run, *body), boost::asio::deferred);
}

/// One that was asked to stop before it began does not begin.
boost::asio::awaitable<void> asio_executor::carry_out(run& of, const task& body) {
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
  if (of.cancel_reason() != cancel_reason::none)
    throw boost::system::system_error(boost::asio::error::operation_aborted);
  co_await body.start(of);
}

}  // namespace carillon
