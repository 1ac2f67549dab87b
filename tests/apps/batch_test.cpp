#include "carillon/commands/batch.hpp"

#include <doctest/doctest.h>
#include <unistd.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include <string>
#include <vector>

namespace carillon::app {
namespace {

namespace json = boost::json;

constexpr std::string_view noon_text = "2026-03-27T12:00:00Z";

instant at_noon() { return parse_timestamp(noon_text).value().in(zone{}); }

json::object answer(std::string_view line) {
  return json::parse(answer_batch_line(line, at_noon(), zone{})).as_object();
}

std::string fires(std::string_view line) { return json::serialize(answer(line).at("fires")); }
std::string error(std::string_view line) {
  return std::string{answer(line).at("error").at("message").as_string()};
}

// What a feed of bytes is answered, line by line.
std::vector<std::string> answers(std::string_view feed) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], feed.data(), feed.size()) == static_cast<ssize_t>(feed.size()));
  ::close(ends[1]);
  std::vector<std::string> lines;
  const auto write = [&](std::string_view text) {
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
      lines.emplace_back(text.substr(0, end));
    CHECK(text.empty());
    return true;
  };
  CHECK(answer_batch(ends[0], write, at_noon, zone{}));
  ::close(ends[0]);
  return lines;
}

}  // namespace

TEST_SUITE("batch") {
  TEST_CASE("the fires come in the trigger's zone, strictly after the time asked with") {
    CHECK(
        fires(
            R"({"id": 1, "trigger": "cron 0 9 * * mon-fri in Europe/London", "after": "2026-03-27T09:00:00+00:00", "count": 2})") ==
        R"(["2026-03-30T09:00:00+01:00","2026-03-31T09:00:00+01:00"])");
  }

  TEST_CASE("five fires after now, if nothing else is said") {
    CHECK(json::parse(fires(R"({"trigger": "every 1h"})")).as_array().size() == 5);
    CHECK(fires(R"({"trigger": "every 1h", "after": null, "count": 1})") ==
          R"(["2026-03-27T13:00:00+00:00"])");
  }

  TEST_CASE("a null says that there is nothing more") {
    CHECK(fires(R"({"trigger": "at 2026-03-28T10:00:00Z"})") == R"(["2026-03-28T10:00:00+00:00",null])");
    CHECK(fires(R"({"trigger": "at 2026-03-20T10:00:00Z"})") == "[null]");
  }

  TEST_CASE("any id comes back as it was") {
    for (const auto* id : {"7", "\"x\"", "null", "[1,{\"a\":2}]", "1.5"}) {
      const auto line = std::string{"{\"id\": "} + id + ", \"trigger\": \"every 1h\", \"count\": 1}";
      CHECK(answer(line).at("id") == json::parse(id));
    }
    CHECK(answer(R"({"trigger": "every 1h"})").at("id").is_null());
  }

  TEST_CASE("a schedule that does not parse is answered with its fault and where it is") {
    const auto fault = answer(R"({"id": 1, "trigger": "cron 0 75 * * *"})").at("error").as_object();
    CHECK(fault.at("message") == "hour 75: 0 to 23");
    CHECK(fault.at("position") == 7);
    CHECK(fault.contains("hint"));
  }

  TEST_CASE("a line that is no question is answered with what is wrong with it") {
    CHECK(error("nonsense").starts_with("not JSON: "));
    CHECK(error("[1]") == "must be a JSON object");
    CHECK(error("{}") == "there is no trigger");
    CHECK(error(R"({"trigger": 5})") == "trigger must be a string");
    CHECK(error(R"({"trigger": "every 1h", "after": 5})") == "after must be a string");
    CHECK(error(R"({"trigger": "every 1h", "after": "yesterday"})").starts_with("after: "));
    for (const auto* count : {"0", "-1", "1.5", "10001", "1e30", "\"5\"", "[]"}) {
      CHECK(error(std::string{R"({"trigger": "every 1h", "count": )"} + count + "}") ==
            "count must be a whole number");
    }
    CHECK(error(std::string(100, '[')).starts_with("not JSON: "));
    CHECK(error("{\"trigger\": \"\xff\"}").starts_with("not JSON: "));
    CHECK(error("{\"trigger\": \"every\\u00001h\"}") != "");
  }

  TEST_CASE("one bad line never stops the rest, and an unfinished last line is answered too") {
    const auto lines =
        answers("{\"id\": 1, \"trigger\": \"every 1h\"}\nbad\n\n{\"id\": 2, \"trigger\": \"every 1h\"}");
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].starts_with("{\"id\":1,\"fires\""));
    CHECK(lines[1].starts_with("{\"id\":null,\"error\""));
    CHECK(lines[2].starts_with("{\"id\":2,\"fires\""));
  }

  TEST_CASE("nothing in, nothing out") { CHECK(answers("").empty()); }
}

}  // namespace carillon::app
