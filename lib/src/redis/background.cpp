#include "redis/background.hpp"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
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

background::background(connection_options how, std::string_view name_space,
                       boost::asio::any_io_executor otherwise)
    : connection_{where_, std::move(how)},
      locks_{std::make_shared<lock_desk>(name_space, std::move(otherwise))} {
  connection_.start();
  locks_->open([this](lock_desk::errand what) {
    boost::asio::post(where_, [this, what = std::move(what)] { what(clerk_); });
  });
  thread_ = std::thread{[this] {
    block_signals();
    io_.run();
  }};
}

background::~background() { shut_down(); }

void background::shut_down() {
  const std::lock_guard once{ending_};
  if (!thread_.joinable()) return;
  locks_->close();
  boost::asio::co_spawn(where_, end(), boost::asio::use_future).wait();
  work_.reset();
  io_.stop();  // A timer of somebody's may still be waiting.
  thread_.join();
}

loop_awaitable<void> background::end() {
  // What was given back is said, if the server hears it; else it is not waited for.
  if (!connection_.is_up()) co_await connection_.stop();
  co_await clerk_.close();
  co_await connection_.stop();
}

}  // namespace carillon::redis
