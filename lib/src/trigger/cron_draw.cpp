#include "trigger/cron_draw.hpp"

#include <algorithm>
#include <bit>
#include <carillon/trigger/detail/cron_parser.hpp>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "trigger/step_grid.hpp"

namespace carillon {

namespace {

using detail::cron_problem;

constexpr int most_attempts = 256;

/// `low~high/step` as it is written; each of its parts may be empty.
struct drawn_item {
  std::string_view low, high, step;
  std::size_t slash = std::string_view::npos;  // where the step begins
};

drawn_item split(std::string_view item) {
  drawn_item parts;
  const auto tilde = item.find('~');
  parts.low = item.substr(0, tilde);
  parts.slash = item.find('/', tilde);
  parts.high =
      item.substr(tilde + 1, parts.slash == std::string_view::npos ? parts.slash : parts.slash - tilde - 1);
  if (parts.slash != std::string_view::npos) parts.step = item.substr(parts.slash + 1);
  return parts;
}

/// The range without its step. What is left out is the field's; but days end with the 28th, which each month
/// has.
std::string whole_range(const drawn_item& item, cron_field field) {
  const auto rule = detail::rule_of(cron_dialect::crontab, field);
  auto text = item.low.empty() ? std::to_string(rule.least) : std::string{item.low};
  const bool late = field == cron_field::day && (item.low == "29" || item.low == "30" || item.low == "31");
  const auto most = field == cron_field::day && !late ? 28 : field == cron_field::weekday ? 6 : rule.most;
  return text + '-' + (item.high.empty() ? std::to_string(most) : std::string{item.high});
}

std::uint64_t bits_of(const cron_fields& fields, cron_field field) {
  switch (field) {
    case cron_field::second: return fields.seconds;
    case cron_field::minute: return fields.minutes;
    case cron_field::hour: return fields.hours;
    case cron_field::day: return fields.days;
    case cron_field::month: return fields.months;
    default: return fields.weekdays;
  }
}

std::vector<unsigned> values_of(std::uint64_t bits) {
  std::vector<unsigned> values;
  for (; bits != 0; bits &= bits - 1) values.push_back(static_cast<unsigned>(std::countr_zero(bits)));
  return values;
}

/// The values that an item may take; nothing if it is refused.
std::optional<std::vector<unsigned>> candidates(const drawn_item& item, cron_field field,
                                                std::size_t position, cron_problem& problem) {
  cron_fields scratch;
  const auto range = whole_range(item, field);
  detail::cron_field_reader reader(cron_dialect::crontab, field, range, position, scratch, problem);
  if (!reader.read()) return std::nullopt;
  return values_of(bits_of(scratch, field));
}

std::optional<unsigned> step_of_item(const drawn_item& item, std::size_t position, cron_problem& problem) {
  if (item.slash == std::string_view::npos) return 0;
  unsigned step = 0;
  const auto end = item.step.data() + item.step.size();
  const auto [stopped, fault] = std::from_chars(item.step.data(), end, step);
  if (fault == std::errc{} && stopped == end && step >= 1 && step <= 100'000) return step;
  problem.position = position + item.slash + 1;
  problem.message << "'" << item.step.substr(0, 20) << "' after ~ and / is no step";
  problem.hint << "1 or more";
  return std::nullopt;
}

std::string listed_values(const std::vector<unsigned>& values, std::size_t first, std::size_t step) {
  std::string text;
  for (auto i = first; i < values.size(); i += step)
    text += (text.empty() ? "" : ",") + std::to_string(values[i]);
  return text;
}

/// Puts something in the place of each item with a `~`.
class drawing {
 public:
  /// Without a seed: the whole range.
  drawing(std::string_view text, std::optional<std::uint64_t> seed) : seed_{seed} {
    const detail::cron_tokens words(text);
    const std::size_t missing = words.count == 5 ? 1 : 0;
    for (std::size_t i = 0; i < std::min(words.count, words.words.size()) && ok_; ++i) {
      if (i > 0) text_ += ' ';
      const auto place = i + missing;
      add_field(words.words[i], place < detail::positional_fields.size() ? detail::positional_fields[place]
                                                                         : cron_field::year);
    }
  }

  bool ok() const noexcept { return ok_; }
  const std::string& text() const noexcept { return text_; }
  const cron_problem& problem() const noexcept { return problem_; }
  /// Where in the given text a place of this one comes from.
  std::size_t origin(std::size_t position) const noexcept {
    std::size_t at = 0;
    for (const auto& [here, there] : origins_)
      if (position >= here) at = there + (position - here);
    return at;
  }

 private:
  void add_field(const detail::cron_token& word, cron_field field) {
    for (std::size_t at = 0; at <= word.text.size() && ok_;) {
      const auto end = std::min(word.text.find(',', at), word.text.size());
      if (at > 0) text_ += ',';
      origins_.emplace_back(text_.size(), word.position + at);
      add_item(word.text.substr(at, end - at), field, word.position + at);
      at = end + 1;
    }
  }

  void add_item(std::string_view item, cron_field field, std::size_t position) {
    if (item.find('~') == std::string_view::npos || field == cron_field::year) {
      text_ += item;
      return;
    }
    const auto parts = split(item);
    const auto values = candidates(parts, field, position, problem_);
    const auto step = values ? step_of_item(parts, position, problem_) : std::nullopt;
    ok_ = values && step;
    if (!ok_) return;
    if (!seed_) {
      text_ += whole_range(parts, field);
      return;
    }
    const auto hash = hash_of(*seed_, ++items_);
    if (*step == 0) {
      text_ += std::to_string((*values)[hash % values->size()]);
    } else {
      text_ += listed_values(*values, hash % std::min<std::size_t>(*step, values->size()), *step);
    }
  }

  std::optional<std::uint64_t> seed_;
  std::int64_t items_ = 0;
  bool ok_ = true;
  std::string text_;
  cron_problem problem_;
  std::vector<std::pair<std::size_t, std::size_t>> origins_;  // (position here, position in the given text)
};

parse_error error_from(const cron_problem& problem, std::size_t position) {
  return {std::string{problem.message.view()}, position, std::string{problem.hint.view()}};
}

}  // namespace

bool has_drawn_values(std::string_view text) noexcept { return text.find('~') != std::string_view::npos; }

parse_result<cron_fields> read_drawn(std::string_view text) {
  const drawing whole{text, std::nullopt};
  if (!whole.ok()) return error_from(whole.problem(), whole.problem().position);
  auto reading = detail::cron_parser(cron_dialect::crontab, whole.text()).parse();
  if (!reading.ok)
    return error_from(reading.problem, std::min(whole.origin(reading.problem.position), text.size()));
  reading.fields.drawn = true;
  return reading.fields;
}

cron_expression drawn_for(std::string_view text, std::uint64_t seed) {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    const drawing drawn{text, attempt == 0 ? seed : hash_of(seed, -attempt)};
    auto found = cron_expression::parse(cron_dialect::crontab, drawn.text());
    if (found) return *std::move(found);
  }
  const drawing whole{text, std::nullopt};  // never comes to this: of 30~31 in February the 29th is refused
  return *cron_expression::parse(cron_dialect::crontab, whole.text());
}

}  // namespace carillon
