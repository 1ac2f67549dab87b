#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>
#include <carillon/time/corrected_clock.hpp>
#include <carillon/time/manual_clock.hpp>
#include <carillon/time/system_clock.hpp>
#include <vector>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr instant set_at{std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}};

struct counting_sleeper final : clock::sleeper {
  void wake() override { ++woken; }
  int woken = 0;
};

/// A machine's clock, the same set right, and what those are told who watch for steps.
struct corrected_world {
  corrected_world() {
    watching = clock.watch_steps(io.get_executor(), [this](clock_step step) { steps.push_back(step); });
  }
  void settle() {
    io.restart();
    io.poll();
  }

  boost::asio::io_context io;
  std::shared_ptr<manual_clock> machine = std::make_shared<manual_clock>(set_at);
  corrected_clock clock{machine};
  std::vector<clock_step> steps;
  std::unique_ptr<clock::watch> watching;
};

}  // namespace

TEST_SUITE("corrected_clock") {
  TEST_CASE("it is the inner clock until it is set right") {
    corrected_world world;
    world.machine->advance(5s);
    CHECK(world.clock.now() == set_at + 5s);
    CHECK(world.clock.elapsed() == 5s);
    world.machine->set(set_at + 1h);
    world.settle();
    CHECK(world.clock.now() == set_at + 1h);
    CHECK(world.steps == std::vector{clock_step{1h - 5s, false}});
  }

  TEST_CASE("set right, it shows the other clock's time, and its sleepers wake by that") {
    corrected_world world;
    world.clock.correct(10s);
    CHECK(world.clock.now() == set_at + 10s);
    counting_sleeper sleeper;
    world.clock.arm(sleeper, set_at + 15s);
    world.machine->advance(4999ms);
    CHECK(sleeper.woken == 0);
    world.machine->advance(1ms);
    CHECK(sleeper.woken == 1);
    CHECK(world.clock.now() == set_at + 15s);
    world.clock.arm(sleeper, instant::max());
    world.clock.arm(sleeper, instant::min());
    CHECK(!world.machine->next_alarm());
  }

  TEST_CASE("corrections of more than a second are told, smaller ones are not") {
    corrected_world world;
    world.clock.correct(900ms);
    world.clock.correct(-100ms);
    world.settle();
    CHECK(world.steps.empty());
    CHECK(world.clock.now() == set_at - 100ms);
    world.clock.correct(2s);
    world.settle();
    CHECK(world.steps == std::vector{clock_step{2100ms, false}});
  }

  TEST_CASE("what is within the noise of a measurement moves nothing") {
    corrected_world world;
    world.clock.correct(500ms);
    world.clock.correct(502ms);
    CHECK(world.clock.now() == set_at + 500ms);
    world.clock.correct(503ms);
    CHECK(world.clock.now() == set_at + 503ms);
  }

  TEST_CASE("to set the machine's clock does not change it, but sleepers are to be armed again") {
    corrected_world world;
    world.clock.correct(2s);
    world.settle();
    world.steps.clear();
    world.machine->set(set_at + 1h);
    world.settle();
    CHECK(world.clock.now() == set_at + 2s);
    CHECK(world.clock.offset() == 2s - 1h);
    CHECK(world.steps == std::vector{clock_step{0ms, false}});
    counting_sleeper sleeper;
    world.clock.arm(sleeper, set_at + 3s);
    world.machine->advance(1s);
    CHECK(sleeper.woken == 1);
  }

  TEST_CASE("a resume is told as one, and time has gone on meanwhile") {
    corrected_world world;
    world.clock.correct(2s);
    world.settle();
    world.steps.clear();
    world.machine->suspend(1h);
    world.settle();
    CHECK(world.steps == std::vector{clock_step{0ms, true}});
    CHECK(world.clock.now() == set_at + 1h + 2s);
  }

  TEST_CASE("who has stopped watching hears no more") {
    corrected_world world;
    world.clock.correct(1h);
    world.watching.reset();
    world.settle();
    CHECK(world.steps.empty());
    world.clock.correct(2h);
    world.settle();
    CHECK(world.steps.empty());
  }

  TEST_CASE("on the machine's clock it never rings early") {
    corrected_clock clock{system_clock::shared()};
    clock.correct(-1234567ms);
    counting_sleeper sleeper;
    const auto wake_at = clock.now() + 20ms;
    const auto rings = clock.arm(sleeper, wake_at);
    while (std::chrono::steady_clock::now() < rings) continue;
    CHECK(clock.now() >= wake_at - 1ms);
    clock.disarm(sleeper);
  }
}
