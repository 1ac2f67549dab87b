#include "redis/background.hpp"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>

namespace carillon::redis {

namespace {

// Signals are for the program's own threads.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

background::background(connection_options how) : connection_{where_, std::move(how)} {
  connection_.start();
  thread_ = std::thread{[this] {
    block_signals();
    io_.run();
  }};
}

background::~background() {
  boost::asio::co_spawn(where_, connection_.stop(), boost::asio::use_future).wait();
  work_.reset();
  io_.stop();  // A timer of somebody's may still be waiting.
  thread_.join();
}

}  // namespace carillon::redis
