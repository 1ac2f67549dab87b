#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/async/while_watched.hpp>
#include <exception>
#include <utility>

namespace carillon {

loop_awaitable<void> while_watched(loop_awaitable<void> work, loop_awaitable<void> watch) {
  namespace asio = boost::asio;
  const auto strand = co_await asio::this_coro::executor;
  auto both =
      asio::experimental::make_parallel_group(asio::co_spawn(strand, std::move(work), asio::deferred),
                                              asio::co_spawn(strand, std::move(watch), asio::deferred));
  const auto [order, work_failure, watch_failure] =
      co_await both.async_wait(asio::experimental::wait_for_one(), asio::deferred);
  const auto first_failure = order[0] == 0 ? work_failure : watch_failure;
  if (first_failure) std::rethrow_exception(first_failure);
}

}  // namespace carillon
