#include "carillon/shared/push_subscription.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "push/rich_subscription.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

// "08:30" as 830.
std::optional<int> score_of_time(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon < 1 || colon > 2 || text.size() != colon + 3)
    return std::nullopt;
  int hour = 0, minute = 0;
  const auto read = [&](std::size_t begin, std::size_t end, int& into) {
    const auto [stop, fault] = std::from_chars(text.data() + begin, text.data() + end, into);
    return fault == std::errc{} && stop == text.data() + end;
  };
  if (!read(0, colon, hour) || !read(colon + 1, text.size(), minute)) return std::nullopt;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  return hour * 100 + minute;
}

parse_error refusal(std::string message, std::string hint = {}) {
  return {std::move(message), 0, std::move(hint)};
}

parse_result<std::string> take_text(json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  if (found == nullptr)
    return refusal(fmt::format("there is no {}", name), R"({"user": "42", "tag": "news", "at": "08:30"})");
  if (!found->is_string()) return refusal(fmt::format("{} must be a text", name), "put it in quotes");
  std::string text{found->get_string()};
  from.erase(name);
  return text;
}

}  // namespace

std::string push_subscription::when() const {
  return score ? fmt::format("{:02}:{:02}", *score / 100, *score % 100) : rich;
}

json::object push_subscription::to_json() const {
  json::object line{{"user", in_utf8(whom.user)}, {"tag", in_utf8(whom.tag)}};
  if (score) {
    line["at"] = when();
    return line;
  }
  const auto said = json::parse(rich);
  for (const auto& [name, value] : said.as_object()) line[name] = value;
  return line;
}

parse_result<push_subscription> read_subscription(json::object given) {
  push_subscription made;
  auto user = take_text(given, "user");
  if (!user) return user.error();
  auto tag = take_text(given, "tag");
  if (!tag) return tag.error();
  made.whom = {*std::move(user), *std::move(tag)};
  const auto back = pushes::parse_member(pushes::member_of(made.whom));
  if (!back) return refusal(back.error().message, back.error().hint);
  if (*back != made.whom) return refusal("the user must not have '|tag:' in it");
  const auto* at = given.if_contains("at");
  if (given.size() == 1 && at != nullptr && at->is_string()) made.score = score_of_time(at->get_string());
  if (made.score) return made;
  if (given.empty()) return refusal("nothing says when", "\"at\": \"08:30\", or \"schedule\"");
  const auto rich = pushes::rich_subscription::parse(json::serialize(given));
  if (!rich) return rich.error();
  made.rich = rich->to_json();
  return made;
}

parse_result<push_subscription> parse_subscription(std::string_view line) {
  boost::system::error_code wrong;
  auto value = json::parse(line, wrong);
  if (wrong)
    return refusal("this is no JSON: " + wrong.message(), R"({"user": "42", "tag": "news", "at": "08:30"})");
  if (!value.is_object())
    return refusal("a subscription is an object", R"({"user": "42", "tag": "news", "at": "08:30"})");
  return read_subscription(std::move(value.get_object()));
}

}  // namespace carillon::app
