#include <carillon/http/url.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace carillon;
using namespace carillon::http;

namespace {

std::string fault_of(std::string_view text) {
  const auto read = parse_url(text);
  return read ? "none" : read.error().to_string();
}

}  // namespace

TEST_SUITE("URL of HTTP") {
  TEST_CASE("it says host, port and target") {
    const auto plain = parse_url("http://127.0.0.1:9000/push?to=all").value();
    CHECK_FALSE(plain.tls);
    CHECK(plain.host == "127.0.0.1");
    CHECK(plain.port == 9000);
    CHECK(plain.target == "/push?to=all");
    CHECK(plain.authority() == "127.0.0.1:9000");
    CHECK(plain.to_string() == "http://127.0.0.1:9000/push");

    const auto bare = parse_url("https://push.example").value();
    CHECK(bare.tls);
    CHECK(bare.port == 443);
    CHECK(bare.target == "/");
    CHECK(bare.authority() == "push.example");
    CHECK(bare.origin() == "https://push.example");
    CHECK(parse_url("https://push.example?a=1").value().target == "/?a=1");
  }

  TEST_CASE(
      "an IPv6 address stands in brackets, and a port in the header only where it is not the scheme's own") {
    const auto v6 = parse_url("http://[::1]:80/x").value();
    CHECK(v6.host == "::1");
    CHECK(v6.authority() == "[::1]");
    CHECK(parse_url("https://[::1]:80/x").value().authority() == "[::1]:80");
  }

  TEST_CASE("user and password become a header, and are shown nowhere else") {
    const auto read = parse_url("http://Aladdin:open%20sesame@push.example/x").value();
    CHECK(read.authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(read.to_string() == "http://push.example/x");
  }

  TEST_CASE("what is wrong is said where it is, without the password") {
    CHECK(fault_of("ftp://x") ==
          parse_error{"a URL begins with http:// or https://", 0, "http://127.0.0.1:9000/ping"}.to_string());
    CHECK(parse_url("http:///push").error().position == 7);
    CHECK(parse_url("http://x:0/push").error().position == 9);
    CHECK(parse_url("http://x:70000").error().message == "port: 1 to 65535");
    CHECK(parse_url("http://[::1/push").error().message == "[ without ]");
    CHECK(parse_url("http://x/a b").error().position == 10);
    CHECK(parse_url("http://x/a#b").error().position == 10);
    CHECK(parse_url("http://x\r\nEvil: 1/").error().message.find("Evil") == std::string::npos);
    CHECK(fault_of("http://me:se/cret@x").find("cret") == std::string::npos);
    CHECK(fault_of("http://me:a%zz@x") != "none");
  }
}
