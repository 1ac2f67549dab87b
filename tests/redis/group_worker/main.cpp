// One of the processes of tests/redis/group_processes_test.cpp: a scheduler on a shared Redis whose jobs are
// in one group, as a user's program would have it. Its bodies write down in Redis that they are inside, and
// how many are. Usage: carillon-test-group-worker URL NAME PLACES
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>
#include <carillon/scheduler/run_until_signalled.hpp>
#include <carillon/scheduler/scheduler.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using carillon::redis::words;

constexpr auto enter =
    "redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) local count = redis.call('HLEN', KEYS[1]) "
    "redis.call('HINCRBY', 'seen', count, 1) redis.call('HINCRBY', 'by', ARGV[2], 1) return count";

class worker {
 public:
  worker(asio::io_context& io, const std::string& url, std::string name, std::uint32_t places)
      : io_{io},
        name_{std::move(name)},
        link_{io, carillon::redis::link_options{.url = url + "?command_timeout=20s&health_check_interval=20s",
                                                .name_space = "test"}},
        notes_{link_, carillon::loop_executor{io.get_executor()}, "notes"},
        scheduler_{io, std::make_shared<carillon::redis::job_store>(link_, sharing()), options()} {
    scheduler_.group("db", {.running = places});
    carillon::job_options how;
    how.group = "db";
    how.on_lost = carillon::lost_action::rerun;
    for (int i = 0; i < 12; ++i) {
      how.priority = i % 3;
      scheduler_.add(
          "job-" + std::to_string(i), carillon::trigger{"every 1s"},
          [this](carillon::run& run) { return visit(run.id()); }, how);
    }
  }
  void run() { carillon::run_until_signalled(io_, scheduler_); }

 private:
  static carillon::redis::job_store_options sharing() {
    carillon::redis::job_store_options how;
    how.lease = 5s;
    how.partitions = 4;
    return how;
  }
  carillon::scheduler_options options() const {
    carillon::scheduler_options how;
    how.instance = name_;
    how.drain = 30s;
    return how;
  }
  asio::awaitable<void> ask(words all) {
    auto call = notes_.command(all);
    co_await asio::co_spawn(notes_.get_executor(), std::move(call), asio::deferred);
  }
  asio::awaitable<void> visit(std::string run) {
    const words come("EVAL", enter, 1, "inside", run, name_);
    co_await ask(come);
    asio::steady_timer stay(io_, 100ms);
    co_await stay.async_wait(asio::deferred);
    const words leave("HDEL", "inside", run);
    co_await ask(leave);
  }

  asio::io_context& io_;
  const std::string name_;
  carillon::redis::link link_;
  carillon::redis::client notes_;
  carillon::scheduler scheduler_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  try {
    asio::io_context io;
    worker one{io, arguments[1], arguments[2], static_cast<std::uint32_t>(std::stoul(arguments[3]))};
    one.run();
  } catch (const std::exception& failure) {
    std::fputs(failure.what(), stderr);
    return 1;
  }
}
