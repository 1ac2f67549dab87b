#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <iostream>
#include <stdexcept>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> watch(carillon::scheduler& scheduler) {
  auto ends = scheduler.events(carillon::event_filter(carillon::run_ends).with_tag("nightly"));
  for (int heard = 0; heard < 3; ++heard) {
    const auto what = co_await ends.next();
    if (!what) co_return;  // the scheduler has ended
    if (what->dropped > 0) std::cout << what->dropped << " events found no place" << std::endl;
    std::cout << what->job << ": " << name(what->kind) << std::endl;
  }
  const auto failed = co_await scheduler.wait_for(carillon::event::run_failed, 5s);
  std::cout << (failed ? failed->result.message : "nothing failed for 5 s") << std::endl;
  co_await scheduler.shutdown();
}

int main() {
  asio::io_context io;
  carillon::scheduler scheduler{io};
  scheduler.add("count", carillon::every(200ms).tag("nightly"), [] {});
  scheduler.add("fail", carillon::every(500ms), [] { throw std::runtime_error{"no paper"}; });
  const auto first = scheduler.on_next(carillon::event::run_started, [](const carillon::event& what) {
    std::cout << "the first to run is " << what.job << std::endl;
  });
  asio::co_spawn(io, watch(scheduler), asio::detached);
  carillon::run_until_signalled(io, scheduler);
}
