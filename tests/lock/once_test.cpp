#include <algorithm>
#include <carillon/lock/once.hpp>
#include <stdexcept>
#include <utility>

#include "lock/lock_world.hpp"

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::testing;
using namespace std::chrono_literals;

namespace {

struct once_world : simulation {
  memory_once_keys keys{io.get_executor(), clock()};
  int done = 0;
  log_lines log;

  once_answer send(milliseconds ttl = 10min) {
    return run(once(keys, "push:42", ttl, [this] { ++done; }));
  }
  asio::awaitable<void> send_slowly(std::string name, milliseconds duration,
                                    once_options how = once_options()) {
    const auto work = [&]() -> asio::awaitable<void> {
      co_await sleep(duration);
      ++done;
    };
    const auto answer = co_await once(keys, "push:42", 10min, work, how);
    log.push_back(name + (answer == once_outcome::ran           ? " ran"
                          : answer == once_outcome::done_before ? " done before"
                                                                : " busy"));
  }
  asio::awaitable<void> fail_slowly() {
    const auto work = [&]() -> asio::awaitable<void> {
      co_await sleep(1s);
      throw std::runtime_error("no ink");
    };
    co_await once(keys, "push:42", 10min, work);
  }
};

}  // namespace

TEST_SUITE("once") {
  TEST_CASE("the work is done by the first call, and again when the time to live is over") {
    once_world world;
    CHECK(world.send() == once_outcome::ran);
    CHECK(world.send() == once_outcome::done_before);
    world.pass(10min - 1ms);
    CHECK(world.send() == once_outcome::done_before);
    world.pass(1ms);
    const bool sent = world.send();
    CHECK(sent);
    CHECK(world.done == 2);
  }

  TEST_CASE("work that throws frees the key, and the exception goes to the caller") {
    once_world world;
    const auto fail = [] { throw std::runtime_error("no ink"); };
    CHECK_THROWS_WITH(world.run(once(world.keys, "push:42", 10min, fail)), "no ink");
    CHECK(world.send());
  }

  TEST_CASE("a call beside one that is at it is told so, and does nothing") {
    once_world world;
    start(world.io, world.send_slowly("a", 1s));
    start(world.io, world.send_slowly("b", 1s));
    world.pass(2s);
    CHECK(world.log == log_lines{"b busy", "a ran"});
    CHECK(world.done == 1);
  }

  TEST_CASE("one that waits hears that it was done") {
    once_world world;
    start(world.io, world.send_slowly("a", 1s));
    start(world.io, world.send_slowly("b", 1s, once_options{.wait = 1h}));
    world.pass(2s);
    std::ranges::sort(world.log);  // who is told first does not matter
    CHECK(world.log == log_lines{"a ran", "b done before"});
  }

  TEST_CASE("one that waits takes over when the other fails") {
    once_world world;
    const auto first = start(world.io, world.fail_slowly());
    start(world.io, world.send_slowly("b", 1s, once_options{.wait = 1h}));
    world.pass(2s);
    CHECK(first->failure != nullptr);
    CHECK(world.log == log_lines{"b ran"});
    CHECK(world.done == 1);
  }

  TEST_CASE("a wait that is cancelled takes nothing") {
    once_world world;
    start(world.io, world.send_slowly("a", 1s));
    const auto second = start(world.io, world.send_slowly("b", 1s, once_options{.wait = 1h}));
    world.settle();
    second->cancel();
    world.pass(2s);
    CHECK(second->code() == asio::error::operation_aborted);
    CHECK(world.log == log_lines{"a ran"});
  }

  TEST_CASE("work that is cancelled frees the key") {
    once_world world;
    const auto first = start(world.io, world.send_slowly("a", 1h));
    world.settle();
    first->cancel();
    world.settle();
    CHECK(first->code() == asio::error::operation_aborted);
    CHECK(world.send());
  }

  TEST_CASE("work is given the fence of its claim, greater than that of the one before") {
    once_world world;
    std::vector<std::uint64_t> fences;
    for (const auto* key : {"a", "b"}) {
      const auto work = [&](const held_lock& held) { fences.push_back(held.fence()); };
      world.run(once(world.keys, key, 1s, work));
    }
    REQUIRE(fences.size() == 2);
    CHECK(fences[0] < fences[1]);
  }
}
