#include "carillon/commands/explain.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/explanation.hpp>

#include <array>
#include <ostream>
#include <string_view>

#include "carillon/commands/next.hpp"
#include "carillon/exit_code.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

json::object policies(const explanation::policies& chosen) {
  static constexpr std::array<std::string_view, 4> gaps{"auto", "skip", "at_gap_end", "shift"};
  static constexpr std::array<std::string_view, 4> overlaps{"auto", "first", "second", "both"};
  return {{"gap", gaps[static_cast<std::size_t>(chosen.gap)]},
          {"overlap", overlaps[static_cast<std::size_t>(chosen.overlap)]},
          {"automatic", chosen.automatic}};
}

void print_json(const trigger& when, const explanation& said, std::ostream& out) {
  json::array next, warnings;
  for (const auto time : said.next) next.emplace_back(format_instant(time, said.where));
  if (said.ends) next.emplace_back(nullptr);
  for (const auto& warning : said.warnings) warnings.emplace_back(warning);
  json::object answer{{"trigger", when.text()}, {"sentence", said.sentence}, {"zone", said.where.name()}};
  answer["fires"] = std::move(next);
  if (said.on_change) answer["on_clock_change"] = policies(*said.on_change);
  answer["warnings"] = std::move(warnings);
  out << json::serialize(answer) << '\n';
}

}  // namespace

int print_explanation(const explain_request& request, instant now, std::ostream& out, std::ostream& err) {
  const auto fallback = request.zone.empty() ? zone::system() : zone::find(request.zone);
  if (!fallback)
    return print_parse_error(request.zone, fallback.error(), request.json, err), exit_code::usage;
  const auto read = parse_trigger(request.schedule);
  if (!read) return print_parse_error(request.schedule, read.error(), request.json, err), exit_code::usage;
  if (!request.after.empty()) {
    const auto given = parse_timestamp(request.after);
    if (!given) return print_parse_error(request.after, given.error(), request.json, err), exit_code::usage;
    now = given->in(shown_zone(*read, *fallback));
  }
  binding bound;
  bound.seed = seed_of(request.id);
  bound.anchor = now;
  bound.where = *fallback;
  const auto said = explain(*read, bound, now);
  if (request.json) {
    print_json(*read, said, out);
  } else {
    const auto text = said.to_string();
    out << text << (text.ends_with('\n') ? "" : "\n");
  }
  return exit_code::done;
}

}  // namespace carillon::app
