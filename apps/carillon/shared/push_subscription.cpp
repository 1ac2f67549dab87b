#include "carillon/shared/push_subscription.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "push/rich_subscription.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

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

bool push_subscription::is_json() const {
  return in_utf8(whom.user) == whom.user && in_utf8(whom.tag) == whom.tag;
}

void push_subscription::begin_at(instant time) {
  if (score) return;
  auto said = pushes::rich_subscription::parse(rich).value();
  if (said.added()) return;
  said.set_added(std::chrono::floor<std::chrono::seconds>(time));
  rich = said.to_json();
}

parse_result<push_subscription> plain_subscription(std::string_view member, std::string_view score) {
  auto whom = pushes::parse_member(member);
  if (!whom) return whom.error();
  const auto time = pushes::parse_score(score);
  if (!time) return time.error();
  push_subscription made;
  made.whom = *std::move(whom);
  made.score = pushes::score_of(*time);
  return made;
}

parse_result<push_subscription> rich_subscription_of(std::string_view field, std::string_view value) {
  auto whom = pushes::parse_name(field);
  if (!whom) return whom.error();
  const auto said = pushes::rich_subscription::parse(value);
  if (!said) return said.error();
  push_subscription made;
  made.whom = *std::move(whom);
  made.rich = value;
  return made;
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
  const bool is_at = given.size() == 1 && at != nullptr && at->is_string();
  const auto time = pushes::parse_time_of_day(is_at ? std::string_view{at->get_string()} : "");
  if (time) {
    made.score = pushes::score_of(*time);
    return made;
  }
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
