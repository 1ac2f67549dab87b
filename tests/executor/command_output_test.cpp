#include "executor/command_output.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace carillon {
namespace {

struct recording {
  std::vector<std::string> lines;
  command_output output{16, 8, [this](std::string_view line) { lines.emplace_back(line); }};
};

}  // namespace

TEST_SUITE("command_output") {
  TEST_CASE("lines are handed on whole, however the bytes come") {
    recording all;
    for (const char c : std::string{"one\ntwo\r\n\nfour"}) all.output.add({&c, 1});
    CHECK(all.lines == std::vector<std::string>{"one", "two", ""});
    all.output.end();
    CHECK(all.lines.back() == "four");
    all.output.end();
    CHECK(all.lines.size() == 4);
  }

  TEST_CASE("a long line is handed on in pieces, and its end makes no line of its own") {
    recording all;
    all.output.add("12345678abcdefgh\nx\n\n");
    CHECK(all.lines == std::vector<std::string>{"12345678", "abcdefgh", "x", ""});
  }

  TEST_CASE("the tail begins with a whole line") {
    recording all;
    all.output.add("first line\nsecond line\nthird\nfourth\n");
    CHECK(all.output.tail() == "third\nfourth");
    CHECK(all.output.last_line() == "fourth");
  }

  TEST_CASE("short output is its own tail") {
    recording all;
    all.output.add("a\nb\n\n");
    CHECK(all.output.tail() == "a\nb");
    CHECK(recording{}.output.tail().empty());
  }

  TEST_CASE("of one long line the tail is its end, from a whole character on") {
    recording all;
    for (int i = 0; i < 30; ++i) all.output.add("ä");
    const auto tail = all.output.tail();
    CHECK(tail.starts_with("…ä"));
    CHECK(tail.size() <= 16 + 3);
  }

  TEST_CASE("however much is printed, little is kept") {
    recording all;
    for (int i = 0; i < 10'000; ++i) all.output.add("some more bytes\n");
    CHECK(all.output.tail().size() <= 16);
    CHECK(all.lines.size() == 20'000);
  }
}

}  // namespace carillon
