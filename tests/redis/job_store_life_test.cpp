#include <spdlog/sinks/null_sink.h>
#include <boost/asio/detached.hpp>
#include <carillon/redis/job_store.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "support/deaf_listener.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;

std::ptrdiff_t threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

/// A store that is open, whose parts go in the order that the test says.
struct mortal_store {
  mortal_store() {
    redis::link_options where;
    where.url = server.url();
    where.logger = logger;
    link = std::make_unique<redis::link>(*io, where);
    redis::job_store_options how;
    how.partitions = 4;
    how.lease = 3s;
    store = std::make_shared<redis::job_store>(*link, how);
    REQUIRE(ends(store->open("a", nobody)));
  }
  bool ends(loop_awaitable<void> what) {
    bool over = false;
    boost::asio::co_spawn(loop_executor(io->get_executor()), std::move(what),
                          [&](std::exception_ptr) { over = true; });
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!over && std::chrono::steady_clock::now() < until) {
      io->restart();
      io->run_one_for(20ms);
    }
    return over;
  }
  /// Asks much of a server that does not answer.
  template <typename... Work>
  void ask(Work... what) {
    server.pause();
    const loop_executor strand{io->get_executor()};
    (boost::asio::co_spawn(strand, std::move(what), boost::asio::detached), ...);
    for (int i = 0; i < 10; ++i) {
      io->restart();
      io->poll();
    }
  }

  redis_server server;
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("mortal", std::make_shared<spdlog::sinks::null_sink_mt>());
  deaf_listener nobody;
  std::unique_ptr<boost::asio::io_context> io = std::make_unique<boost::asio::io_context>(1);
  std::unique_ptr<redis::link> link;
  std::shared_ptr<redis::job_store> store;
};

/// A thread that was joined is in the system's list for a moment longer.
bool within_patience(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!holds() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  return holds();
}

loop_awaitable<void> load_from(std::shared_ptr<redis::job_store> store) { co_await store->load("x"); }
loop_awaitable<void> list_all_of(std::shared_ptr<redis::job_store> store) {
  const job_query all;
  co_await store->list(all);
}
loop_awaitable<void> see_members_of(std::shared_ptr<redis::job_store> store) { co_await store->members(); }

}  // namespace

TEST_SUITE("the life of a redis job_store") {
  TEST_CASE("store, link and event loop go in this order, with calls under way, and nothing is left") {
    const auto before = threads();
    {
      mortal_store it;
      it.ask(it.store->load("x"), it.store->list({}), it.store->members());
      const auto open = threads();
      it.store.reset();
      it.link.reset();
      CHECK(within_patience([&] { return threads() < open; }));
      it.io.reset();
      it.server.resume();
    }
    CHECK(within_patience([&] { return threads() == before; }));
  }

  TEST_CASE("the link and the event loop go, and take along a store that is held by what waits there") {
    mortal_store it;
    it.ask(load_from(it.store), list_all_of(it.store), see_members_of(it.store));
    const std::weak_ptr<redis::job_store> store = it.store;
    const auto open = threads();
    it.store.reset();
    it.link.reset();
    CHECK(within_patience(
        [&] { return threads() < open; }));  // What it told from there would find no event loop.
    CHECK_FALSE(store.expired());
    it.io.reset();
    CHECK(store.expired());
    it.server.resume();
  }

  TEST_CASE("a store whose link has gone can be closed all the same") {
    mortal_store it;
    it.link.reset();
    CHECK(it.ends(it.store->close()));
    it.store.reset();
  }
}

}  // namespace carillon::testing
