#include <carillon/executor/thread_executor.hpp>

#include <fmt/format.h>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "executor/carried_body.hpp"

namespace carillon {
namespace {

constexpr std::uint32_t most_threads = 1'000;

std::uint32_t threads_of(const thread_executor_options& options) {
  if (options.threads > most_threads) {
    throw std::invalid_argument(
        fmt::format("thread_executor_options.threads: {}: at most {}", options.threads, most_threads));
  }
  return options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
}

boost::asio::awaitable<void> join(boost::asio::thread_pool* threads) {
  threads->join();
  co_return;
}

}  // namespace

thread_executor::thread_executor(thread_executor_options options) : limits_{options.limits} {
  const auto threads = threads_of(options);
  if (limits_.running == 0) limits_.running = threads;
  threads_ = std::make_unique<boost::asio::thread_pool>(threads);
}

thread_executor::~thread_executor() = default;

boost::asio::awaitable<void> thread_executor::execute(run& run, const task* body) {
  const boost::asio::any_io_executor where{boost::asio::make_strand(*threads_)};
  co_await boost::asio::co_spawn(where, carry(run, *body), boost::asio::deferred);
}

/// By a thread that may block, as the event loop may not: a body can have left something that still runs.
boost::asio::awaitable<void> thread_executor::close() {
  threads_->stop();
  boost::asio::thread_pool helper{1};
  const boost::asio::any_io_executor where{helper.get_executor()};
  co_await boost::asio::co_spawn(where, join(threads_.get()), boost::asio::deferred);
}

}  // namespace carillon
