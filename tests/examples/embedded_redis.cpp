#include <poll.h>
#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <iostream>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// A store that lives on an event loop is made on that of the scheduler, with what it lives by.
struct linked_store {
  linked_store(asio::io_context& io, const std::string& url) : link{io, {.url = url, .name_space = "loop"}} {}
  carillon::redis::link link;
  carillon::redis::job_store store{link};
};

int main(int count, char** arguments) {
  const std::string url = count > 1 ? arguments[1] : "redis://127.0.0.1:6379";
  carillon::embedded_scheduler scheduler{[&](asio::io_context& io) {
    const auto both = std::make_shared<linked_store>(io, url);
    return std::shared_ptr<carillon::job_store>{both, &both->store};
  }};
  int ticks = 0;
  scheduler->add("tick", carillon::every(500ms), [&](carillon::run& run) {
    std::cout << ++ticks << " with fence " << run.fence() << std::endl;
  });
  pollfd watched{scheduler.descriptor(), POLLIN, 0};
  while (ticks < 3) {
    ::poll(&watched, 1, -1);
    scheduler.run_pending();
  }
  scheduler.stop();
}
