#include <doctest/doctest.h>

#include <sstream>

#include "carillon/table.hpp"

namespace carillon::app {
namespace {

std::string text_of(const table& lines) {
  std::ostringstream out;
  out << lines;
  return out.str();
}

}  // namespace

TEST_SUITE("table") {
  TEST_CASE("columns are as wide as what stands in them, counted in characters") {
    table lines{{"ID", "N", "NOTE"}};
    lines.align_right(1);
    lines.add({"grün", "7", "x"});
    lines.add({"a", "1234", ""});
    CHECK(text_of(lines) ==
          "ID       N  NOTE\n"
          "grün     7  x\n"
          "a     1234\n");
  }

  TEST_CASE("rows that come later keep to the columns of those before") {
    table lines{{"ID", "N"}};
    lines.add({"backup", "1"});
    std::ostringstream out;
    lines.print_on(out);
    lines.print_on(out);
    lines.add({"a", "2"});
    lines.print_on(out);
    CHECK(out.str() ==
          "ID      N\n"
          "backup  1\n"
          "a       2\n");
  }

  TEST_CASE("nobody can forge a line from within a cell") {
    table lines{{"ID"}};
    lines.add({"a\nb\x1b[31m"});
    CHECK(text_of(lines).find('\x1b') == std::string::npos);
    CHECK(text_of(lines).find("a\nb") == std::string::npos);
  }
}

}  // namespace carillon::app
