#include "carillon/commands/next.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <array>
#include <ostream>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/spoken.hpp"

namespace carillon::app {
namespace {

std::string_view weekday_name(instant time, const zone& where) {
  static constexpr std::array<std::string_view, 7> names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto day = std::chrono::floor<std::chrono::days>(where.to_wall(time));
  return names[std::chrono::weekday{day}.c_encoding()];
}

void print_lines(const fire_list& list, const zone& where, instant now, std::ostream& out) {
  for (const auto time : list.fires) {
    const auto far = time >= now ? "in " + spoken(time - now) : spoken(now - time) + " ago";
    out << fmt::format("{}  {}  {}\n", format_instant(time, where), weekday_name(time, where), far);
  }
  if (list.ended) out << (list.fires.empty() ? "never\n" : "and never again\n");
}

void print_json(const trigger& when, const fire_list& list, const zone& where, std::ostream& out) {
  boost::json::array fires;
  for (const auto time : list.fires) fires.emplace_back(format_instant(time, where));
  if (list.ended) fires.emplace_back(nullptr);
  boost::json::object answer;
  answer["trigger"] = when.text();
  answer["zone"] = where.name();
  answer["fires"] = std::move(fires);
  out << boost::json::serialize(answer) << '\n';
}

}  // namespace

result<fire_list> next_fires(const trigger& when, const zone& where, instant after, std::size_t count,
                             std::string_view job) {
  binding bound;
  bound.seed = seed_of(job);
  bound.anchor = after;
  bound.where = where;
  fire_list list;
  while (list.fires.size() < count) {
    const auto next = when.next(bound, list.fires.empty() ? after : list.fires.back());
    if (!next) return next.error();
    if (!*next) {
      list.ended = true;
      break;
    }
    list.fires.push_back(**next);
  }
  return list;
}

zone shown_zone(const trigger& when, const zone& fallback) { return when.where().value_or(fallback); }

void print_parse_error(const std::string& text, const parse_error& why, bool json, std::ostream& err) {
  if (json) {
    const boost::json::object error{{"message", why.message}, {"position", why.position}, {"hint", why.hint}};
    err << boost::json::serialize(boost::json::object{{"error", error}}) << '\n';
    return;
  }
  const bool fits = text.size() <= 200 && shown(text, 400) == text;
  if (fits) err << "  " << text << "\n  " << std::string(characters(text, why.position), ' ') << "^\n";
  err << why.message;
  if (!fits) err << fmt::format(" (character {})", characters(text, why.position) + 1);
  if (!why.hint.empty()) err << ": " << why.hint;
  err << '\n';
}

int print_next(const next_request& request, instant now, std::ostream& out, std::ostream& err) {
  const auto fallback = request.zone.empty() ? zone::system() : zone::find(request.zone);
  if (!fallback)
    return print_parse_error(request.zone, fallback.error(), request.json, err), exit_code::usage;
  const auto read = parse_trigger(request.schedule);
  if (!read) return print_parse_error(request.schedule, read.error(), request.json, err), exit_code::usage;
  const auto where = shown_zone(*read, *fallback);
  auto after = now;
  if (!request.after.empty()) {
    const auto given = parse_timestamp(request.after);
    if (!given) return print_parse_error(request.after, given.error(), request.json, err), exit_code::usage;
    after = given->in(where);
  }
  const auto list = next_fires(*read, *fallback, after, request.count, request.id);
  if (!list) {
    const parse_error why{list.error().message(), 0, {}};
    return print_parse_error(request.schedule, why, request.json, err), exit_code::failed;
  }
  request.json ? print_json(*read, *list, where, out) : print_lines(*list, where, now, out);
  return exit_code::done;
}

}  // namespace carillon::app
