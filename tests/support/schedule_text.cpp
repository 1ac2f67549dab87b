#include "conformance/schedule_text.hpp"

#include <array>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>

namespace carillon::conformance {

namespace {

std::string field_text(const boost::json::value& value) {
  return value.is_string() ? std::string{value.get_string()} : boost::json::serialize(value);
}

std::string named(const row& fields) {
  std::string text = "cron{";
  for (const auto& [name, value] : fields) {
    if (text.size() > 5) text += "; ";
    text += std::string{name} + '=' + field_text(value);
  }
  return text + '}';
}

std::optional<std::string> positional(const row& from) {
  constexpr std::array<std::string_view, 5> names{"minute", "hour", "day", "month", "day_of_week"};
  const auto text = text_of(from, "expr");
  std::string said = "cron{";
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const auto end = std::min(text.find(' ', at), text.size());
    if (count == names.size()) return std::nullopt;
    if (count > 0) said += "; ";
    said += std::string{names[count]} + '=' + std::string{text.substr(at, end - at)};
    at = end + 1;
  }
  if (count < names.size()) return std::nullopt;
  return said + '}';
}

std::string bounds(const row& from, std::string_view start, std::string_view end) {
  std::string text;
  if (const auto value = text_of(from, start); !value.empty()) text += " starting " + std::string{value};
  if (const auto value = text_of(from, end); !value.empty()) text += " until " + std::string{value};
  return text;
}

/// The text of the hour field, which decides what `auto` means.
std::string hour_field(const row& from) {
  if (from.contains("fields")) {
    const auto& fields = from.at("fields").as_object();
    if (fields.contains("hour")) return field_text(fields.at("hour"));
    return fields.contains("minute") || fields.contains("second") ? "*" : "0";
  }
  const auto text = text_of(from, "expr");
  if (text.find(' ') == std::string_view::npos) return text == "@hourly" ? "*" : "0";
  auto skip = text_of(from, "dialect") == "unix5" ? 1 : 2;
  std::size_t at = 0;
  for (; skip > 0; --skip) at = text.find(' ', at) + 1;
  return std::string{text.substr(at, text.find(' ', at) - at)};
}

/// A policy under which the row's answer can be read; nothing where there is none.
std::optional<std::string> policy(const row& from) {
  if (from.contains("gap") || from.contains("overlap")) {
    std::string text;
    for (const auto* key : {"gap", "overlap"})
      if (const auto value = text_of(from, key); !value.empty())
        text += std::string{" "} + key + ' ' + std::string{value};
    return text;
  }
  if (!from.contains("readings")) return "";
  const auto hour = hour_field(from);
  const bool real_time = hour == "*" || hour.starts_with("*/");
  const auto readings = readings_of(from, real_time);
  if (readings.empty()) return std::nullopt;
  return readings.back().gap == gap_policy::auto_ ? "" : ' ' + to_string(readings.front());
}

instant before(std::string_view time) { return not_before(time, {}) - milliseconds{1}; }

std::optional<said_row> say_combination(const row& from) {
  if (text_of(from, "dialect") != "apscheduler3-combining") return std::nullopt;
  const bool chained = text_of(from, "chain") == "previous";
  const auto op = text_of(from, "op");
  if (chained && op == "and") return std::nullopt;
  std::string text;
  for (const auto& each : from.at("triggers").as_array()) {
    if (chained && text_of(each.as_object(), "type") == "interval") return std::nullopt;
    const auto part = say_part(each.as_object(), text_of(from, "timezone"));
    if (!part) return std::nullopt;
    text += (text.empty() ? "" : ' ' + std::string{op} + ' ') + *part;
  }
  return said_row{text + (op == "and" ? " within 0s" : ""), before(text_of(from, "now"))};
}

/// The schedule alone, and the moment after which the row asks.
std::optional<said_row> say_rule(const row& from) {
  const auto dialect = text_of(from, "dialect");
  const auto expression = std::string{text_of(from, "expr")};
  const auto now = text_of(from, "now");
  if (dialect == "unix5" || dialect == "unix6" || dialect == "cron")
    return said_row{"cron " + expression, instant_of(now, {})};
  if (dialect == "quartz") return said_row{"quartz " + expression, instant_of(now, {})};
  if (dialect == "apscheduler")
    return said_row{named(from.at("fields").as_object()) + bounds(from, "start_date", "end_date"),
                    before(now)};
  if (dialect == "apscheduler-crontab") {
    const auto text = positional(from);
    return text ? std::optional{said_row{*text, before(now)}} : std::nullopt;
  }
  if (dialect == "apscheduler-interval") {
    const auto text = say_interval(from.at("interval").as_object());
    if (!text || !from.contains("start_date")) return std::nullopt;
    const auto previous =
        text_of(from, "previous");  // the grid begins anew there, be it on the old grid or not
    if (!previous.empty()) return said_row{*text + bounds(from, "", "end_date"), instant_of(previous, {})};
    return said_row{*text + bounds(from, "start_date", "end_date"), before(now)};
  }
  if (dialect != "apscheduler4-calendarinterval") return std::nullopt;
  const auto start = instant_of(text_of(from, "start_date"), {}) - std::chrono::days{2};
  return said_row{
      say_calendar_interval(from) + bounds(from, "start_date", "end_date") + " gap skip overlap first",
      start};
}

}  // namespace

