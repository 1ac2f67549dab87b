#include "push/service_definition.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/error_code.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/trigger/trigger.hpp>

#include <carillon/text/plain_text.hpp>

namespace carillon::pushes {

namespace {

namespace json = boost::json;

// One zone under many names: machines that say nothing else have one of these.
std::string zone_name(const zone& where) {
  constexpr std::array<std::string_view, 9> same{
      "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "GMT", "Etc/GMT"};
  const std::string name{where.name()};
  return std::ranges::find(same, name) == same.end() ? name : "UTC";
}

std::string value_in_words(const json::value& value) {
  return value.is_string() ? text::excerpt(std::string{value.get_string()}) : std::string{"nothing"};
}

}  // namespace

service_definition definition_of(const push_options& how) {
  return {{"rich", how.rich.empty() ? how.subscriptions + ":rich" : how.rich},
          {"timezone", zone_name(how.time_zone.value_or(zone::system()))},
          {"lookahead", format_duration(how.lookahead)},
          {"grace", format_duration(how.grace)},
          {"sent_ttl", format_duration(how.sent_ttl)},
          {"lease", format_duration(how.lease)},
          {"slices", std::to_string(how.slices)},
          {"page", std::to_string(how.page)}};
}

void add_fixed_work(service_definition& to, const std::vector<std::string>& times, const std::string& work) {
  if (times.empty()) return;
  auto sorted = times;
  std::ranges::sort(sorted);
  to.emplace_back("fixed_times", fmt::format("{}", fmt::join(sorted, " ")));
  to.emplace_back("fixed", work);
}

std::string fixed_work_of(const command_line& command) {
  return fmt::format("command {:08x}", seed_of(command_arguments(command)) & 0xffff'ffffU);
}

std::string fixed_work_of(const std::string& url) {
  return fmt::format("http {:08x}", seed_of(url) & 0xffff'ffffU);
}

std::string to_text(const service_definition& what) {
  json::object all;
  for (const auto& [name, value] : what) all[text::in_utf8(name)] = text::in_utf8(value);
  return json::serialize(all);
}

std::string differences(std::string_view theirs, const service_definition& ours) {
  boost::system::error_code wrong;
  const auto read = json::parse(theirs, wrong);
  const auto there = !wrong && read.is_object() ? read.get_object() : json::object{};
  const auto here = json::parse(to_text(ours)).get_object();
  std::string all;
  const auto add = [&](std::string_view name, const json::object& in, const json::object& of) {
    const auto one = in.contains(name) ? in.at(name) : json::value{};
    const auto other = of.contains(name) ? of.at(name) : json::value{};
    if (one == other) return;
    all += fmt::format("{}{} is {} there and {} here", all.empty() ? "" : "; ",
                       text::excerpt(std::string{name}), value_in_words(one), value_in_words(other));
  };
  for (const auto& [name, value] : ours) add(name, there, here);
  for (const auto& [name, value] : there) {
    if (!here.contains(name)) add(name, there, here);
  }
  return all;
}

}  // namespace carillon::pushes
