#include "executor/carried_body.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/task.hpp>

namespace carillon {

boost::asio::awaitable<void> carry(run& of, const task& body) {
  namespace asio = boost::asio;
  co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
  if (of.cancel_reason() != cancel_reason::none)
    throw boost::system::system_error(asio::error::operation_aborted);
  co_await body.start(of);
}

}  // namespace carillon
