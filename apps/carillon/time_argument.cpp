#include "carillon/time_argument.hpp"

#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr const char* ways_to_say_a_time =
    "2026-12-31T09:00, 2026-12-31, 09:00, now, \"2h ago\" or \"in 30m\"";

parse_result<time_argument> read_distance(std::string_view text, std::size_t skipped, instant now,
                                          int direction) {
  const auto distance = parse_duration(text);
  if (!distance) {
    auto why = distance.error();
    why.position += skipped;
    return why;
  }
  if (*distance > 24h * 3660) return parse_error{"that is more than ten years away", skipped, {}};
  return time_argument{now + direction * *distance, 1ms};
}

bool is_time_of_day(std::string_view text) {
  const auto colon = text.find(':');
  return colon != std::string_view::npos && colon <= 2 && text.find('T') == std::string_view::npos &&
         text.find('-') == std::string_view::npos && text.find(' ') == std::string_view::npos;
}

// How exact a time of day was said to be: by the colons of it.
milliseconds grain_of(std::string_view time_of_day) {
  const auto end = time_of_day.find_first_of("Z+-");
  const auto said = time_of_day.substr(0, end);
  if (said.find('.') != std::string_view::npos) return 1ms;
  return std::count(said.begin(), said.end(), ':') > 1 ? 1s : 1min;
}

parse_result<time_argument> read_time_of_day(std::string_view text, instant now, const zone& where) {
  const auto today = std::chrono::floor<std::chrono::days>(where.to_wall(now));
  auto day = format_timestamp(timestamp{wall_time{today}, std::nullopt, true});
  const auto before = day.size() + 1;
  const bool one_digit = text.find(':') == 1;
  const auto read = parse_timestamp(day + "T" + (one_digit ? "0" : "") + std::string{text});
  if (read) return time_argument{read->in(where), grain_of(text)};
  auto why = read.error();
  why.position -= std::min(why.position, before + (one_digit ? 1 : 0));
  if (why.hint.empty()) why.hint = ways_to_say_a_time;
  return why;
}

}  // namespace

parse_result<time_argument> read_time(std::string_view text, instant now, const zone& where) {
  constexpr std::string_view ago = " ago", in = "in ";
  if (text == "now") return time_argument{now, 1ms};
  if (text.ends_with(ago)) return read_distance(text.substr(0, text.size() - ago.size()), 0, now, -1);
  if (text.starts_with(in)) return read_distance(text.substr(in.size()), in.size(), now, 1);
  if (is_time_of_day(text)) return read_time_of_day(text, now, where);
  const auto read = parse_timestamp(text);
  if (!read) {
    auto why = read.error();
    if (why.hint.empty()) why.hint = ways_to_say_a_time;
    return why;
  }
  if (read->date_only) return time_argument{read->in(where), 24h};
  return time_argument{read->in(where), grain_of(text.substr(11))};
}

}  // namespace carillon::app
