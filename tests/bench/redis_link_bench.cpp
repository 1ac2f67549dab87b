#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "bench.hpp"
#include "redis/connection.hpp"
#include "support/redis_server.hpp"

namespace carillon::bench {

namespace {

using redis::words;

// A hash field that moves if it is as expected: the smallest script with the shape of a claim.
constexpr redis::lua_script step{"step", "828ff099b36a246b0861e1c63d27c3eb65301180",
                                 "local now = redis.call('HGET', KEYS[1], 'at') "
                                 "redis.call('HSET', KEYS[1], 'at', ARGV[1]) "
                                 "return {now, ARGV[2], 1}"};

loop_awaitable<void> step_often(redis::connection& where, int times, int& running) {
  const words keys("carillon:{bench:7}:job:report");
  for (int i = 0; i < times; ++i) {
    const words arguments(1'795'000'000'000 + i, "a-member-of-the-store-17");
    co_await where.run(step, keys, arguments);
  }
  --running;
}

double calls_per_second(const testing::redis_server& server, int coroutines, int calls) {
  boost::asio::io_context io{1};
  const loop_executor strand{io.get_executor()};
  redis::connection_options how;
  how.where.hosts = {{"127.0.0.1", std::to_string(server.port())}};
  redis::connection connection{strand, std::move(how)};
  connection.start();
  int running = coroutines;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < coroutines; ++i) {
    boost::asio::co_spawn(strand, step_often(connection, calls / coroutines, running), boost::asio::detached);
  }
  while (running > 0) io.run_one();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  boost::asio::co_spawn(strand, connection.stop(), boost::asio::detached);
  io.run();
  return calls / took.count();
}

const benchmark link{
    "link", "script calls through one connection to Redis", [](report& out) {
      const testing::redis_server server;
      out.section("script calls through one connection");
      out.add({"one coroutine, one call at a time", calls_per_second(server, 1, 20'000), "1/s", {}, ""});
      out.add({"20 coroutines", calls_per_second(server, 20, 200'000), "1/s", {}, ""});
      out.add({"500 coroutines", calls_per_second(server, 500, 300'000), "1/s", {}, ">= 60000"});
    }};

}  // namespace

}  // namespace carillon::bench
