// One of the processes of tests/redis/lock_processes_test.cpp: uses a lock together with others, as a user's
// program would, and writes down in Redis what came of it. Usage: carillon-test-lock-worker MODE URL NAME
// ARGUMENT
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/redis/mutex.hpp>
#include <carillon/redis/once.hpp>
#include <carillon/redis/semaphore.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "redis/connection.hpp"
#include "redis/link_state.hpp"

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using carillon::redis::reply;
using carillon::redis::words;
using steady = std::chrono::steady_clock;

// A resource that refuses whoever comes with a fence older than one it has seen, also to read: who has read
// before a later one did writes before it does, or not at all. A turn is counted when it is begun.
constexpr auto begin_turn = R"(
local seen = redis.call('HGET', KEYS[1], 'fence') or '0'
if tonumber(ARGV[1]) < tonumber(seen) then redis.call('HINCRBY', KEYS[1], 'refused', 1) return {0, '0'} end
redis.call('HSET', KEYS[1], 'fence', ARGV[1])
return {redis.call('HINCRBY', KEYS[1], 'turns', 1), redis.call('HGET', KEYS[1], 'value') or '0'})";
constexpr auto write_value = R"(
local seen = redis.call('HGET', KEYS[1], 'fence') or '0'
if tonumber(ARGV[1]) < tonumber(seen) then redis.call('HINCRBY', KEYS[1], 'refused', 1) return 0 end
redis.call('HSET', KEYS[1], 'value', tonumber(ARGV[2]) + 1)
redis.call('HINCRBY', KEYS[1], 'accepted', 1)
return 1)";

// Those inside, by fence; answers how many.
constexpr auto enter = "redis.call('ZADD', KEYS[1], ARGV[1], ARGV[1]) return redis.call('ZCARD', KEYS[1])";

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(steady::now().time_since_epoch()).count();
}

class worker {
 public:
  worker(asio::io_context& io, const std::string& url, std::string name, int argument)
      : io_{io},
        strand_{io.get_executor()},
        link_{io, carillon::redis::link_options{.url = url, .name_space = "test"}},
        resource_{link_.state()->connect(strand_, "resource")},
        name_{std::move(name)},
        argument_{argument} {
    resource_->start();
  }

  asio::awaitable<void> run(std::string mode) {
    co_await wait_for("go");
    if (mode == "once") co_await all_keys(true);
    if (mode == "naive") co_await all_keys(false);
    if (mode == "stuck") co_await stay_inside();
    if (mode == "mutex") co_await take_turns();
    if (mode == "late") co_await write_late();
    if (mode == "semaphore") co_await visit();
    co_await stop();
  }

 private:
  asio::awaitable<reply> ask(words all) {
    auto call = resource_->command(all);
    co_return co_await asio::co_spawn(strand_, std::move(call), asio::deferred);
  }
  asio::awaitable<void> stop() { co_await asio::co_spawn(strand_, resource_->stop(), asio::deferred); }
  asio::awaitable<void> sleep(std::chrono::microseconds duration) {
    asio::steady_timer timer(io_, duration);
    co_await timer.async_wait(asio::deferred);
  }
  asio::awaitable<void> wait_for(std::string key) {
    for (;;) {
      const words question("EXISTS", key);
      const auto there = co_await ask(question);
      if (there.integer() == 1) co_return;
      co_await sleep(5ms);
    }
  }

  // Every key in the same order as all the others, many at a time.
  asio::awaitable<void> all_keys(bool with_once) {
    int running = 0;
    asio::steady_timer over(io_, steady::time_point::max());
    for (int lane = 0; lane < 64; ++lane) {
      ++running;
      asio::co_spawn(io_, some_keys(with_once), [&](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
        if (--running == 0) over.cancel();
      });
    }
    boost::system::error_code ignored;
    if (running > 0) co_await over.async_wait(asio::redirect_error(asio::deferred, ignored));
    const words result("HINCRBY", "ran", with_once ? "once" : "naive", ran_);
    co_await ask(result);
  }
  asio::awaitable<void> some_keys(bool with_once) {
    while (next_key_ < argument_) {
      const int key = next_key_++;
      auto call = with_once ? by_once(key) : by_hand(key);
      const bool ran = co_await std::move(call);
      ran_ += ran ? 1 : 0;
    }
  }
  asio::awaitable<void> work(std::string kind, int key) {
    const words count("HINCRBY", "work:" + kind, key, 1);
    co_await ask(count);
  }
  asio::awaitable<bool> by_once(int key) {
    const auto do_it = [&] { return work("once", key); };
    const auto answer = co_await carillon::redis::once(link_, fmt::format("key:{}", key), 600s, do_it);
    co_return answer;
  }
  asio::awaitable<bool> by_hand(int key) {
    const auto name = fmt::format("naive:{}", key);
    const words question("EXISTS", name);
    const auto there = co_await ask(question);
    if (there.integer() == 1) co_return false;
    co_await work("naive", key);
    const words mark("SETEX", name, 600, 1);
    co_await ask(mark);
    co_return true;
  }

