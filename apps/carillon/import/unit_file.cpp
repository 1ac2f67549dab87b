#include "carillon/import/unit_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace carillon::app {
namespace {

constexpr std::string_view unit_blanks = " \t\r";

std::string_view bare(std::string_view text) {
  const auto first = text.find_first_not_of(unit_blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(unit_blanks) - first + 1);
}

class unit_reader {
 public:
  unit_file read(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      ++number_;
      take(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    finish();
    return std::move(out_);
  }

 private:
  void take(std::string_view line) {
    const auto words = bare(line);
    const bool is_comment = !words.empty() && (words.front() == '#' || words.front() == ';');
    if (is_comment) return;  // also between the parts of a line
    if (!open_) began_ = number_;
    const bool goes_on = words.ends_with('\\');
    joined_ += (open_ ? " " : "") + std::string{goes_on ? words.substr(0, words.size() - 1) : words};
    open_ = goes_on;
    if (!open_) finish();
  }

  void finish() {
    const std::string line = std::exchange(joined_, {});
    open_ = false;
    const auto words = bare(line);
    if (words.empty()) return;
    if (words.front() == '[' && words.back() == ']') {
      section_ = words.substr(1, words.size() - 2);
      return;
    }
    const auto equals = words.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      out_.unreadable.push_back(began_);
      return;
    }
    out_.entries.push_back({section_, std::string{bare(words.substr(0, equals))},
                            std::string{bare(words.substr(equals + 1))}, began_});
  }

  unit_file out_;
  std::string section_, joined_;
  std::size_t number_ = 0, began_ = 0;
  bool open_ = false;
};

double milliseconds_of(std::string_view unit) {
  constexpr double second = 1000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
  static constexpr std::array<std::pair<std::string_view, double>, 30> units{{
      {"", second},
      {"us", 0.001},
      {"usec", 0.001},
      {"\xC2\xB5s", 0.001},
      {"ms", 1},
      {"msec", 1},
      {"s", second},
      {"sec", second},
      {"second", second},
      {"seconds", second},
      {"m", minute},
      {"min", minute},
      {"minute", minute},
      {"minutes", minute},
      {"h", hour},
      {"hr", hour},
      {"hour", hour},
      {"hours", hour},
      {"d", day},
      {"day", day},
      {"days", day},
      {"w", 7 * day},
      {"week", 7 * day},
      {"weeks", 7 * day},
      {"M", 30.44 * day},
      {"month", 30.44 * day},
      {"months", 30.44 * day},
      {"y", 365.25 * day},
      {"year", 365.25 * day},
      {"years", 365.25 * day},
  }};
  for (const auto& [name, length] : units)
    if (name == unit) return length;
  return 0;
}

char unescaped(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 's': return ' ';
    default: return c;
  }
}

// Words as systemd splits them.
std::optional<std::vector<std::string>> split_unit_words(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false, escaped = false;
  char quote = 0;
  for (const char c : line) {
    if (escaped) {
      word += unescaped(c), escaped = false;
    } else if (c == '\\') {
      escaped = in_word = true;
    } else if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if ((c == '"' || c == '\'') && !in_word) {
      quote = c, in_word = true;
    } else if (unit_blanks.find(c) != std::string_view::npos) {
      if (in_word) words.push_back(std::exchange(word, {}));
      in_word = false;
    } else {
      word += c, in_word = true;
    }
  }
  if (quote != 0 || escaped) return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

void take_prefixes(unit_command& command) {
  auto& first = command.words.front();
  const auto end = std::min(first.find_first_not_of("@-:+!|"), first.size());
  for (const char c : first.substr(0, end)) {
    if (c == '-') command.may_fail = true;
    if (c != '-') command.prefixes += c;
  }
  first.erase(0, end);
}

}  // namespace

const unit_entry* unit_file::last(std::string_view section, std::string_view key) const {
  const auto found = all(section, key);
  return found.empty() ? nullptr : found.back();
}

std::vector<const unit_entry*> unit_file::all(std::string_view section, std::string_view key) const {
  std::vector<const unit_entry*> found;
  for (const auto& entry : entries) {
    if (entry.section != section || entry.key != key) continue;
    if (entry.value.empty()) {
      found.clear();
    } else {
      found.push_back(&entry);
    }
  }
  return found;
}

unit_file read_unit_file(std::string_view text) { return unit_reader{}.read(text); }

std::optional<milliseconds> read_time_span(std::string_view text) {
  text = bare(text);
  if (text == "infinity") return infinite_span;
  double all = 0;
  bool some = false;
  while (!(text = bare(text)).empty()) {
    double number = 0;
    const auto [stopped, fault] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (fault != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    text = bare(text);
    const auto end = std::min(text.find_first_of("0123456789 \t"), text.size());
    const auto length = milliseconds_of(text.substr(0, end));
    if (length == 0) return std::nullopt;
    all += number * length;
    some = true;
    text.remove_prefix(end);
  }
  if (!some || all > 1e15) return std::nullopt;
  return milliseconds{std::llround(all)};
}

bool is_yes(std::string_view text) {
  static constexpr std::array<std::string_view, 7> words{"yes", "true", "on", "1", "y", "t", "Yes"};
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::optional<std::vector<unit_command>> read_exec_line(std::string_view line) {
  auto words = split_unit_words(line);
  if (!words) return std::nullopt;
  std::vector<unit_command> commands;
  bool begins = true;
  for (auto& word : *words) {
    if (word == ";") {
      begins = true;
      continue;
    }
    if (std::exchange(begins, false)) commands.emplace_back();
    commands.back().words.push_back(std::move(word));
  }
  for (auto& command : commands) take_prefixes(command);
  return commands;
}

std::optional<std::vector<std::string>> read_unit_words(std::string_view line) {
  return split_unit_words(line);
}

}  // namespace carillon::app
