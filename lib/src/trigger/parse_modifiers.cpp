#include <charconv>

#include "trigger/grammar.hpp"

namespace carillon {

namespace {

word argument(scanner& in, std::string_view expected, std::string_view example) {
  const auto found = in.take();
  if (found.empty())
    fail(found.position, "expected " + std::string{expected} + ", found " + in.here(),
         "as in " + std::string{example});
  return found;
}

timestamp read_timestamp(word text) { return value_of(parse_timestamp(text.text), text.position); }

until_bound read_until(word text) {
  if (text.text.size() >= 5 && text.text[4] == '-') return read_timestamp(text);
  if (text.text.find(':') != std::string_view::npos) return read_day_time(text);
  const bool amount = text.text.find_first_of("smhdw") != std::string_view::npos &&
                      text.text.front() >= '0' && text.text.front() <= '9';
  if (amount) return read_duration(text);
  return read_timestamp(text);
}

std::uint64_t read_limit(word text) {
  std::uint64_t value = 0;
  const auto* end = text.text.data() + text.text.size();
  const auto [stop, error] = std::from_chars(text.text.data(), end, value);
  if (error != std::errc{} || stop != end || value == 0)
    fail(text.position, "limit '" + std::string{text.text} + "': a number of fires from 1 on");
  return value;
}

gap_policy read_gap(word text) {
  if (text.text == "skip") return gap_policy::skip;
  if (text.text == "at_gap_end") return gap_policy::at_gap_end;
  if (text.text == "shift") return gap_policy::shift;
  if (text.text == "auto") return gap_policy::auto_;
  auto hint = did_you_mean(text.text, {"skip", "at_gap_end", "shift", "auto"});
  fail(text.position, "gap '" + std::string{text.text} + "': skip, at_gap_end or shift", std::move(hint));
}

overlap_policy read_overlap(word text) {
  if (text.text == "first") return overlap_policy::first;
  if (text.text == "second") return overlap_policy::second;
  if (text.text == "both") return overlap_policy::both;
  if (text.text == "auto") return overlap_policy::auto_;
  auto hint = did_you_mean(text.text, {"first", "second", "both", "auto"});
  fail(text.position, "overlap '" + std::string{text.text} + "': first, second or both", std::move(hint));
}

/// Reads one clause after another into what it found.
class clause_reader {
 public:
  clause_reader(scanner& in, int depth) noexcept : in_{in}, depth_{depth} {}

  read_clauses read() {
    while (read_one()) {
    }
    if (bounds_.starting || bounds_.until)
      found_.how.bounds = std::make_shared<const time_bounds>(std::move(bounds_));
    return std::move(found_);
  }

 private:
  bool read_one() {
    const auto keyword = in_.peek();
    return read_when(keyword) || read_outermost(keyword) || read_clock_change(keyword);
  }

  /// Takes a keyword, if it is the next word; each may stand once.
  bool begins(word keyword, std::string_view expected, clause which) {
    if (keyword.text != expected) return false;
    const auto bit = 1U << static_cast<unsigned>(which);
    if ((seen_ & bit) != 0) fail(keyword.position, "'" + std::string{expected} + "' stands here twice");
    seen_ |= bit;
    in_.take();
    found_[which] = keyword.position;
    return true;
  }

  bool read_when(word keyword) {
    if (begins(keyword, "in", clause::in)) {
      const auto name = argument(in_, "a time zone", "in Europe/Oslo");
      found_.how.where = value_of(zone::find(name.text), name.position);
    } else if (begins(keyword, "starting", clause::starting)) {
      bounds_.starting = read_timestamp(argument(in_, "a date or time", "starting 2026-01-01T08:00"));
    } else if (begins(keyword, "until", clause::until)) {
      bounds_.until = read_until(argument(in_, "a date or time", "until 2027-01-01"));
    } else if (begins(keyword, "clamp", clause::clamp)) {
      found_.clamp = true;
    } else {
      return false;
    }
    return true;
  }

  bool read_outermost(word keyword) {
    if (begins(keyword, "limit", clause::limit)) {
      found_.how.limit = read_limit(argument(in_, "a number", "limit 10"));
    } else if (begins(keyword, "jitter", clause::jitter)) {
      found_.how.jitter = read_duration(argument(in_, "a duration", "jitter 30s"));
    } else if (begins(keyword, "immediately", clause::immediately)) {
      found_.how.immediately = true;
    } else if (begins(keyword, "fixed_delay", clause::fixed_delay)) {
      found_.how.fixed_delay = true;
    } else {
      return false;
    }
    if (depth_ > 0) {
      fail(keyword.position, "'" + std::string{keyword.text} + "' stands only after the whole trigger",
           "move it behind the last )");
    }
    return true;
  }

  bool read_clock_change(word keyword) {
    if (begins(keyword, "gap", clause::gap)) {
      refuse_both(keyword);
      found_.how.gap = read_gap(argument(in_, "a policy", "gap skip"));
    } else if (begins(keyword, "overlap", clause::overlap)) {
      refuse_both(keyword);
      found_.how.overlap = read_overlap(argument(in_, "a policy", "overlap first"));
    } else if (begins(keyword, "like", clause::like)) {
      refuse_both(keyword);
      found_[clause::gap] = found_[clause::overlap] = keyword.position;
      const auto preset = argument(in_, "a preset", "like quartz");
      if (!apply_preset(preset.text, found_.how)) {
        fail(preset.position, "like '" + std::string{preset.text} + "': vixie, quartz or apscheduler",
             did_you_mean(preset.text, {"vixie", "quartz", "apscheduler"}));
      }
    } else {
      return false;
    }
    return true;
  }

  void refuse_both(word keyword) {
    const auto has = [&](clause which) { return (seen_ & (1U << static_cast<unsigned>(which))) != 0; };
    if (has(clause::like) && (has(clause::gap) || has(clause::overlap)))
      fail(keyword.position, "'like' sets both gap and overlap: give it, or them");
  }

  scanner& in_;
  int depth_;
  unsigned seen_ = 0;
  time_bounds bounds_;
  read_clauses found_;
};

}  // namespace

read_clauses read_modifiers(scanner& in, int depth) { return clause_reader{in, depth}.read(); }

bool apply_preset(std::string_view name, modifiers& how) noexcept {
  if (name == "vixie") {
    how.gap = gap_policy::auto_;
    how.overlap = overlap_policy::auto_;
  } else if (name == "quartz") {
    how.gap = gap_policy::skip;
    how.overlap = overlap_policy::second;
  } else if (name == "apscheduler") {
    how.gap = gap_policy::shift;
    how.overlap = overlap_policy::both;
  } else {
    return false;
  }
  return true;
}

}  // namespace carillon
