#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <cstdio>

int main() {
  boost::asio::io_context io;
  carillon::scheduler scheduler{io};
  int fired = 0;
  scheduler.add("three", carillon::every(std::chrono::milliseconds{20}), [&] {
    if (++fired == 3) scheduler.shutdown(carillon::shutdown_options{}, boost::asio::detached);
  });
  boost::asio::co_spawn(io, scheduler.run(), boost::asio::detached);
  io.run();
  std::printf("fired %d times\n", fired);
}
