#pragma once
#include <algorithm>
#include <array>
#include <carillon/trigger/cron_fields.hpp>
#include <carillon/trigger/detail/cron_words.hpp>
#include <carillon/trigger/detail/fixed_text.hpp>
#include <cstdint>
#include <string_view>

namespace carillon::detail {

/// Years 1970 to 9999 as bits.
using year_bits = std::array<std::uint64_t, 126>;

/// Reads one field of a cron expression, at run time or at compile time.
class cron_field_reader {
 public:
  /// `position` is where `text` begins, for messages. `years` takes the values of a year field and is needed
  /// for it only.
  constexpr cron_field_reader(cron_dialect dialect, cron_field field, std::string_view text,
                              std::size_t position, cron_fields& fields, cron_problem& problem,
                              year_bits* years = nullptr)
      : dialect_{dialect},
        rule_{rule_of(dialect, field)},
        text_{text},
        position_{position},
        fields_{fields},
        problem_{problem},
        years_{years} {}

  /// False if the field was refused; then `problem` says why.
  constexpr bool read() {
    if (is_question_mark()) {
      set_all();
    } else {
      do {
        skip_blanks();
        if (!read_item()) return false;
        skip_blanks();
        if (at_ < text_.size() && peek() != ',') return refuse_character();
      } while (at_++ < text_.size());
    }
    store();
    return true;
  }

 private:
  struct value {
    int number = 0;
    bool named = false;
  };
  struct range {
    int first;
    int last;
    bool named = false;  ///< Written with names.
    bool open = false;   ///< Written as a/n: `last` is the field's.
  };

  constexpr bool quartz() const { return dialect_ == cron_dialect::quartz; }
  constexpr bool named() const { return dialect_ == cron_dialect::named; }
  constexpr bool is(cron_field field) const { return rule_.field == field; }
  constexpr char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  constexpr bool ends(std::size_t ahead = 0) const {
    return at_ + ahead >= text_.size() || peek(ahead) == ',';
  }
  constexpr bool take(char c) {
    if (at_ >= text_.size() || lower(peek()) != lower(c)) return false;
    ++at_;
    return true;
  }
  constexpr void skip_blanks() {
    while (named() && is_blank(peek())) ++at_;
  }
  constexpr bool is_question_mark() const {
    return text_ == "?" && !named() && (is(cron_field::day) || is(cron_field::weekday));
  }

  constexpr bool read_item() {
    if (ends()) {
      refuse(at_) << "empty " << (text_.empty() ? "" : "list element in the ") << rule_.name << " field";
      return false;
    }
    if (is(cron_field::day) && starts_special_day()) return read_special_day();
    if (quartz() && is(cron_field::weekday) && lower(peek()) == 'l' && ends(1)) {
      ++at_;
      return add(7, 7, 1);
    }
    const auto begin = at_;
    if (dialect_ == cron_dialect::crontab && peek() == '*' && ends(1) && every_) {
      refuse(at_) << "'*' stands twice in the " << rule_.name << " field";
      return false;
    }
    every_ = every_ || peek() == '*';
    if (take('*') || (quartz() && peek() == '/')) return read_step({rule_.least, star_end()});
    value first;
    if (!read_value(first, false)) return false;
    if (is(cron_field::weekday) && !named() && (lower(peek()) == 'l' || peek() == '#'))
      return read_nth(begin, first);
    if (is(cron_field::day) && lower(peek()) == 'w') return read_nearest(first);
    if (peek() == '/') return read_step({first.number, star_end(), first.named, true});
    if (!take('-')) return add(first.number, first.number, 1);
    value last;
    if (!read_value(last, true)) return false;
    if (first.number > last.number && !quartz()) return refuse_backwards(begin, first, last);
    return read_step({first.number, last.number, first.named || last.named});
  }

  /// Where `*` and `a/n` end: Sunday counts once.
  constexpr int star_end() const {
    return dialect_ == cron_dialect::crontab && is(cron_field::weekday) ? 6 : rule_.most;
  }

