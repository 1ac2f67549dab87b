#include "push/rich_subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include "push/due_minutes.hpp"
#include "push/subscription.hpp"

namespace carillon::pushes {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

[[noreturn]] void fail(std::string message, std::size_t position = 0, std::string hint = {}) {
  throw parse_failure(parse_error{std::move(message), position, std::move(hint)});
}

template <typename T>
T value_of(std::string_view member, parse_result<T> what) {
  if (!what)
    fail(fmt::format("{}: {}", member, what.error().message), what.error().position, what.error().hint);
  return *std::move(what);
}

minutes read_time(std::string_view member, std::string_view text) {
  return value_of(member, parse_time_of_day(text));
}

std::string time_text(minutes time) {
  return fmt::format("{:02}:{:02}", time.count() / 60, time.count() % 60);
}

quiet_hours read_quiet(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) fail(fmt::format("quiet: '{}' has no ..", text), 0, "22:00..07:00");
  const quiet_hours hours{read_time("quiet", text.substr(0, dots)),
                          read_time("quiet", text.substr(dots + 2))};
  if (hours.begin == hours.end)
    fail("quiet: begins when it ends, so that it never would be over", 0, "22:00..07:00");
  return hours;
}

// What stands between commas.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> all;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    all.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return all;
}

// Times of day as schedules spell them: "08:30,12:00".
std::string read_times(std::string_view text) {
  std::string all;
  for (const auto part : parts_of(text)) all += (all.empty() ? "" : ",") + time_text(read_time("at", part));
  return all;
}

std::string read_weekdays(std::string_view text) {
  std::string all;
  for (auto part : parts_of(text)) {
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    const auto odd = part.find_first_not_of("abcdefghijklmnopqrstuvwxyz-");
    if (part.empty() || odd != std::string_view::npos)
      fail(fmt::format("weekdays: '{}' are none", text), 0, "mon-fri or sat,sun");
    all += (all.empty() ? "" : ",") + std::string{part};
  }
  return all;
}

struct stretch {
  instant begin, end;
};

// The quiet hours that a time falls into, or nothing.
std::optional<stretch> quiet_around(const quiet_hours& hours, const zone& where, instant time) {
  const auto today = std::chrono::floor<days>(where.to_wall(time));
  const auto over_midnight = days{hours.end < hours.begin ? 1 : 0};
  for (int day = -2; day <= 1; ++day) {
    const auto midnight = today + days{day};
    const stretch hushed{due_at(where, midnight + hours.begin),
                         due_at(where, midnight + over_midnight + hours.end)};
    if (hushed.begin <= time && time < hushed.end) return hushed;
  }
  return std::nullopt;
}

// The quiet hours that end in (from, to].
std::vector<stretch> quiet_ending(const quiet_hours& hours, const zone& where, instant from, instant to) {
  std::vector<stretch> all;
  const auto over_midnight = days{hours.end < hours.begin ? 1 : 0};
  const auto last = std::chrono::floor<days>(where.to_wall(to)) + days{1};
  for (auto day = std::chrono::floor<days>(where.to_wall(from)) - days{2}; day <= last; day += days{1}) {
    const stretch hushed{due_at(where, day + hours.begin), due_at(where, day + over_midnight + hours.end)};
    if (hushed.begin < hushed.end && from < hushed.end && hushed.end <= to) all.push_back(hushed);
  }
  return all;
}

}  // namespace