  asio::awaitable<void> stay_inside() {
    const auto forever = [&]() -> asio::awaitable<void> {
      const words inside("SET", "inside", 1);
      co_await ask(inside);
      co_await sleep(1h);
    };
    const carillon::once_options how{.lease = std::chrono::milliseconds(argument_)};
    co_await carillon::redis::once(link_, "victim", 600s, forever, how);
  }

  struct turn {
    std::int64_t number = 0;  // 0: it was refused.
    std::int64_t value = 0;
  };
  asio::awaitable<turn> begin(std::uint64_t fence) {
    const words question("EVAL", begin_turn, 1, "counter", fence);
    const auto answer = co_await ask(question);
    turn begun;
    begun.number = answer[0].integer();
    begun.value = answer[1].integer();
    co_return begun;
  }
  asio::awaitable<bool> write(std::uint64_t fence, std::int64_t value) {
    const words change("EVAL", write_value, 1, "counter", fence, value);
    const auto answer = co_await ask(change);
    co_return answer.integer() == 1;
  }

  // Adds to the counter until told to stop, and writes down when it had the lock.
  asio::awaitable<void> take_turns() {
    carillon::redis::mutex door{link_, "counter"};
    const carillon::lock_options how{.lease = std::chrono::milliseconds(argument_)};
    std::vector<std::string> turns;
    for (;;) {
      const words question("EXISTS", "stop");
      const auto told = co_await ask(question);
      if (told.integer() == 1) break;
      auto held = co_await door.lock(how);
      const auto acquired = now_us();
      const auto mine = co_await begin(held.fence());
      if (mine.number == 0) continue;
      co_await write(held.fence(), mine.value);
      const auto released = now_us();
      held = carillon::held_lock();
      turns.push_back(fmt::format("{} {} {} {}", mine.number, acquired, released, name_));
    }
    for (const auto& each : turns) {
      const words push("RPUSH", "turns", each);
      co_await ask(push);
    }
  }

  // Reads under the lock, and writes when it is told to, whatever has become of the lock.
  asio::awaitable<void> write_late() {
    carillon::redis::mutex door{link_, "counter"};
    const carillon::lock_options how{.lease = std::chrono::milliseconds(argument_)};
    const auto held = co_await door.lock(how);
    const auto mine = co_await begin(held.fence());
    const words inside("SET", "inside", 1);
    co_await ask(inside);
    co_await wait_for("write");
    const bool good = held.is_good();
    const bool written = co_await write(held.fence(), mine.value);
    const words result("SET", "late", fmt::format("good {}, written {}", good, written));
    co_await ask(result);
  }

  asio::awaitable<void> visit() {
    carillon::redis::semaphore gate{link_, "gate", static_cast<std::size_t>(argument_)};
    const carillon::lock_options how{.lease = 60s};
    for (;;) {
      const words question("EXISTS", "stop");
      const auto told = co_await ask(question);
      if (told.integer() == 1) break;
      const auto held = co_await gate.lock(how);
      const auto fence = std::to_string(held.fence());
      const words come("EVAL", enter, 1, "inside", fence);
      const auto inside = co_await ask(come);
      const words note("HINCRBY", "seen", inside.integer(), 1);
      co_await ask(note);
      const words leave("ZREM", "inside", fence);
      co_await ask(leave);
    }
  }

  asio::io_context& io_;
  carillon::loop_executor strand_;
  carillon::redis::link link_;
  std::unique_ptr<carillon::redis::connection> resource_;
  const std::string name_;
  const int argument_;
  int next_key_ = 0;
  int ran_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  try {
    asio::io_context io;
    worker one{io, arguments[2], arguments[3], std::stoi(arguments[4])};
    asio::co_spawn(io, one.run(arguments[1]), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    io.run();
  } catch (const std::exception& failure) {
    std::fputs(fmt::format("{}\n", failure.what()).c_str(), stderr);
    return 1;
  }
}
