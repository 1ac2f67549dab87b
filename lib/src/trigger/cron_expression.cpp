// Reading cron expressions at run time, and keeping their text.
#include <carillon/trigger/cron_expression.hpp>
#include <carillon/trigger/detail/cron_parser.hpp>
#include <utility>

#include "trigger/cron_draw.hpp"

namespace carillon {

namespace {

using detail::cron_problem;

/// The names of the named dialect, in the order in which it is printed: the most significant first.
constexpr std::array<std::string_view, cron_field_count> field_names{
    "year", "month", "day", "week", "day_of_week", "hour", "minute", "second"};

/// More and more significant: a field left out is `*` if it stands before the least significant one given.
constexpr std::array<std::string_view, cron_field_count> least_values{"1970", "1", "1", "*",
                                                                      "*",    "0", "0", "0"};

parse_error error_of(const cron_problem& problem) {
  return {std::string{problem.message.view()}, problem.position, std::string{problem.hint.view()}};
}

parse_error error_at(std::size_t position, std::string message, std::string hint = {}) {
  return {std::move(message), position, std::move(hint)};
}

std::string canonical(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const detail::cron_tokens words(text);
  for (std::size_t i = 0; i < words.count; ++i) {
    if (i > 0) out += ' ';
    out += words.words[i].text;
  }
  if (out.starts_with('@'))
    for (auto& c : out) c = detail::lower(c);
  return out;
}

/// A named field's value with single blanks, and none around commas.
std::string canonical_value(std::string_view text) {
  std::string out;
  for (const char c : detail::trimmed(text)) {
    if (detail::is_blank(c)) {
      if (!out.ends_with(' ') && !out.ends_with(',')) out += ' ';
      continue;
    }
    if (c == ',' && out.ends_with(' ')) out.pop_back();
    out += c;
  }
  return out;
}

using given_fields = std::array<const cron_expression::named_field*, cron_field_count>;

parse_result<given_fields> sort_fields(std::span<const cron_expression::named_field> fields) {
  given_fields given{};
  for (const auto& field : fields) {
    std::size_t which = 0;
    while (which < field_names.size() && field_names[which] != field.name) ++which;
    if (which == field_names.size()) {
      std::string hint = "year month day week day_of_week hour minute second";
      for (const auto name : field_names)
        if (detail::nearly_same(field.name, name)) hint = "did you mean " + std::string{name} + "?";
      return error_at(field.name_position, "'" + std::string{field.name} + "': no such field",
                      std::move(hint));
    }
    if (given[which] != nullptr)
      return error_at(field.name_position, "'" + std::string{field.name} + "' is given twice");
    given[which] = &field;
  }
  return given;
}

/// The value of a field that was left out.
std::string_view default_value(const given_fields& given, std::size_t which) {
  std::size_t least_given = cron_field_count;  // none given: every second
  for (std::size_t i = 0; i < cron_field_count; ++i)
    if (given[i] != nullptr) least_given = i;
  return which < least_given ? "*" : least_values[which];
}

std::string named_text(const given_fields& given) {
  std::string text;
  for (std::size_t i = 0; i < cron_field_count; ++i) {
    if (given[i] == nullptr) continue;
    if (!text.empty()) text += "; ";
    text += std::string{field_names[i]} + "=" + canonical_value(given[i]->value);
  }
  return text;
}

}  // namespace

cron_expression::cron_expression(cron_dialect dialect, const cron_fields& fields, std::string_view text)
    : fields_{fields}, dialect_{dialect}, text_{canonical(text)} {}

cron_expression::cron_expression(cron_dialect dialect, const cron_fields& fields, std::string text,
                                 std::shared_ptr<const std::vector<std::uint64_t>> far_years) noexcept
    : fields_{fields}, dialect_{dialect}, text_{std::move(text)}, far_years_{std::move(far_years)} {}

parse_result<cron_expression> cron_expression::parse(cron_dialect dialect, std::string_view text) {
  if (dialect == cron_dialect::crontab && has_drawn_values(text)) {
    const auto fields = read_drawn(text);
    if (!fields) return fields.error();
    return cron_expression(dialect, *fields, text);
  }
  const auto reading = detail::cron_parser(dialect, text).parse();
  if (!reading.ok) return error_of(reading.problem);
  return cron_expression(dialect, reading.fields, text);
}

parse_result<cron_expression> cron_expression::parse(std::span<const named_field> fields) {
  const auto sorted = sort_fields(fields);
  if (!sorted) return sorted.error();
  const auto& given = *sorted;
  cron_fields sets;
  cron_problem problem;
  detail::year_bits years{};
  sets.nth_are_numbers = true;
  for (std::size_t i = 0; i < cron_field_count; ++i) {
    const auto trimmed_value =
        given[i] == nullptr ? default_value(given, i) : detail::trimmed(given[i]->value);
    const auto position = given[i] == nullptr
                              ? 0
                              : given[i]->value_position +
                                    static_cast<std::size_t>(trimmed_value.data() - given[i]->value.data());
    detail::cron_field_reader reader(cron_dialect::named, static_cast<cron_field>(i), trimmed_value, position,
                                     sets, problem, &years);
    if (!reader.read()) return error_of(problem);
  }
  std::shared_ptr<const std::vector<std::uint64_t>> far;
  const bool all_years = given[0] == nullptr || detail::trimmed(given[0]->value) == "*";
  if (!all_years) {
    sets.any_year = false;
    for (std::size_t i = 0; i < sets.years.size(); ++i) sets.years[i] = years[i];
    bool any_far = false;
    for (std::size_t i = sets.years.size(); i < years.size(); ++i) any_far = any_far || years[i] != 0;
    if (any_far) far = std::make_shared<const std::vector<std::uint64_t>>(years.begin(), years.end());
  }
  if (!detail::ever_fires(sets, all_years ? nullptr : &years)) {
    detail::explain_never(sets, problem);
    problem.position = fields.empty() ? 0 : fields.front().name_position;
    return error_of(problem);
  }
  return cron_expression(cron_dialect::named, sets, named_text(given), std::move(far));
}

cron_expression cron_expression::for_job(std::uint64_t seed) const {
  return is_drawn() ? drawn_for(text_, seed) : *this;
}

std::string_view cron_expression::field(cron_field which) const noexcept {
  const std::string_view text = text_;
  if (dialect_ == cron_dialect::named) {
    const auto name = field_names[static_cast<std::size_t>(which)];
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find("; ", begin), text.size());
      const auto field = text.substr(begin, end - begin);
      if (field.starts_with(name) && field.substr(name.size()).starts_with('='))
        return field.substr(name.size() + 1);
      begin = end + 2;
    }
    return {};
  }
  const detail::cron_tokens words(text.starts_with('@') ? detail::macro_fields(text) : text);
  const std::size_t missing = dialect_ == cron_dialect::crontab && words.count == 5 ? 1 : 0;
  for (std::size_t i = missing; i < words.count + missing && i < detail::positional_fields.size(); ++i)
    if (detail::positional_fields[i] == which) return words.words[i - missing].text;
  return which == cron_field::second ? "" : "*";
}

}  // namespace carillon
