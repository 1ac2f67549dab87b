#include "push/receiver_health.hpp"

#include <doctest/doctest.h>

using namespace carillon::pushes;
using namespace std::chrono_literals;

TEST_SUITE("receiver health") {
  TEST_CASE("an outage is told when it begins, once a minute, and when it is over") {
    receiver_health health{"webhook http://x/"};
    receiver_health::time_point now{};
    CHECK(health.failed("refused", now) ==
          "webhook http://x/: refused; it is tried again, and this is told once a minute");
    int lines = 0;
    for (int second = 1; second < 60; ++second) lines += health.failed("refused", now + 1s * second) ? 1 : 0;
    CHECK(lines == 0);
    CHECK(health.failed("timeout", now + 60s) ==
          "webhook http://x/: 61 of 61 attempts have failed in 1m, the last with: timeout");
    CHECK(health.succeeded(now + 80s) == "webhook http://x/: takes pushes again; 61 attempts failed in 1m");
    CHECK(health.succeeded(now + 81s) == std::nullopt);
  }

  TEST_CASE("one that fails some is not told well and ill in turns") {
    receiver_health health{"x"};
    receiver_health::time_point now{};
    int lines = 0;
    for (int i = 0; i < 600; ++i) {  // A minute, ten a second.
      now += 100ms;
      lines += (i % 10 == 0 ? health.failed("500", now) : health.succeeded(now)) ? 1 : 0;
    }
    CHECK(lines == 1);
    CHECK(health.failed("500", now + 1s) == "x: 61 of 601 attempts have failed in 1m, the last with: 500");
  }

  TEST_CASE("outages that come and go are two lines a minute at most") {
    receiver_health health{"x"};
    receiver_health::time_point now{};
    int lines = 0;
    for (int i = 0; i < 10; ++i) {  // Five minutes: down at each half minute, well in between.
      lines += health.failed("500", now) ? 1 : 0;
      lines += health.succeeded(now + 15s) ? 1 : 0;
      now += 30s;
    }
    CHECK(lines == 10);
  }
}
