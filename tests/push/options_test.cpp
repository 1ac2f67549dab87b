#include "push/options.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>

using namespace carillon::pushes;
using namespace std::chrono_literals;

namespace {

std::string fault(const std::function<void(push_options&)>& change) {
  push_options options;
  options.subscriptions = "s";
  options.sent = "d";
  change(options);
  try {
    check(options);
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
  return {};
}

}  // namespace

TEST_SUITE("push options") {
  TEST_CASE("those of the documentation are right") {
    CHECK(fault([](auto&) {}).empty());
  }

  TEST_CASE("marks that are gone before the window is over are refused, with the numbers") {
    CHECK(fault([](auto& all) { all.sent_ttl = 13min; }) ==
          "sent_ttl 13m: must be at least lookahead + grace, which is 4m + 10m = 14m, or a push would be "
          "sent twice");
    CHECK(fault([](auto& all) { all.sent_ttl = 14min; }).empty());
  }

  TEST_CASE("marks that would last until the next day's push are refused: it may be as late as the grace") {
    const auto half_a_day = [](auto& all) {
      all.lookahead = 0s;
      all.grace = 12h;
      all.sent_ttl = 12h;
    };
    CHECK(fault(half_a_day) ==
          "sent_ttl 12h: lookahead + grace + sent_ttl must be at most 23h, and are 1d: the mark of one day "
          "must be gone when the next day's push may go out");
    CHECK(fault([](auto& all) { all.sent_ttl = 22h + 46min; }).empty());
    CHECK_FALSE(fault([](auto& all) { all.sent_ttl = 22h + 47min; }).empty());
  }

  TEST_CASE("what is out of range is named with its value and the range") {
    CHECK(fault([](auto& all) { all.subscriptions = ""; }) == "subscriptions: must not be empty");
    CHECK(fault([](auto& all) { all.sent = ""; }) == "sent: must not be empty");
    CHECK(fault([](auto& all) { all.concurrency = 0; }) == "concurrency 0: 1 to 100000");
    CHECK(fault([](auto& all) { all.retry.attempts = 0; }) == "retry.attempts 0: 1 to 1000");
    CHECK(fault([](auto& all) { all.retry.backoff_min = 20s; }).find("retry.backoff 20s") == 0);
    CHECK(fault([](auto& all) { all.grace = 0s; }).find("grace 0s") == 0);
    CHECK(fault([](auto& all) { all.sent_ttl = 23h; }).find("sent_ttl 23h") == 0);
  }
}
