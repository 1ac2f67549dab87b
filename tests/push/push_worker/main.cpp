// One process of push_processes_test.cpp: an instance of the push service that posts to a webhook until it is
// told to stop by SIGTERM.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "push/push_service.hpp"
#include "push/webhook.hpp"

namespace {

using namespace carillon;
using namespace carillon::pushes;
using namespace std::chrono_literals;

service_options options_for(const std::string& name) {
  service_options how;
  how.what.subscriptions = "demo:subscription";
  how.what.sent = "demo:exist_push";
  how.what.time_zone = zone{};
  how.what.concurrency = 32;
  how.what.page = 50;
  how.what.lease = 4s;
  how.what.retry.backoff_min = 50ms;
  how.what.retry.backoff_max = 200ms;
  how.store.lease = 4s;
  how.instance = name;
  return how;
}

}  // namespace

int main(int, char** argv) try {
  const std::string redis_url = argv[1], webhook_url = argv[2], name = argv[3];
  boost::asio::io_context io;
  redis::link link{io, {.url = redis_url, .name_space = "test"}};
  webhook_options by;
  by.url = webhook_url;
  by.connections = 32;
  by.answer_timeout = 3s;
  const auto how = options_for(name);
  const loop_executor strand{io.get_executor()};
  push_service service{io, link, std::make_shared<webhook>(strand, by), how};
  boost::asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](const boost::system::error_code& wrong, int) {
    if (!wrong) service.stop();
  });
  std::exception_ptr failure;
  boost::asio::co_spawn(io, service.run(), [&](const std::exception_ptr& why) {
    failure = why;
    signals.cancel();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return 0;
} catch (const std::exception& why) {
  std::fprintf(stderr, "%s\n", why.what());
  return 1;
}