parse_result<rich_subscription> rich_subscription::parse(std::string_view json) try {
  boost::system::error_code wrong;
  const auto value = boost::json::parse(json, wrong);
  if (wrong) fail(fmt::format("is no JSON: {}", wrong.message()));
  if (!value.is_object()) fail("is no JSON object", 0, R"({"at": "08:30"})");
  std::optional<std::string> at, schedule_text, weekdays, zone_name, quiet, added;
  const std::pair<std::string_view, std::optional<std::string>*> known[] = {{"at", &at},
                                                                            {"schedule", &schedule_text},
                                                                            {"weekdays", &weekdays},
                                                                            {"zone", &zone_name},
                                                                            {"quiet", &quiet},
                                                                            {"added", &added}};
  for (const auto& member : value.get_object()) {
    const std::string_view key{member.key()};
    const auto* place = std::ranges::find(known, key, [](const auto& each) { return each.first; });
    if (place == std::end(known))
      fail(fmt::format("{}: no such member", key), 0, "at, schedule, weekdays, zone, quiet, added");
    if (!member.value().is_string()) fail(fmt::format("{}: must be a text", key));
    *place->second = std::string{std::string_view{member.value().get_string()}};
  }
  if (at.has_value() == schedule_text.has_value())
    fail("says when either by at or by schedule", 0, R"({"at": "08:30"})");
  if (schedule_text && weekdays) fail("weekdays: go with at; of a schedule they are part of its text");
  if (at) at = read_times(*at);
  if (weekdays) weekdays = read_weekdays(*weekdays);
  const auto text =
      schedule_text.value_or(fmt::format("every {} at {}", weekdays.value_or("day"), at.value_or("")));
  rich_subscription all{value_of(schedule_text ? "schedule"
                                 : weekdays    ? "weekdays"
                                               : "at",
                                 parse_trigger(text))};
  if (all.when_.fixed_delay()) fail("schedule: fixed_delay is for jobs: nobody knows when a push is over");
  if (!all.when_.calendars().empty()) fail("schedule: names a calendar; list the dates themselves");
  if (zone_name) all.where_ = value_of("zone", zone::find(*zone_name));
  if (quiet) all.quiet_ = read_quiet(*quiet);
  if (added) all.added_ = value_of("added", parse_timestamp(*added)).in(zone{});
  all.at_ = at.value_or("");
  all.weekdays_ = weekdays.value_or("");
  all.schedule_ = std::move(schedule_text);
  return all;
} catch (const parse_failure& failure) {
  return failure.error();
}

std::string rich_subscription::to_json() const {
  boost::json::object all;
  if (schedule_) all["schedule"] = *schedule_;
  if (!schedule_) all["at"] = at_;
  if (!weekdays_.empty()) all["weekdays"] = weekdays_;
  if (where_) all["zone"] = where_->name();
  if (quiet_) all["quiet"] = time_text(quiet_->begin) + ".." + time_text(quiet_->end);
  if (added_) all["added"] = format_instant(*added_, zone{});
  return boost::json::serialize(all);
}

// The last time before that; none from before it was added.
std::optional<instant> rich_subscription::fire_before(const binding& bound, instant before) const {
  const auto found = when_.previous(bound, before);
  if (!found || !*found || (added_ && **found < *added_)) return std::nullopt;
  return *found;
}

// Whether anything is due in [begin, end).
bool rich_subscription::fires_within(const binding& bound, instant begin, instant end) const {
  auto nominal = fire_before(bound, end);
  // The last one's jitter may go beyond, but none goes beyond the one that follows.
  if (nominal && when_.due(bound, *nominal) >= end) nominal = fire_before(bound, *nominal);
  return nominal && when_.due(bound, *nominal) >= begin;
}

std::vector<instant> rich_subscription::due(std::string_view name, const zone& where, instant from,
                                            instant to, std::size_t limit) const {
  binding bound;
  bound.seed = seed_of(name);
  bound.anchor = added_.value_or(instant{});
  bound.where = where_ ? *where_ : when_.where().value_or(where);
  std::vector<instant> all;
  // Backwards, so that the cost does not grow with how often it fires. Jitter moves nothing back and keeps
  // the order: what fires after the beginning of a second (of quiet hours), and before something that is due
  // in it, is due in it too, and need not be looked at.
  for (instant before = std::chrono::floor<seconds>(to) + seconds{1}; all.size() < limit;) {
    const auto nominal = fire_before(bound, before);
    if (!nominal) break;
    const instant due = std::chrono::floor<seconds>(when_.due(bound, *nominal));
    if (due <= from) break;
    before = std::min(*nominal, due);
    if (due > to) continue;
    const auto hushed = quiet_ ? quiet_around(*quiet_, bound.where, due) : std::nullopt;
    if (hushed) {
      before = std::min(before, hushed->begin);
    } else {
      all.push_back(due);
    }
  }
  if (quiet_) {
    for (const auto& hushed : quiet_ending(*quiet_, bound.where, from, to)) {
      if (fires_within(bound, hushed.begin, hushed.end)) all.push_back(hushed.end);
    }
  }
  std::ranges::sort(all);
  const auto doubles = std::ranges::unique(all);
  all.erase(doubles.begin(), doubles.end());
  if (all.size() > limit) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
  return all;
}

}  // namespace carillon::pushes
