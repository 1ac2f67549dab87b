#pragma once
// Part of cron_field_reader.hpp, which includes it: what is said of a field that does not read.
#include <carillon/trigger/detail/cron_field_reader.hpp>

namespace carillon::detail {

constexpr bool cron_field_reader::refuse_character() {
  auto& message = refuse(at_);
  if (at_ >= text_.size() || peek() == ',') {
    message << "a value is missing after '" << text_.substr(0, at_) << "' in the " << rule_.name << " field";
    return false;
  }
  std::size_t length = 1;
  while (at_ + length < text_.size() && (static_cast<unsigned char>(text_[at_ + length]) & 0xC0U) == 0x80U)
    ++length;
  message << "'" << text_.substr(at_, length) << "' has no place here in the " << rule_.name << " field";
  if (peek() == '?')
    problem_.hint << (named() ? "leave the field out" : "? stands alone, for a day field; * is any value");
  if (peek() == '~')
    problem_.hint << (dialect_ == cron_dialect::crontab ? "~ is read at run time only: trigger{\"cron …\"}"
                                                        : "only crontab expressions have ~");
  if (peek() == '-' && at_ == 0) problem_.hint << rule_.least << " to " << rule_.most;
  if (peek() == '#' && is(cron_field::weekday) && !named()) problem_.hint << "fri#2 is the second Friday";
  return false;
}

constexpr bool cron_field_reader::refuse_word(std::size_t begin, std::string_view word) {
  auto& message = refuse(begin);
  if (!named() && is(cron_field::weekday) && same_word(word, "L")) {
    message << "L needs a weekday";
    problem_.hint << "5L is the last Friday";
    return false;
  }
  message << "'" << word << "': no such " << rule_.name;
  if (const auto meant = similar_name(word, rule_.names); !meant.empty()) {
    problem_.hint << "did you mean " << meant << "?";
  } else if (index_of_name(word, month_names) >= 0) {
    problem_.hint << "names of months belong in the month field";
  } else if (index_of_name(word, weekday_names) >= 0) {
    problem_.hint << "names of weekdays belong in the weekday field";
  } else {
    problem_.hint << rule_.least << " to " << rule_.most;
    if (!rule_.names.empty()) problem_.hint << ", or a name of three letters";
  }
  return false;
}

constexpr bool cron_field_reader::refuse_weekday_after(std::size_t begin, std::string_view ordinal) {
  auto& message = refuse(begin);
  auto end = begin;
  while (end < text_.size() && text_[end] != ',') ++end;
  const auto word = trimmed(text_.substr(begin, end - begin));
  if (word.empty()) {
    message << "'" << ordinal << "' needs a weekday";
    problem_.hint << "as in " << ordinal << " fri";
    return false;
  }
  message << "'" << word << "': no such weekday";
  if (const auto meant = similar_name(word, weekday_names); !meant.empty())
    problem_.hint << "did you mean " << meant << "?";
  return false;
}

constexpr bool cron_field_reader::refuse_backwards(std::size_t begin, value first, value last) {
  refuse(begin) << "the range " << text_.substr(begin, at_ - begin) << " runs backwards";
  if (is(cron_field::year)) return false;
  problem_.hint << "write " << first.number;
  if (first.number < star_end()) problem_.hint << "-" << star_end();
  problem_.hint << "," << rule_.least;
  if (last.number > rule_.least) problem_.hint << "-" << last.number;
  return false;
}

constexpr bool cron_field_reader::refuse_quartz_only(std::size_t at) {
  refuse(at) << "W and offsets from L are not part of a crontab";
  problem_.hint << "the quartz dialect has them";
  return false;
}

}  // namespace carillon::detail
