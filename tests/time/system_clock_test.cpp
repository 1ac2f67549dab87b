#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>
#include <carillon/time/system_clock.hpp>

#include "time/approach.hpp"
#include "time/step_detector.hpp"

using namespace carillon;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

constexpr instant epoch{};

struct sleeper final : clock::sleeper {
  void wake() override {}
};

}  // namespace

TEST_SUITE("system_clock") {
  TEST_CASE("a near time is slept for in one go, to the nanosecond") {
    CHECK(first_sleep(epoch + 10s, 7s + nanoseconds{1}) == 3s - nanoseconds{1});
    CHECK(first_sleep(epoch + 10s, 10s) == 0s);
    CHECK(first_sleep(epoch + 10s, 20s) == 0s);
  }

  TEST_CASE(
      "a far-off time is approached: a second or a thousandth of the way is left, and a month at most is "
      "slept") {
    CHECK(first_sleep(epoch + 60s, 0s) == 59s);
    CHECK(first_sleep(epoch + 24h, 0s) == 24h - 86'400ms);
    CHECK(first_sleep(latest_instant, 0s) == std::chrono::days{30});
    CHECK(first_sleep(earliest_instant, 0s) == 0s);
    CHECK(first_sleep(instant::min(), 1'800'000'000s) == 0s);
  }

  TEST_CASE("a sleep ends when wall time is there, not before") {
    system_clock clock;
    sleeper who;
    const auto before = std::chrono::steady_clock::now();
    const auto due = clock.now() + 5s;
    const auto wall = std::chrono::system_clock::now();
    const auto until = clock.arm(who, due);
    CHECK(until - std::chrono::steady_clock::now() <= due - wall);
    CHECK(until - before > 4s);
  }

  TEST_CASE("a step is told from time that passes, from slewing, and from a suspend") {
    struct row {
      const char* what;
      clock_reading later;
      std::optional<clock_step> step;
    };
    const row rows[] = {
        {"a minute passes", {60s, 60s, 60s}, std::nullopt},
        {"a minute, slewed", {60s + 900ms, 60s, 60s}, std::nullopt},
        {"set forward", {60s + 1h, 60s, 60s}, clock_step{1h, false}},
        {"set back", {60s - 2h, 60s, 60s}, clock_step{-2h, false}},
        {"an hour's suspend", {1h + 60s, 60s, 1h + 60s}, clock_step{0ms, true}},
        {"suspended, and set", {2h + 60s, 60s, 1h + 60s}, clock_step{1h, true}},
    };
    for (const auto& [what, later, step] : rows) {
      CAPTURE(what);
      step_detector detector{{0s, 0s, 0s}};
      CHECK((detector.look(later) == step));
    }
  }

  TEST_CASE("a step is told once") {
    step_detector detector{{0s, 0s, 0s}};
    CHECK(detector.look({1h, 1s, 1s}).has_value());
    CHECK(!detector.look({1h + 1s, 2s, 2s}).has_value());
  }

  TEST_CASE("a watch that is given up leaves nothing to wait for") {
    boost::asio::io_context io;
    auto watch = system_clock::shared()->watch_steps(io.get_executor(), [](clock_step) {});
    io.poll();
    watch.reset();
    io.restart();
    io.run();  // Returns: nothing is left.
    CHECK(io.stopped());
  }
}
