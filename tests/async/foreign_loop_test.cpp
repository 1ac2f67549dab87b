#include <doctest/doctest.h>
#include <poll.h>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>
#include <carillon/async/foreign_loop.hpp>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

using carillon::foreign_loop;
namespace asio = boost::asio;

namespace {

bool is_readable(const foreign_loop& loop, int milliseconds = 0) {
  pollfd one{loop.descriptor(), POLLIN, 0};
  return ::poll(&one, 1, milliseconds) == 1;
}

}  // namespace

TEST_SUITE("foreign_loop") {
  TEST_CASE(
      "what is posted is called by run_pending, in order, and the descriptor says when there is something") {
    foreign_loop loop;
    std::vector<int> called;
    CHECK_FALSE(is_readable(loop));
    CHECK(loop.run_pending() == 0);
    for (int i = 0; i < 3; ++i) asio::post(loop.get_executor(), [&called, i] { called.push_back(i); });
    CHECK(is_readable(loop));
    CHECK(called.empty());
    CHECK(loop.run_pending() == 3);
    CHECK(called == std::vector<int>{0, 1, 2});
    CHECK_FALSE(is_readable(loop));
    CHECK_FALSE(loop.has_pending());
  }

  TEST_CASE("what comes while calls are made waits for the next time, also when it is dispatched") {
    foreign_loop loop;
    int called = 0;
    asio::post(loop.get_executor(), [&] { asio::dispatch(loop.get_executor(), [&] { ++called; }); });
    CHECK(loop.run_pending() == 1);
    CHECK(called == 0);
    CHECK(is_readable(loop));
    CHECK(loop.run_pending() == 1);
    CHECK(called == 1);
  }

  TEST_CASE("what a call throws comes out, and the others stay pending") {
    foreign_loop loop;
    int called = 0;
    asio::post(loop.get_executor(), [] { throw std::runtime_error("a broken handler"); });
    asio::post(loop.get_executor(), [&] { ++called; });
    CHECK_THROWS_WITH_AS(loop.run_pending(), "a broken handler", std::runtime_error);
    CHECK(is_readable(loop));
    CHECK(loop.run_pending() == 1);
    CHECK(called == 1);
  }

  TEST_CASE("a call may run what is pending itself") {
    foreign_loop loop;
    int called = 0;
    asio::post(loop.get_executor(), [&] { called += static_cast<int>(loop.run_pending()); });
    asio::post(loop.get_executor(), [&] { ++called; });
    CHECK(loop.run_pending() == 1);
    CHECK(called == 2);
    CHECK_FALSE(is_readable(loop));
  }

  TEST_CASE("what is pending when it goes is dropped, with what that posts as it goes") {
    int called = 0;
    {
      foreign_loop loop;
      const std::shared_ptr<int> poster{new int, [&](int* what) {
                                          delete what;
                                          asio::post(loop.get_executor(), [&] { ++called; });
                                        }};
      asio::post(loop.get_executor(), [&called, poster] { ++called; });
      asio::post(loop.get_executor(), [&called] { ++called; });
    }
    CHECK(called == 0);
  }

  TEST_CASE("a coroutine lives on it from part to part, timers included") {
    foreign_loop loop;
    const auto here = std::this_thread::get_id();
    bool always_here = true;
    const auto body = [&]() -> asio::awaitable<int> {
      always_here = always_here && std::this_thread::get_id() == here;
      asio::steady_timer soon(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
      co_await soon.async_wait(asio::deferred);
      always_here = always_here && std::this_thread::get_id() == here;
      co_await asio::post(asio::deferred);
      always_here = always_here && std::this_thread::get_id() == here;
      co_return 42;
    };
    auto answer = asio::co_spawn(loop.get_executor(), body(), asio::use_future);
    while (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      is_readable(loop, -1);
      loop.run_pending();
    }
    CHECK(answer.get() == 42);
    CHECK(always_here);
  }

  TEST_CASE("several threads may post while one runs what is pending") {
    foreign_loop loop;
    constexpr int each = 5'000;
    int called = 0;  // By one thread only.
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < each; ++i) asio::post(loop.get_executor(), [&] { ++called; });
      });
    }
    while (called < 3 * each) {
      REQUIRE(is_readable(loop, 60'000));
      loop.run_pending();
    }
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(is_readable(loop));
  }
}
