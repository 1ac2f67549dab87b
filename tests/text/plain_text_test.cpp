#include <carillon/text/plain_text.hpp>

#include <doctest/doctest.h>

using namespace carillon::text;

TEST_SUITE("plain text") {
  TEST_CASE("controls and broken UTF-8 are shown escaped") {
    CHECK(shown("a\nb\x7f\xff") == "a\\x0ab\\x7f\\xff");
    CHECK(shown("日本", 3) == "日…");
    CHECK(shown(" x ") == " x ");
  }

  TEST_CASE("an excerpt is cut between characters, and says that it is") {
    CHECK(excerpt("äöü", 3) == "äö…");
    CHECK(excerpt("  x  \n") == "  x");
    CHECK(excerpt("a\r\nb\t\x01") == "a  b \\x01");
    CHECK(excerpt("") == "");
  }

  TEST_CASE("what is no UTF-8 is replaced byte by byte") {
    CHECK(in_utf8("a\xff\xc3z") == "a\uFFFD\uFFFDz");
    CHECK(in_utf8("\xed\xa0\x80") == "\uFFFD\uFFFD\uFFFD");
    CHECK(in_utf8("日本") == "日本");
  }

  TEST_CASE("what is too long is cut between characters, and says that it is") {
    CHECK(in_utf8("abcdef", 6) == "abcdef");
    CHECK(in_utf8("abcdefg", 6) == "abc…");
    CHECK(in_utf8("日本語", 9) == "日本語");
    CHECK(in_utf8("日本語x", 9) == "日本…");
    CHECK(in_utf8("日本語", 8) == "日…");
    CHECK(in_utf8("a\xff\xff", 6) == "a…");
    CHECK(in_utf8(in_utf8("abcdefg", 6), 6) == "abc…");
  }
}