std::optional<std::string> say_interval(const row& interval) {
  constexpr std::array<std::pair<std::string_view, double>, 5> units{
      {{"weeks", 604'800e3}, {"days", 86'400e3}, {"hours", 3'600e3}, {"minutes", 60e3}, {"seconds", 1e3}}};
  double total = 0;
  for (const auto& [name, length] : units)
    if (interval.contains(name)) total += interval.at(name).to_number<double>() * length;
  if (total <= 0) return std::nullopt;
  return "every " + format_duration(milliseconds{static_cast<std::int64_t>(total)});
}

std::string say_calendar_interval(const row& from) {
  std::string text = "every";
  for (const auto& [unit, amount] : from.at("interval").as_object()) {
    const auto number = amount.to_number<std::int64_t>();
    if (number == 0) continue;
    text +=
        ' ' + std::to_string(number) + ' ' + std::string{unit.substr(0, unit.size() - (number == 1 ? 1 : 0))};
  }
  const auto part = [&](std::string_view name) {
    const auto* time = from.if_contains("time");
    const auto* value = time ? time->as_object().if_contains(name) : nullptr;
    const auto number = value ? value->to_number<int>() : 0;
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return text + " at " + part("hour") + ':' + part("minute") + ':' + part("second");
}

std::optional<std::string> say_part(const row& part, std::string_view zone_name) {
  const auto type = text_of(part, "type");
  const auto place = " in " + std::string{zone_name} + ')';
  if (type == "cron" && part.contains("fields"))
    return '(' + named(part.at("fields").as_object()) + bounds(part, "start", "end") + place;
  if (part.contains("run")) return "(at " + std::string{text_of(part, "run")} + place;
  if (type == "interval" && part.contains("start")) {
    const auto text = say_interval(part.at("interval").as_object());
    if (text) return '(' + *text + bounds(part, "start", "end") + place;
  }
  if (type == "calendarinterval")
    return '(' + say_calendar_interval(part) + bounds(part, "start", "end") + place;
  return std::nullopt;
}

std::optional<said_row> say(const row& from) {
  if (!from.contains("expect") || from.contains("expect_then")) return std::nullopt;
  if (from.contains("op")) return say_combination(from);
  auto said = say_rule(from);
  const auto how = policy(from);
  if (!said || !how) return std::nullopt;
  if (const auto where = text_of(from, "timezone"); !where.empty()) said->text += " in " + std::string{where};
  said->text += *how;
  return said;
}

std::optional<std::string> say_refused(const row& from) {
  const auto dialect = text_of(from, "dialect");
  if (dialect == "schedule" || dialect == "apscheduler-interval" ||
      dialect.find('4') != std::string_view::npos)
    return std::nullopt;
  auto input = from.at("input").as_object();
  input["dialect"] = dialect;
  input["now"] = "2024-01-01T00:00:00+00:00";
  if (input.contains("fields") && boost::json::serialize(input.at("fields")).find_first_of("{};", 1) + 1 <
                                      boost::json::serialize(input.at("fields")).size())
    return std::nullopt;
  const auto said = say_rule(input);
  if (!said) return std::nullopt;
  const auto where = text_of(input, "timezone");
  return where.empty() ? said->text : said->text + " in " + std::string{where};
}

}  // namespace carillon::conformance
