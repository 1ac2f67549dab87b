#include "push/push_json.hpp"

#include <doctest/doctest.h>

using namespace carillon;
using namespace carillon::pushes;
using namespace std::chrono_literals;

namespace {

push example() {
  const instant due{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 30min};
  push made;
  made.user = "42";
  made.tag = "stand up|now";
  made.due = due;
  made.attempt = 2;
  made.key = idempotency_key(made.user, made.tag, due);
  return made;
}

}  // namespace

TEST_SUITE("push as JSON") {
  TEST_CASE("the due time has the offset of the zone") {
    CHECK(to_json(example(), zone::find("Asia/Shanghai").value()) ==
          R"({"user":"42","tag":"stand up|now","due":"2026-11-21T08:30:00+08:00","attempt":2,)"
          R"("key":"42|stand%20up|now|20261121T003000Z"})");
  }

  TEST_CASE("one that may be a repeat says so") {
    auto one = example();
    one.repeat = true;
    CHECK(to_json(one, zone{}).ends_with(R"(,"repeat":true})"));
  }

  TEST_CASE("what is no UTF-8 does not break the JSON") {
    auto one = example();
    one.user = "a\"\xff\n";
    CHECK(to_json(one, zone{}).starts_with("{\"user\":\"a\\\"\uFFFD\\n\","));
  }
}