  constexpr bool read_value(value& out, bool is_range_end) {
    const auto begin = at_;
    if (is_digit(peek())) {
      int number = 0;
      while (is_digit(peek())) number = std::min(number * 10 + (text_[at_++] - '0'), 100'000);
      out = {number, false};
      if (number >= rule_.least && number <= rule_.most) return true;
      refuse(begin) << rule_.name << " " << text_.substr(begin, at_ - begin) << ": " << rule_.least << " to "
                    << rule_.most;
      return false;
    }
    if (!is_letter(peek())) return refuse_character();
    while (is_letter(peek())) ++at_;
    auto word = text_.substr(begin, at_ - begin);
    auto index = index_of_name(word, rule_.names);
    if (index < 0 && takes_suffix() && word.size() == 4 && lower(word[3]) == 'l') {  // friL
      --at_;
      word.remove_suffix(1);
      index = index_of_name(word, rule_.names);
    }
    if (index < 0) return refuse_word(begin, word);
    out = {is(cron_field::month) ? index + 1 : weekday_number(dialect_, index), true};
    if (is_range_end && index == 0 && dialect_ == cron_dialect::crontab && is(cron_field::weekday))
      out.number = 7;
    return true;
  }
  constexpr bool takes_suffix() const { return is(cron_field::weekday) && !named(); }

  /// Reads "/n", if it is there, and adds the values.
  constexpr bool read_step(const range& over) {
    const auto slash = at_;
    if (!take('/')) return add(over.first, over.last, 1);
    const auto digits = at_;
    int step = 0;
    while (is_digit(peek())) step = std::min(step * 10 + (text_[at_++] - '0'), 100'000);
    if (digits == at_) {
      refuse(at_) << "a number after / is missing in the " << rule_.name << " field";
      return false;
    }
    if (over.named && named()) {
      problem_.hint << "write the range in numbers";
      refuse(slash) << "names take no step here";
      return false;
    }
    if (!check_step(over, step, digits)) return false;
    if (over.named && quartz())
      return add(over.first, over.open ? over.first : over.last, 1);  // as Quartz does
    return add(over.first, over.last, step);
  }

  constexpr bool check_step(const range& over, int step, std::size_t digits) {
    const bool bounded = !(dialect_ == cron_dialect::crontab || (quartz() && is(cron_field::year)));
    const int longest = !bounded ? step : quartz() ? rule_.most : over.last - over.first;
    if (step >= 1 && step <= longest) return true;
    auto& message = refuse(digits) << "step " << text_.substr(digits, at_ - digits) << " in the "
                                   << rule_.name << " field: ";
    if (step == 0 || longest == 0)
      message << (step == 0 ? "1 or more" : "there is nothing to step over");
    else
      message << "1 to " << longest;
    return false;
  }

  /// Adds first, first + step … up to last; past the most and on from the least if the range wraps.
  constexpr bool add(int first, int last, int step) {
    const int span = rule_.most - rule_.least + 1;
    for (int number = first; number <= (last < first ? last + span : last); number += step)
      set(number > rule_.most ? number - span : number);
    return true;
  }
  constexpr void set(int number) {
    if (years_ != nullptr && is(cron_field::year)) {
      const auto year = static_cast<std::size_t>(number - cron_fields::first_year);
      (*years_)[year / 64] |= 1ULL << (year % 64);
    } else {
      bits_ |= 1ULL << number;
    }
  }
  constexpr void set_all() { add(rule_.least, rule_.most, 1); }

  constexpr bool starts_special_day() const {
    if (!named()) return lower(peek()) == 'l';
    return is_letter(peek()) ||
           (is_digit(peek()) && (is_letter(peek(1)) || (is_digit(peek(1)) && is_letter(peek(2)))));
  }
  constexpr bool read_special_day() { return named() ? read_weekday_in_month() : read_last_day(); }

  constexpr bool read_last_day();
  constexpr bool read_nearest(value day);
  constexpr bool read_nth(std::size_t begin, value weekday);
  constexpr bool read_weekday_in_month();

  /// Whether the field is written `*`, or begins with `*/n`.
  constexpr bool is_star() const { return text_ == "*" || text_.starts_with("*/"); }

  constexpr void store() {
    switch (rule_.field) {
      case cron_field::second: fields_.seconds = bits_; break;
      case cron_field::minute: fields_.minutes = bits_; break;
      case cron_field::hour:
        fields_.hours = static_cast<std::uint32_t>(bits_);
        fields_.follows_real_time = is_star();
        break;
      case cron_field::day: fields_.days = static_cast<std::uint32_t>(bits_); break;
      case cron_field::month: fields_.months = static_cast<std::uint32_t>(bits_); break;
      case cron_field::weekday: fields_.weekdays = weekdays_from(dialect_, bits_); break;
      case cron_field::week: fields_.weeks = bits_; break;
      case cron_field::year: break;
    }
  }

  constexpr fixed_text<160>& refuse(std::size_t at) {
    problem_.position = position_ + at;
    return problem_.message;
  }
  constexpr bool refuse_character();
  constexpr bool refuse_word(std::size_t begin, std::string_view word);
  constexpr bool refuse_weekday_after(std::size_t begin, std::string_view ordinal);
  constexpr bool refuse_backwards(std::size_t begin, value first, value last);
  constexpr bool refuse_quartz_only(std::size_t at);

  cron_dialect dialect_;
  cron_field_rule rule_;
  std::string_view text_;
  std::size_t position_;
  cron_fields& fields_;
  cron_problem& problem_;
  year_bits* years_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  bool every_ = false;  // a `*` has been read
};

}  // namespace carillon::detail

// The rest of its functions.
#include <carillon/trigger/detail/cron_refusals.hpp>
#include <carillon/trigger/detail/cron_special_days.hpp>
