#include <carillon/time/timestamp.hpp>

#include <fstream>
#include <stdexcept>

#include "conformance/table.hpp"

namespace carillon::conformance {

std::vector<row> read_table(std::string_view name) {
  std::ifstream file(std::string{CARILLON_TEST_DATA} + "/conformance/tables/" + std::string{name} + ".jsonl");
  if (!file) throw std::runtime_error("no table " + std::string{name});
  std::vector<row> rows;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) rows.push_back(boost::json::parse(line).as_object());
  return rows;
}

instant instant_of(std::string_view text, const zone& where) {
  return parse_timestamp(text).value().in(where);
}

instant not_before(std::string_view text, const zone& where) {
  const auto time = instant_of(text, where);
  const auto point = text.find('.');
  if (point == std::string_view::npos) return time;
  const auto digits = text.substr(point + 1, text.find_first_not_of("0123456789", point + 1) - point - 1);
  const bool finer = digits.size() > 3 && digits.substr(3).find_first_not_of('0') != std::string_view::npos;
  return finer ? time + milliseconds{1} : time;
}

bool has_other_zone_data(const row& from) {
  const auto where = zone_of(from);
  const auto differs = [&](std::string_view text) {
    const auto time = parse_timestamp(text).value();
    return time.offset && *time.offset != where.offset(time.in(where));
  };
  if (const auto now = text_of(from, "now"); !now.empty() && differs(now)) return true;
  for (const auto& time : from.at("expect").as_array())
    if (time.is_string() && differs(time.as_string())) return true;
  return false;
}

zone zone_of(const row& from) { return zone::find(text_of(from, "timezone")).value(); }

expectation expected_of(const row& from, std::string_view key) {
  expectation expected;
  for (const auto& time : from.at(key).as_array()) {
    if (time.is_null())
      expected.ends = true;
    else
      expected.fires.push_back(instant_of(time.as_string(), {}));
  }
  return expected;
}

namespace {

reading reading_of(std::string_view text) {
  const auto slash = text.find('/');
  const auto gap = text.substr(0, slash);
  const auto overlap = text.substr(slash + 1);
  return {gap == "skip"    ? gap_policy::skip
          : gap == "shift" ? gap_policy::shift
                           : gap_policy::at_gap_end,
          overlap == "first"    ? overlap_policy::first
          : overlap == "second" ? overlap_policy::second
                                : overlap_policy::both};
}

}  // namespace

std::vector<reading> readings_of(const row& from, bool follows_real_time) {
  const auto* const listed = from.if_contains("readings");
  if (listed == nullptr) return {{gap_policy::auto_, overlap_policy::auto_}};
  std::vector<reading> readings;
  const auto automatic = resolve(gap_policy::auto_, overlap_policy::auto_, follows_real_time);
  bool has_automatic = false;
  for (const auto& each : listed->as_array()) {
    readings.push_back(reading_of(each.as_string()));
    has_automatic = has_automatic ||
                    (readings.back().gap == automatic.gap && readings.back().overlap == automatic.overlap);
  }
  if (has_automatic) readings.push_back({gap_policy::auto_, overlap_policy::auto_});
  return readings;
}

std::string to_string(const expectation& times, const zone& where) {
  std::string text;
  for (const auto fire : times.fires) text += format_instant(fire, where) + " ";
  return text + (times.ends ? "and no more" : "");
}

std::string to_string(const reading& policies) {
  static constexpr const char* gaps[] = {"auto", "skip", "at_gap_end", "shift"};
  static constexpr const char* overlaps[] = {"auto", "first", "second", "both"};
  return std::string{"gap "} + gaps[static_cast<int>(policies.gap)] + " overlap " +
         overlaps[static_cast<int>(policies.overlap)];
}

}  // namespace carillon::conformance
