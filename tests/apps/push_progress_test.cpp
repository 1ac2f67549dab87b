#include "carillon/shared/push_progress.hpp"

#include <doctest/doctest.h>

namespace carillon::app {

using namespace std::chrono_literals;

TEST_SUITE("push progress") {
  TEST_CASE("the bar shows what has ended of what was reserved since nothing was under way") {
    push_progress progress;
    pushes::push_figures now;
    now.due = now.sent = 1'000;
    CHECK_FALSE(progress.line(now, 0s, 80));
    now.due += 20'000;
    CHECK(progress.line(now, 1s, 80) == "[                        ] 0 of 20,000");
    now.sent += 9'990;
    now.dead += 10;
    CHECK(progress.line(now, 3s, 80) ==
          "[############            ] 10,000 of 20,000, 5,000 a second, 10 dead");
    CHECK(progress.line(now, 3s, 20)->size() == 19);
    now.sent += 10'000;
    CHECK_FALSE(progress.line(now, 4s, 80));
  }

  TEST_CASE("numbers have commas") {
    CHECK(with_commas(0) == "0");
    CHECK(with_commas(999) == "999");
    CHECK(with_commas(1'000) == "1,000");
    CHECK(with_commas(1'234'567) == "1,234,567");
  }
}

}  // namespace carillon::app
