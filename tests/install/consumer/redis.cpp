#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <cstdio>

int main(int, char** argv) {
  boost::asio::io_context io;
  carillon::redis::link link{io, {.url = argv[1], .name_space = "consumer"}};
  carillon::scheduler scheduler{io, carillon::redis::job_store{link}};
  int fired = 0;
  scheduler.add("three", carillon::every(std::chrono::milliseconds{20}), [&] {
    if (++fired == 3) scheduler.shutdown(carillon::shutdown_options{}, boost::asio::detached);
  });
  boost::asio::co_spawn(io, scheduler.run(), boost::asio::detached);
  io.run();
  std::printf("fired %d times\n", fired);
}
