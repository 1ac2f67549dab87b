#pragma once
#include <array>
#include <bit>
#include <carillon/trigger/cron_fields.hpp>
#include <carillon/trigger/detail/cron_field_reader.hpp>
#include <carillon/trigger/detail/cron_words.hpp>
#include <carillon/trigger/detail/fixed_text.hpp>
#include <string_view>

namespace carillon::detail {

/// One word of an expression.
struct cron_token {
  std::string_view text;
  std::size_t position = 0;
};

/// The fields of crontab and quartz in the order in which they stand, seconds first.
inline constexpr std::array<cron_field, 7> positional_fields{
    cron_field::second, cron_field::minute,  cron_field::hour, cron_field::day,
    cron_field::month,  cron_field::weekday, cron_field::year};

/// What became of reading an expression.
struct cron_reading {
  cron_fields fields;
  cron_problem problem;
  bool ok = false;
};

/// The words of an expression; more than the room there is are counted, but not kept.
struct cron_tokens {
  std::array<cron_token, 8> words{};
  std::size_t count = 0;

  constexpr explicit cron_tokens(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
      if (is_blank(text[at])) {
        ++at;
        continue;
      }
      const auto begin = at;
      while (at < text.size() && !is_blank(text[at])) ++at;
      if (count < words.size()) words[count] = {text.substr(begin, at - begin), begin};
      ++count;
    }
  }
};

/// Whether any date of the expression exists. Looks at one round of the calendar, 400 years, at most.
constexpr bool ever_fires(const cron_fields& fields, const year_bits* years) {
  const bool calendar_matters = fields.weeks != cron_fields::any_week || fields.special_days ||
                                years != nullptr || fields.weekdays != cron_fields::any_weekday;
  for (int offset = 0; offset < (years != nullptr ? 8030 : 400); ++offset) {
    const int year = years != nullptr ? cron_fields::first_year + offset
                                      : 2000 + offset;  // 2000 is a leap year: most end there
    const auto bit = static_cast<std::size_t>(offset);
    if (years != nullptr && ((*years)[bit / 64] >> (bit % 64) & 1) == 0) continue;
    for (unsigned month = 1; month <= 12; ++month)
      if ((fields.months >> month & 1) &&
          matching_days(fields, std::chrono::year{year}, std::chrono::month{month}) != 0)
        return true;
    if (!calendar_matters) return false;
  }
  return false;
}

/// Says of an expression that never fires why.
constexpr void explain_never(const cron_fields& fields, cron_problem& problem) {
  constexpr std::array<unsigned, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const auto first_day = static_cast<unsigned>(std::countr_zero(fields.days));
  bool too_long = fields.days != 0 && !fields.special_days;
  for (unsigned month = 1; month <= 12; ++month)
    if ((fields.months >> month & 1) && first_day <= longest[month]) too_long = false;
  if (!too_long) {
    problem.message << "no date matches these fields: this would never fire";
    return;
  }
  const auto name = month_names[static_cast<std::size_t>(std::countr_zero(fields.months)) - 1];
  const char initial[] = {static_cast<char>(name[0] - 'a' + 'A'), '\0'};
  problem.message << static_cast<int>(first_day) << " " << initial << name.substr(1) << " never comes";
}

/// Reads an expression of a positional dialect. Constant wherever its text is: literals are read by the
/// compiler.
class cron_parser {
 public:
  constexpr cron_parser(cron_dialect dialect, std::string_view text) : dialect_{dialect}, text_{text} {}

  constexpr cron_reading parse() {
    cron_reading reading;
    reading.ok = read(reading.fields, reading.problem);
    return reading;
  }

 private:
  constexpr bool quartz() const { return dialect_ == cron_dialect::quartz; }

  constexpr bool read(cron_fields& fields, cron_problem& problem) {
    const cron_tokens given(text_);
    if (given.count > 0 && given.words[0].text.front() == '@') return read_macro(given, fields, problem);
    return read_fields(given, fields, problem);
  }

  constexpr bool read_macro(const cron_tokens& given, cron_fields& fields, cron_problem& problem) {
    const auto macro = given.words[0];
    problem.position = macro.position;
    const auto meaning = quartz() ? std::string_view{} : macro_fields(macro.text);
    if (meaning.empty()) {
      problem.message << "'" << macro.text << "': no such schedule";
      if (same_word(macro.text, "@reboot"))
        problem.hint << "it is not a time; only a crontab file may say so";
      else
        problem.hint << (quartz() ? "quartz has no macros"
                                  : "@yearly @annually @monthly @weekly @daily @midnight @hourly");
      return false;
    }
    if (given.count > 1) {
      problem.position = given.words[1].position;
      problem.message << "'" << given.words[1].text << "' after " << macro.text << ": a macro stands alone";
      return false;
    }
    return read_fields(cron_tokens(meaning), fields, problem);
  }

  constexpr bool read_fields(const cron_tokens& given, cron_fields& fields, cron_problem& problem) {
    const std::size_t most = quartz() ? 7 : 6;
    if (given.count < most - 1 || given.count > most) return refuse_count(given, problem);
    const std::size_t missing = !quartz() && given.count == 5 ? 1 : 0;  // seconds
    fields.seconds = 1;
    year_bits years{};
    const bool has_year = given.count == 7;
    for (std::size_t i = 0; i < given.count; ++i) {
      cron_field_reader reader(dialect_, positional_fields[i + missing], given.words[i].text,
                               given.words[i].position, fields, problem, &years);
      if (!reader.read()) return false;
    }
    if (quartz()) {
      if (!has_year) cron_field_reader(dialect_, cron_field::year, "*", 0, fields, problem, &years).read();
      fields.any_year = false;
      for (std::size_t i = 0; i < fields.years.size(); ++i) fields.years[i] = years[i];
    }
    if (!join_day_fields(given.words[3 - missing], given.words[5 - missing], fields, problem)) return false;
    if (ever_fires(fields, fields.any_year ? nullptr : &years)) return true;
    problem.position = given.words[3 - missing].position;
    explain_never(fields, problem);
    return false;
  }

  /// Decides between "either" and "both", by which of the two day fields restrict.
  constexpr bool join_day_fields(const cron_token& day, const cron_token& weekday, cron_fields& fields,
                                 cron_problem& problem) {
    const bool open_day = day.text == "?" || (!quartz() && day.text == "*");
    const bool open_weekday = weekday.text == "?" || (!quartz() && weekday.text == "*");
    fields.either_day = !quartz() && !open_day && !open_weekday;
    if (!quartz() || open_day != open_weekday) return true;
    problem.position = open_day ? weekday.position : day.position;
    problem.message << (open_day ? "both day fields are ?" : "day of month and weekday are both given")
                    << ": one of the two must be ?";
    return false;
  }

  constexpr bool refuse_count(const cron_tokens& given, cron_problem& problem) {
    const std::size_t most = quartz() ? 7 : 6;
    problem.position = given.count > most ? given.words[most].position : text_.size();
    if (given.count == 0)
      problem.message << "the expression is empty";
    else
      problem.message << static_cast<int>(given.count) << (given.count == 1 ? " field" : " fields")
                      << ", not " << static_cast<int>(most - 1) << " or " << static_cast<int>(most);
    problem.hint << (quartz() ? "second minute hour day month weekday, perhaps a year"
                              : "minute hour day month weekday, perhaps a second before");
    return false;
  }

  cron_dialect dialect_;
  std::string_view text_;
};

}  // namespace carillon::detail
