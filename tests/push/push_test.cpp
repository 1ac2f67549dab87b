#include "push/push.hpp"

#include <doctest/doctest.h>

using namespace carillon;
using namespace carillon::pushes;
using namespace std::chrono_literals;

namespace {

constexpr instant at_eight{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 8h};

}  // namespace

TEST_SUITE("idempotency key") {
  TEST_CASE("it says user, tag and the due time in UTC") {
    CHECK(idempotency_key("42", "news", at_eight) == "42|news|20261121T080000Z");
  }

  TEST_CASE("no two pushes have the same") {
    CHECK(idempotency_key("42", "news", at_eight) != idempotency_key("42", "news", at_eight + 1min));
    CHECK(idempotency_key("a|b", "c", at_eight) != idempotency_key("a", "b|c", at_eight));
    CHECK(idempotency_key("%20", "c", at_eight) != idempotency_key(" ", "c", at_eight));
  }

  TEST_CASE("it may stand in a header, whatever the names are") {
    CHECK(idempotency_key("a b\r\nx", "caf\xc3\xa9|100%", at_eight) ==
          "a%20b%0D%0Ax|caf%C3%A9|100%25|20261121T080000Z");
  }
}
