#include "carillon/import/unit_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "carillon/diagnostic.hpp"

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
  explicit unit_reader(std::string file) : file_(std::move(file)) {}

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
      out_.unreadable.push_back({file_, began_});
      return;
    }
    out_.entries.push_back({section_, std::string{bare(words.substr(0, equals))},
                            std::string{bare(words.substr(equals + 1))}, began_, file_});
  }

  unit_file out_;
  std::string file_, section_, joined_;
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

// Thrown within this file.
struct word_fault {
  parse_error why;
};

int value_of_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

std::string in_bytes(std::uint32_t code) {
  std::string bytes;
  const auto add = [&](std::uint32_t byte) { bytes += static_cast<char>(byte); };
  const auto rest = [&](int shift) { add(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6), rest(0);
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12), rest(6), rest(0);
  } else {
    add(0xF0 | code >> 18), rest(12), rest(6), rest(0);
  }
  return bytes;
}

// Words as systemd splits them.
class word_splitter {
 public:
  explicit word_splitter(std::string_view line) : line_(line) {}

  /// The next word without its quotes and escapes; none: the line ends.
  std::optional<std::string> next() {
    at_ = std::min(line_.find_first_not_of(unit_blanks, at_), line_.size());
    if (at_ == line_.size()) return std::nullopt;
    began_ = at_;
    std::string word;
    char quote = 0;
    for (; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      if (c == '\\') {
        word += unescaped();
      } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
        quote = quote == 0 ? c : '\0';
      } else if (quote == 0 && unit_blanks.find(c) != std::string_view::npos) {
        break;
      } else {
        word += c;
      }
    }
    if (quote != 0) refuse("its quotes do not close");
    if (in_utf8(word) != word) refuse("'" + in_utf8(spelled()) + "' is no UTF-8, which all words are here");
    return word;
  }

  /// How the last word stands there.
  std::string_view spelled() const { return line_.substr(began_, at_ - began_); }

 private:
  [[noreturn]] static void refuse(std::string message) { throw word_fault{{std::move(message), 0, {}}}; }

  // At a backslash; afterwards at the last character that belongs to it.
  std::string unescaped() {
    static constexpr std::pair<char, char> names[] = {{'a', '\a'}, {'b', '\b'},  {'f', '\f'}, {'n', '\n'},
                                                      {'r', '\r'}, {'t', '\t'},  {'v', '\v'}, {'s', ' '},
                                                      {'"', '"'},  {'\'', '\''}, {'\\', '\\'}};
    const auto start = at_++;
    if (at_ == line_.size()) refuse("nothing stands behind its last backslash");
    const char c = line_[at_];
    for (const auto& [name, value] : names)
      if (c == name) return {value};
    const bool is_alone = start == began_ && (at_ + 1 == line_.size() ||
                                              unit_blanks.find(line_[at_ + 1]) != std::string_view::npos);
    if (c == ';' && is_alone) return ";";
    const bool is_octal = c >= '0' && c <= '7';
    const std::size_t digits = is_octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (!is_octal) ++at_;
    const auto code = number(digits, is_octal ? 8 : 16);
    const auto escape = "'" + in_utf8(line_.substr(start, at_ - start)) + "'";
    const bool is_byte = digits == 2 || digits == 3;
    const bool is_character = code <= 0x10FFFF && (code < 0xD800 || code >= 0xE000);
    if (digits == 0 || (is_byte ? code > 0xFF : !is_character)) refuse(escape + " is no escape of systemd's");
    if (code == 0) refuse(escape + " is a NUL, which no word holds");
    --at_;
    return is_byte ? std::string(1, static_cast<char>(code)) : in_bytes(code);
  }

  // As many digits as are wanted; else none that any escape has.
  std::uint32_t number(std::size_t digits, int base) {
    std::uint64_t read = 0;
    for (std::size_t i = 0; i < digits; ++i, ++at_) {
      const int digit = at_ < line_.size() ? value_of_digit(line_[at_]) : base;
      if (digit >= base) return std::numeric_limits<std::uint32_t>::max();
      read = read * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    }
    return static_cast<std::uint32_t>(read);
  }

  std::string_view line_;
  std::size_t at_ = 0, began_ = 0;
};

