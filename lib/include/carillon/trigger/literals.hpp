#pragma once
#include <algorithm>
#include <carillon/trigger/cron_expression.hpp>
#include <carillon/trigger/detail/cron_parser.hpp>
#include <carillon/trigger/detail/fixed_text.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstddef>
#include <string_view>
#include <utility>

namespace carillon {

namespace detail {

template <cron_dialect Dialect, fixed_text Text>
inline constexpr cron_reading literal_reading = cron_parser(Dialect, Text.view()).parse();

/// What is wrong, where, and what would be right, each on a line; empty if nothing is wrong.
constexpr fixed_text<320> sentence_of(const cron_reading& reading) {
  fixed_text<320> sentence;
  if (reading.ok) return sentence;
  const auto& why = reading.problem;
  sentence << why.message.view() << "\nat character " << static_cast<int>(why.position + 1) << "\n"
           << why.hint.view();
  return sentence;
}

template <cron_dialect Dialect, fixed_text Text>
inline constexpr auto literal_sentence = sentence_of(literal_reading<Dialect, Text>);

/// How many characters of a template argument every compiler shows.
inline constexpr std::size_t shown_width = 32;

/// The `n`-th line of a text that is broken between words too; empty after the last.
template <std::size_t Capacity>
constexpr fixed_text<Capacity> line_of(const fixed_text<Capacity>& text, std::size_t n) {
  fixed_text<Capacity> line;
  auto rest = text.view();
  for (std::size_t i = 0; i <= n && !rest.empty(); ++i) {
    auto end = std::min(rest.find('\n'), rest.size());
    if (end > shown_width) end = std::min(rest.rfind(' ', shown_width), shown_width);
    if (i == n) line << rest.substr(0, end);
    const bool at_break = end < rest.size() && (rest[end] == ' ' || rest[end] == '\n');
    rest.remove_prefix(at_break ? end + 1 : end);
  }
  return line;
}

template <std::size_t Capacity>
constexpr std::size_t lines_in(const fixed_text<Capacity>& text) {
  std::size_t lines = 0;
  while (!line_of(text, lines).empty()) ++lines;
  return lines;
}

/// A line in room that fits it.
template <const auto& Sentence, std::size_t N>
constexpr auto fitting_line() {
  constexpr auto line = line_of(Sentence, N);
  fixed_text<line.size + 1> fitting;
  return fitting << line.view();
}

/// Stops the compiler at a cron literal that does not read. The message names this template with a sentence
/// as its arguments: what is wrong, where, and what would be right.
template <bool reads, fixed_text... Why>
struct checked_cron_literal {
  static_assert(reads, "this cron literal is wrong; the arguments of checked_cron_literal say why");
};

template <const auto& Sentence, bool reads, std::size_t... N>
consteval auto check_literal(std::index_sequence<N...>) {
  return sizeof(checked_cron_literal<reads, fitting_line<Sentence, N>()...>);
}

template <cron_dialect Dialect, fixed_text Text>
trigger literal_trigger() {
  constexpr auto& reading = literal_reading<Dialect, Text>;
  constexpr auto& sentence = literal_sentence<Dialect, Text>;
  static_assert(check_literal<sentence, reading.ok>(std::make_index_sequence<lines_in(sentence)>()) > 0);
  static const trigger value{cron_expression(Dialect, reading.fields, Text.view())};
  return value;
}

}  // namespace detail

namespace literals {

/// A crontab expression that the compiler reads: `"0 9 * * mon-fri"_cron`. Nothing is parsed when the program
/// runs.
template <detail::fixed_text Text>
trigger operator""_cron() {
  return detail::literal_trigger<cron_dialect::crontab, Text>();
}

/// A Quartz expression that the compiler reads: `"0 0 9 ? * 2#1"_quartz`.
template <detail::fixed_text Text>
trigger operator""_quartz() {
  return detail::literal_trigger<cron_dialect::quartz, Text>();
}

}  // namespace literals
}  // namespace carillon
