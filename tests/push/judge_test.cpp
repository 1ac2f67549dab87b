#include "push/judge.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace carillon;
using namespace carillon::pushes;
using namespace std::chrono_literals;

namespace {

constexpr instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 12h};

http::answer answer(unsigned status, std::string reason = {}, std::string body = {}) {
  http::answer made;
  made.status = status;
  made.reason = std::move(reason);
  made.body = std::move(body);
  return made;
}

using kind = delivered::kind;

}  // namespace

TEST_SUITE("receiver's answer") {
  TEST_CASE("2xx has arrived, some are worth another attempt, the others are refused for good") {
    for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
      CAPTURE(status);
      CHECK(judge(answer(status), noon).what == kind::ok);
    }
    for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U}) {
      CAPTURE(status);
      CHECK(judge(answer(status), noon).what == kind::again);
    }
    for (const unsigned status : {300U, 301U, 400U, 401U, 403U, 404U, 410U, 422U, 600U}) {
      CAPTURE(status);
      CHECK(judge(answer(status), noon).what == kind::never);
    }
  }

  TEST_CASE("why is the status and the beginning of the body, in one line") {
    CHECK(judge(answer(500, "Internal Server Error"), noon).why == "500 Internal Server Error");
    CHECK(judge(answer(404, "Not Found", "no such user\r\n"), noon).why == "404 Not Found: no such user");
    CHECK(judge(answer(404, "", "a\nb\x1b[31m\xff"), noon).why == "404: a b\\x1b[31m\\xff");
    CHECK(judge(answer(404, "", std::string(1000, 'x')), noon).why.size() < 140);
  }

  TEST_CASE("a redirection is not followed, and says where it points") {
    auto moved = answer(301, "Moved Permanently");
    moved.location = "https://push.example/new";
    CHECK(judge(moved, noon).why ==
          "301 points to https://push.example/new: redirections are not followed, name the receiver's last "
          "URL");
  }

  TEST_CASE("Retry-After of a refusal for good means nothing") {
    auto busy = answer(503);
    busy.retry_after = "30";
    CHECK(judge(busy, noon).retry_after == 30s);
    busy.status = 404;
    CHECK(judge(busy, noon).retry_after == std::nullopt);
  }
}
