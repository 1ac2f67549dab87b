#include <carillon/http/http_call.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

http_call to(std::string url) {
  http_call call;
  call.url = std::move(url);
  return call;
}

template <typename Change>
std::string fault_with(Change change) {
  auto call = to("http://127.0.0.1/");
  change(call);
  return fault_of(call).value_or("none");
}

std::string fault_of_json(std::string_view text) {
  try {
    boost::json::value_to<http_call>(boost::json::parse(text));
  } catch (const std::invalid_argument& fault) {
    return fault.what();
  }
  return "none";
}

}  // namespace

TEST_SUITE("HTTP call") {
  TEST_CASE("it lives in JSON, where what is as ever is left out") {
    auto call = to("https://me:pass@push.example/x?y");
    CHECK(boost::json::serialize(boost::json::value_from(call)) ==
          R"({"url":"https://me:pass@push.example/x?y"})");
    call.method = "PUT";
    call.headers = {{"X-Extra", "yes"}};
    call.header_files = {{"Authorization", "/run/token"}};
    call.body = boost::json::parse(R"({"customer": 42, "deep": [1, null]})");
    call.expect = {{200, 200}, {300, 399}, {201, 203}};
    call.connect_timeout = 1s;
    call.answer_timeout = 90s;
    call.tls = {"/ca.pem", "/me.pem", "/me.key", "push"};
    const auto text = boost::json::serialize(boost::json::value_from(call));
    CHECK(text.find(R"("expect":[200,"3xx","201-203"])") != std::string::npos);
    CHECK(boost::json::value_to<http_call>(boost::json::parse(text)) == call);
    CHECK(boost::json::value_to<http_call>(boost::json::value_from(call)) == call);
  }

  TEST_CASE("what is secret is not shown") {
    auto call = to("https://me:pass@push.example:8443/x?token=abc");
    call.headers = {{"Authorization", "Bearer abc"}};
    CHECK(to_string(call) == "POST https://push.example:8443/x");
    CHECK(to_string(to("nonsense:pass")) == "POST a URL that cannot be read");
    CHECK(fault_of(to("http://me:se/cret@x")).value().find("cret") == std::string::npos);
  }

  TEST_CASE("what cannot be is refused with its name") {
    CHECK(fault_with([](auto&) {}) == "none");
    CHECK(fault_with([](auto& call) { call.url.clear(); }) == "no url");
    CHECK(fault_with([](auto& call) { call.url = "ftp://x"; }).starts_with("url: a URL begins with http://"));
    CHECK(fault_with([](auto& call) { call.method = "post"; }) ==
          "method 'post': one of POST, GET, PUT, PATCH, DELETE, HEAD");
    CHECK(fault_with([](auto& call) { call.headers["Host"] = "x"; }) ==
          "headers: Host is set by the client itself");
    CHECK(fault_with([](auto& call) { call.headers["idempotency-key"] = "x"; }) ==
          "headers: idempotency-key is set by carillon itself");
    CHECK(fault_with([](auto& call) { call.headers["Carillon-Job"] = "x"; }) ==
          "headers: Carillon-Job is set by carillon itself");
    CHECK(fault_with([](auto& call) { call.header_files["X"] = "token"; }) ==
          "header_files: X: 'token' is no absolute path");
    CHECK(fault_with([](auto& call) { call.method = "GET", call.body = "x"; }) ==
          "body: a GET has none: say it in the URL, or use POST");
    CHECK(fault_with([](auto& call) { call.body = 1; }).starts_with("body: an object, "));
    CHECK(fault_with([](auto& call) {
            call.body = boost::json::object{{"job", 1}};
          }).starts_with("body: job is set by carillon itself, as are job, run, "));
    CHECK(fault_with([](auto& call) { call.body = boost::json::object{{"a", std::nan("")}}; }) ==
          "body: JSON has no inf or nan");
    CHECK(fault_with([](auto& call) {
            boost::json::value deep = 1;
            for (int level = 0; level < 16; ++level) deep = boost::json::object{{"a", deep}};
            call.body = deep;
          }) == "body: nested too deeply, at most 16 levels");
    CHECK(fault_with([](auto& call) { call.expect.clear(); }).starts_with("expect: names no status"));
    CHECK(fault_with([](auto& call) { call.expect = {{100, 200}}; }) == "expect: a status is 200 to 599");
    CHECK(fault_with([](auto& call) { call.answer_timeout = 0ms; }) == "answer_timeout 0s: 1ms to 1d");
    CHECK(fault_with([](auto& call) { call.tls.server_name = "x"; }).ends_with("and the url is http://"));
  }

  TEST_CASE("JSON that is no call is refused with the member") {
    CHECK(fault_of_json("[]") == "http: must be an object");
    CHECK(fault_of_json(R"({"uri": "x"})").starts_with("http: uri: no such member; there are url, "));
    CHECK(fault_of_json(R"({"url": 1})") == "http: url: must be a text");
    CHECK(fault_of_json(R"({"url": "http://x", "expect": "ok"})") ==
          "http: expect: a status is 200 to 599, or a class as \"2xx\"");
    CHECK(
        fault_of_json(R"({"url": "http://x", "answer_timeout": "5"})").starts_with("http: answer_timeout: "));
    CHECK(fault_of_json(R"({})") == "http: no url");
  }

  TEST_CASE("statuses are numbers, classes and ranges") {
    CHECK(parse_status_range("204") == status_range{204, 204});
    CHECK(parse_status_range("4xx") == status_range{400, 499});
    CHECK(parse_status_range("200-204") == status_range{200, 204});
    for (const auto* bad : {"", "1xx", "6xx", "99", "199", "600", "2x0", "204-200", "200-", "0200", "-200"}) {
      CAPTURE(bad);
      CHECK(parse_status_range(bad) == std::nullopt);
    }
  }
}
