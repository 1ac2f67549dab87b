#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>
#include <carillon/time/manual_clock.hpp>
#include <string>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant start{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

struct named_sleeper final : clock::sleeper {
  named_sleeper(std::string name, std::vector<std::string>& log) : name_{std::move(name)}, log_{log} {}
  void wake() override { log_.push_back(name_); }

 private:
  std::string name_;
  std::vector<std::string>& log_;
};

}  // namespace

TEST_SUITE("manual_clock") {
  TEST_CASE("it wakes the earliest first, and of equal ones the one that was armed first") {
    manual_clock clock{start};
    std::vector<std::string> log;
    named_sleeper a{"a", log}, b{"b", log}, c{"c", log}, d{"d", log};
    clock.arm(a, start + 2s);
    clock.arm(b, start + 1s);
    clock.arm(c, start + 1s);
    clock.arm(d, start + 3s);
    CHECK(clock.next_alarm() == start + 1s);
    clock.advance(2s);
    CHECK(log == std::vector<std::string>{"b", "c", "a"});
    CHECK(clock.next_alarm() == start + 3s);
    clock.disarm(d);
    CHECK(!clock.next_alarm());
  }

  TEST_CASE("of equal ones those that were armed with an order come in that order") {
    manual_clock clock{start};
    std::vector<std::string> log;
    named_sleeper a{"a", log}, b{"b", log}, c{"c", log};
    clock.arm_in_order(a, start + 1s, 200us);
    clock.arm_in_order(b, start + 1s, 100us);
    clock.arm(c, start + 1s);
    clock.advance(1s);
    CHECK(log == std::vector<std::string>{"c", "b", "a"});
    CHECK(clock.arm_in_order(a, start, 200us) < clock.arm_in_order(b, start, 201us));
  }

  TEST_CASE("to arm again replaces the time; a time that has passed is not waited for") {
    manual_clock clock{start};
    std::vector<std::string> log;
    named_sleeper a{"a", log};
    CHECK(clock.arm(a, start + 5s) == std::chrono::steady_clock::time_point::max());
    clock.arm(a, start + 1s);
    CHECK(clock.next_alarm() == start + 1s);
    CHECK(clock.arm(a, start) == std::chrono::steady_clock::time_point::min());
    CHECK(!clock.next_alarm());
  }

  TEST_CASE("time passes when it advances, and not when it is set") {
    manual_clock clock{start};
    clock.advance(10s);
    clock.set(start - 1h);
    CHECK(clock.now() == start - 1h);
    CHECK(clock.elapsed() == 10s);
    clock.advance_to(start - 2h);
    CHECK(clock.now() == start - 1h);
  }

  TEST_CASE("those who watch are told of a step and of a resume, until they stop watching") {
    manual_clock clock{start};
    boost::asio::io_context io;
    std::vector<clock_step> steps;
    auto watch = clock.watch_steps(io.get_executor(), [&](clock_step step) { steps.push_back(step); });
    clock.set(start + 1h);
    clock.suspend(2h);
    io.poll();
    CHECK(steps == std::vector<clock_step>{{1h, false}, {0ms, true}});
    clock.set(start);
    watch.reset();
    io.restart();
    io.poll();
    CHECK(steps.size() == 2);
  }
}
