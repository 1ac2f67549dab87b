#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <csignal>
#include <exception>

namespace carillon {

void run_until_signalled(boost::asio::io_context& io, scheduler& scheduler) {
  bool over = false;
  std::exception_ptr failure;
  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code error, int) {
    if (error) return;
    signals.clear();  // The next one finds no handler of ours: the system's ends the process, even if our
                      // loop is blocked.
    scheduler.shutdown()(boost::asio::detached);
  });
  boost::asio::co_spawn(io, scheduler.run(), [&](std::exception_ptr thrown) {
    over = true;
    failure = std::move(thrown);
    signals.cancel();
  });
  io.restart();
  while (!over && io.run_one() > 0) continue;
  io.poll();  // The handler of the signals refers to what is about to go.
  if (failure) std::rethrow_exception(failure);
}

}  // namespace carillon
