#include "carillon/shared/inspect.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

#include "carillon/shared/quiet_link.hpp"

namespace carillon::app {
namespace {

loop_awaitable<void> inspect_and_close(redis::inspection& inspector,
                                       const std::function<loop_awaitable<void>(redis::inspection&)>& work) {
  std::exception_ptr thrown;
  try {
    co_await inspector.open();
    co_await work(inspector);
  } catch (...) {
    thrown = std::current_exception();
  }
  co_await inspector.close();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace

void inspect(const std::string& url, const std::function<loop_awaitable<void>(redis::inspection&)>& work) {
  boost::asio::io_context io{1};
  redis::link link{io, quiet_options(url)};
  redis::inspection inspector{link};
  std::exception_ptr failure;
  boost::asio::co_spawn(loop_executor{io.get_executor()}, inspect_and_close(inspector, work),
                        [&](const std::exception_ptr& thrown) { failure = thrown; });
  io.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace carillon::app
