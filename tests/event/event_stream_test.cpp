#include <doctest/doctest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <carillon/event/event_stream.hpp>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace carillon;

namespace {

namespace asio = boost::asio;

event number(std::uint64_t n, event_kind kind = event::run_failed) {
  event what;
  what.kind = kind;
  what.count = n;
  return what;
}

struct streaming {
  asio::io_context io;
  event_bus bus;
  std::vector<std::string> taken;  ///< "number", with "(+dropped)" where events were.

  event_stream stream(event_filter which = all_events, std::size_t buffer = 256) {
    return {bus, std::move(which), {.buffer = buffer}, io.get_executor()};
  }
  void keep(const std::optional<event>& what) {
    std::string words = what ? std::to_string(what->count) : "end";
    if (what && what->dropped > 0) words += "(+" + std::to_string(what->dropped) + ")";
    taken.push_back(words);
  }
  asio::awaitable<void> take_all(event_stream& from) {
    for (;;) {
      const auto what = co_await from.next();
      keep(what);
      if (!what) break;
    }
  }
  void run() {
    io.restart();
    io.poll();
  }
};

}  // namespace

TEST_SUITE("event_stream") {
  TEST_CASE("events come in order, those that happened before they were asked for as well") {
    streaming world;
    auto stream = world.stream(event_filter(event::run_failed));
    world.bus.tell(number(1));
    world.bus.tell(number(9, event::run_lost));
    world.bus.tell(number(2));
    asio::co_spawn(world.io, world.take_all(stream), asio::detached);
    world.run();
    CHECK(world.taken == std::vector<std::string>{"1", "2"});
    world.bus.tell(number(3));
    CHECK(world.taken.size() == 2);  // never from within tell
    world.run();
    world.bus.tell(number(4));
    world.run();
    CHECK(world.taken == std::vector<std::string>{"1", "2", "3", "4"});
    world.bus.close();
    world.run();
    CHECK(world.taken.back() == "end");
  }

  TEST_CASE("what finds no place gives way, the oldest first, and the next one says how many") {
    streaming world;
    auto stream = world.stream(all_events, 2);
    for (std::uint64_t n = 1; n <= 5; ++n) world.bus.tell(number(n));
    CHECK(stream.dropped() == 3);
    world.keep(stream.try_next());
    world.keep(stream.try_next());
    CHECK_FALSE(stream.try_next());
    for (std::uint64_t n = 6; n <= 8; ++n) world.bus.tell(number(n));
    world.keep(stream.try_next());
    CHECK(world.taken == std::vector<std::string>{"4(+3)", "5", "7(+1)"});
    CHECK(stream.dropped() == 4);
  }

  TEST_CASE("a buffer has its bounds") {
    streaming world;
    CHECK_THROWS_WITH_AS(world.stream(all_events, 0), "event_stream_options.buffer: 0: 1 to 1000000",
                         std::invalid_argument);
    CHECK_THROWS_AS(world.stream(all_events, 1'000'001), std::invalid_argument);
    CHECK_FALSE(world.bus.wanted(all_events));
  }

  TEST_CASE("the end of the bus comes after what was kept; a stream of one that has ended has ended") {
    streaming world;
    auto stream = world.stream();
    world.bus.tell(number(1));
    world.bus.close();
    world.bus.tell(number(2));
    asio::co_spawn(world.io, world.take_all(stream), asio::detached);
    auto late = world.stream();
    asio::co_spawn(world.io, world.take_all(late), asio::detached);
    world.run();
    CHECK(world.taken == std::vector<std::string>{"1", "end", "end"});
  }

  TEST_CASE("a stream that is closed, or goes, ends who waits, and outlives its bus") {
    streaming world;
    {
      auto stream = world.stream();
      asio::co_spawn(world.io, world.take_all(stream), asio::detached);
      world.run();
      CHECK(world.taken.empty());
      stream.close();
      world.run();
      CHECK(world.taken == std::vector<std::string>{"end"});
    }
    std::optional<event_stream> outliving;
    {
      event_bus bus;
      outliving.emplace(bus, event_filter(), event_stream_options(), world.io.get_executor());
      bus.tell(number(1));
    }
    asio::co_spawn(world.io, world.take_all(*outliving), asio::detached);
    world.run();
    CHECK(world.taken == std::vector<std::string>{"end", "1", "end"});
  }

  TEST_CASE("a stream outlives its loop, and gives what it keeps to loops that are there") {
    streaming world;
    std::optional<event_stream> outliving;
    {
      asio::io_context gone;
      event_bus bus;
      outliving.emplace(bus, event_filter(), event_stream_options(), asio::make_strand(gone));
      for (std::uint64_t n = 1; n <= 3; ++n) bus.tell(number(n));
    }
    CHECK(outliving->try_next()->count == 1);
    CHECK(outliving->next(asio::use_future).get()->count == 2);
    asio::co_spawn(world.io, world.take_all(*outliving), asio::detached);
    world.run();
    CHECK(world.taken == std::vector<std::string>{"3", "end"});
    std::promise<bool> over;
    outliving->next([&](std::exception_ptr, std::optional<event> what) { over.set_value(!what); });
    CHECK(over.get_future().get());
  }

  TEST_CASE("who waits when the loop goes is not called, and the stream may stay") {
    std::optional<event_stream> outliving;
    bool called = false;
    {
      asio::io_context gone;
      event_bus bus;
      outliving.emplace(bus, event_filter(), event_stream_options(), asio::make_strand(gone));
      outliving->next([&](std::exception_ptr, std::optional<event>) { called = true; });
    }
    CHECK_FALSE(called);
    CHECK_FALSE(outliving->try_next());
  }

  TEST_CASE("one that is assigned to hears what the other heard") {
    streaming world;
    auto first = world.stream(event_filter(event::run_lost));
    auto second = world.stream(event_filter(event::run_failed));
    first = std::move(second);
    CHECK_FALSE(world.bus.wanted(mask(event::run_lost)));
    world.bus.tell(number(1));
    CHECK(first.try_next());
  }

  TEST_CASE("a wait that is cancelled loses no event") {
    streaming world;
    auto stream = world.stream();
    asio::cancellation_signal stop;
    std::string said;
    stream.next(
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr why, std::optional<event> e) {
          said = why ? "cancelled" : e ? "event" : "end";
        }));
    world.run();
    CHECK(said.empty());
    stop.emit(asio::cancellation_type::total);
    world.run();
    CHECK(said == "cancelled");
    world.bus.tell(number(1));
    CHECK(stream.try_next());
  }

  TEST_CASE("two waits at once are a mistake of the program") {
    streaming world;
    auto stream = world.stream();
    int over = 0;
    stream.next([&](std::exception_ptr, std::optional<event>) { ++over; });
    auto second = stream.next(asio::use_future);
    world.run();
    CHECK_THROWS_AS(second.get(), std::logic_error);
    CHECK(over == 0);
    world.bus.tell(number(1));
    world.run();
    CHECK(over == 1);
  }

  TEST_CASE("told by one thread and taken by others, nothing is lost but what is counted") {
    asio::thread_pool pool{2};
    event_bus bus;
    constexpr std::uint64_t all = 20'000;
    event_stream stream{bus, event_filter(), {.buffer = 64}, pool.get_executor()};
    std::uint64_t taken = 0, dropped = 0, last = 0;
    bool in_order = true;
    const auto take_all = [&]() -> asio::awaitable<void> {
      for (;;) {
        const auto what = co_await stream.next();
        if (!what) co_return;
        in_order = in_order && what->count == last + what->dropped + 1;
        last = what->count;
        dropped += what->dropped;
        ++taken;
      }
    };
    auto done = asio::co_spawn(pool, take_all(), asio::use_future);
    std::thread teller{[&] {
      for (std::uint64_t n = 1; n <= all; ++n) bus.tell(number(n));
      bus.close();
    }};
    teller.join();
    done.get();
    CHECK(in_order);
    CHECK(taken + dropped == all);
    CHECK(dropped == stream.dropped());
  }

  TEST_CASE("waits that are cancelled while events are told end once") {
    asio::io_context io;
    event_bus bus;
    event_stream stream{bus, event_filter(), {.buffer = 100'000}, io.get_executor()};
    std::atomic<bool> over = false;
    std::uint64_t told = 0, taken = 0, cancelled = 0;
    std::thread teller{[&] {
      while (!over) {
        bus.tell(number(++told));
        std::this_thread::yield();
      }
    }};
    for (int i = 0; i < 2'000; ++i) {
      asio::cancellation_signal stop;
      bool ended = false;
      stream.next(
          asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr why, std::optional<event>) {
            ended = true;
            ++(why ? cancelled : taken);
          }));
      stop.emit(asio::cancellation_type::total);
      while (!ended) {
        io.restart();
        io.run_one();
      }
    }
    over = true;
    teller.join();
    while (stream.try_next()) ++taken;
    CHECK(taken + stream.dropped() == told);
    CHECK(cancelled + taken >= 2'000);
  }
}
