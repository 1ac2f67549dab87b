#include <boost/asio.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/redis/mutex.hpp>
#include <carillon/redis/once.hpp>
#include <carillon/redis/semaphore.hpp>
#include <iostream>

namespace asio = boost::asio;
using namespace std::chrono_literals;

void write_stock(std::uint64_t fence) { std::cout << "stock written with fence " << fence << std::endl; }

asio::awaitable<void> push(std::string user) {
  std::cout << "pushed to " << user << std::endl;
  co_return;
}

asio::awaitable<void> work(carillon::redis::link& link) {
  carillon::redis::mutex inventory{link, "inventory"};
  const carillon::redis::lock_options ten_seconds{.lease = 10s};
  auto held = co_await inventory.lock(ten_seconds);  // renewed until `held` goes
  write_stock(held.fence());
  co_await held.unlock();

  // Cancelled, should the lock be lost meanwhile.
  const auto count = [](const carillon::redis::held_lock& lock) -> asio::awaitable<void> {
    write_stock(lock.fence());
    co_return;
  };
  co_await inventory.run_locked(count, ten_seconds);

  carillon::redis::semaphore downloads{link, "downloads", 3};  // three at a time, wherever they run
  const auto place = co_await downloads.try_lock_for(1s);
  std::cout << (place ? "a place is free" : "no place within a second") << std::endl;

  for (int instance = 0; instance < 2; ++instance) {
    bool sent =
        co_await carillon::redis::once(link, "push:42:2026-11-21T08:00", 600s, [&] { return push("42"); });
    std::cout << (sent ? "this call sent it" : "somebody has sent it") << std::endl;
  }
}

int main(int count, char** arguments) {
  asio::io_context io;
  carillon::redis::link_options options;
  options.url = count > 1 ? arguments[1] : "redis://127.0.0.1:6379";
  options.name_space = "shop";
  carillon::redis::link link{io, options};
  asio::co_spawn(io, work(link), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
}
