#include <carillon/http/message.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace carillon;
using namespace carillon::http;
using namespace std::chrono_literals;

namespace {

constexpr instant noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 12h};

}  // namespace

TEST_SUITE("HTTP message") {
  TEST_CASE("Retry-After is seconds, or a date") {
    CHECK(parse_retry_after("0", noon) == 0s);
    CHECK(parse_retry_after("120", noon) == 2min);
    CHECK(parse_retry_after("Sat, 21 Nov 2026 12:00:07 GMT", noon) == 7s);
    CHECK(parse_retry_after("Sat, 21 Nov 2026 11:00:00 GMT", noon) == 0s);
    for (const auto* bad : {"", "soon", "-1", "1.5", "Sat, 21 Now 2026 12:00:07 GMT",
                            "Sat, 31 Feb 2026 12:00:07 GMT", "Sat, 21 Nov 2026 12:00:07 CET", " 5"}) {
      CAPTURE(bad);
      CHECK(parse_retry_after(bad, noon) == std::nullopt);
    }
  }

  TEST_CASE("nobody is left alone for longer than a day") {
    CHECK(parse_retry_after("86401", noon) == 24h);
    CHECK(parse_retry_after("99999999999999999999999", noon) == 24h);
    CHECK(parse_retry_after("Mon, 21 Nov 2033 12:00:07 GMT", noon) == 24h);
  }

  TEST_CASE("a header is a name, one line, and none of those that the client sets") {
    CHECK(fault_of_header("X-Extra", "a\tb \xc3\xa4") == std::nullopt);
    CHECK(fault_of_header("a b", "") == "'a b' is no name of a header: letters, digits and -");
    CHECK(fault_of_header("", "") == "'' is no name of a header: letters, digits and -");
    CHECK(fault_of_header("X", "a\r\nb: c") == "X has a line break or a control character");
    for (const std::string name : {"host", "CONTENT-LENGTH", "Transfer-Encoding"})
      CHECK(fault_of_header(name, "1") == name + " is set by the client itself");
  }
}