bool has_one_value(std::string_view key) {
  static constexpr std::array<std::string_view, 23> keys{"Description",
                                                         "User",
                                                         "Group",
                                                         "WorkingDirectory",
                                                         "Type",
                                                         "TimeoutStartSec",
                                                         "TimeoutStopSec",
                                                         "TimeoutSec",
                                                         "RuntimeMaxSec",
                                                         "Restart",
                                                         "RestartSec",
                                                         "KillMode",
                                                         "KillSignal",
                                                         "SendSIGKILL",
                                                         "Persistent",
                                                         "Unit",
                                                         "WakeSystem",
                                                         "AccuracySec",
                                                         "RandomizedDelaySec",
                                                         "FixedRandomDelay",
                                                         "OnClockChange",
                                                         "OnTimezoneChange",
                                                         "RemainAfterElapse"};
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// An empty one of these takes back all of them.
bool is_time(const unit_entry& entry) {
  static constexpr std::array<std::string_view, 6> keys{
      "OnCalendar", "OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"};
  return entry.section == "Timer" && std::find(keys.begin(), keys.end(), entry.key) != keys.end();
}

void take_prefixes(unit_command& command) {
  auto& first = command.words.front();
  const auto end = std::min(first.find_first_not_of("@-:+!|"), first.size());
  for (const char c : first.substr(0, end)) {
    if (c == '-') command.may_fail = true;
    if (c == ':') command.is_literal = true;
    if (c != '-' && c != ':') command.prefixes += c;
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

void unit_file::append(unit_file drop_in) {
  std::move(drop_in.entries.begin(), drop_in.entries.end(), std::back_inserter(entries));
  std::move(drop_in.unreadable.begin(), drop_in.unreadable.end(), std::back_inserter(unreadable));
}

void unit_file::settle() {
  std::map<std::pair<std::string, std::string>, const unit_entry*> later;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    auto& taker = later[{entry->section, is_time(*entry) ? "On" : entry->key}];
    if (taker != nullptr) entry->taken_back_by = taker->file + ":" + std::to_string(taker->line);
    if (has_one_value(entry->key) || entry->value.empty()) taker = &*entry;
  }
}

unit_file read_unit_file(std::string_view text, const std::string& file) {
  return unit_reader{file}.read(text);
}

bool is_reset(const unit_entry& entry) {
  const std::string_view key{entry.key};
  return entry.value.empty() &&
         (has_one_value(key) || is_time(entry) || key.starts_with("Exec") || key == "Environment" ||
          key == "UnsetEnvironment" || key == "EnvironmentFile" || key.starts_with("Condition") ||
          key.starts_with("Assert"));
}

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

parse_result<std::vector<unit_command>> read_exec_line(std::string_view line) {
  try {
    word_splitter splitter{line};
    std::vector<unit_command> commands;
    bool begins = true;
    while (auto word = splitter.next()) {
      if (splitter.spelled() == ";") {
        begins = true;
        continue;
      }
      if (std::exchange(begins, false)) commands.emplace_back();
      commands.back().words.push_back(std::move(*word));
    }
    for (auto& command : commands) take_prefixes(command);
    return commands;
  } catch (const word_fault& fault) {
    return fault.why;
  }
}

parse_result<std::vector<std::string>> read_unit_words(std::string_view line) {
  try {
    word_splitter splitter{line};
    std::vector<std::string> words;
    while (auto word = splitter.next()) words.push_back(std::move(*word));
    return words;
  } catch (const word_fault& fault) {
    return fault.why;
  }
}

}  // namespace carillon::app
