#include "carillon/crontab.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <carillon/time/zone.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "carillon/crontab_line.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t most_line_bytes = 64u << 10;

// Settings that ask for mail. Nothing is mailed; what is printed goes to the log.
bool is_about_mail(std::string_view name) {
  return name == "MAILTO" || name == "MAILFROM" || name == "CONTENT_TYPE" ||
         name == "CONTENT_TRANSFER_ENCODING";
}

bool is_macro(std::string_view word) { return !word.empty() && word.front() == '@'; }

const std::vector<std::string_view>& macros() {
  static const std::vector<std::string_view> all{"@reboot", "@yearly", "@annually", "@monthly",
                                                 "@weekly", "@daily",  "@midnight", "@hourly"};
  return all;
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

// A schedule text, and which bytes of it come from where in the line.
struct schedule_text {
  std::string text = "cron ";
  std::vector<std::pair<std::size_t, std::size_t>> origins;  // (position in `text`, position in the line)

  void add(const crontab_word& word) {
    if (!origins.empty()) text += ' ';
    origins.emplace_back(text.size(), word.at);
    text += word.text;
  }
  std::size_t in_line(std::size_t position) const {
    std::size_t at = origins.front().second;
    for (const auto& [here, there] : origins) {
      if (position >= here) at = there + (position - here);
    }
    return at;
  }
};

class crontab_reader {
 public:
  crontab_reader(const std::string& file, const crontab_surroundings& machine)
      : file_(file), machine_(machine) {
    env_ = {{"SHELL", "/bin/sh"},
            {"PATH", "/usr/bin:/bin"},
            {"HOME", machine.home},
            {"LOGNAME", machine.user},
            {"USER", machine.user}};
  }

  crontab read(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      line_ = text.substr(0, end);
      ++number_;
      read_line();
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return std::move(out_);
  }

 private:
  void complain(std::size_t at, std::string message, std::string hint = {}, bool warning = false) {
    const auto column = characters(line_, std::min(at, line_.size())) + 1;
    out_.found.push_back({file_, number_, column, std::move(message), std::move(hint), warning});
  }

  void read_line() {
    if (!line_.empty() && line_.back() == '\r') {
      line_.remove_suffix(1);
      if (!std::exchange(told_of_dos_, true))
        complain(line_.size(), "lines end as in DOS: the carriage returns are left out", {}, true);
    }
    const auto first = line_.find_first_not_of(" \t");
    if (first == std::string_view::npos || line_[first] == '#') return;
    if (line_.size() > most_line_bytes)
      return complain(0, fmt::format("the line has more than {} bytes", most_line_bytes));
    const auto nul = line_.find('\0');
    if (nul != std::string_view::npos) return complain(nul, "a NUL character");
    const auto setting = read_setting(line_);
    if (setting) return apply(*setting);
    is_macro(line_.substr(first)) ? read_macro_line() : read_field_line();
  }

  void apply(const crontab_setting& setting);
  void set_zone(const crontab_word& value);
  void set_delay(const crontab_word& value);
  void read_macro_line();
  void read_field_line();
  bool fields_are_five(const crontab_words& line);
  bool has_user_column(const crontab_word& command);
  std::optional<trigger> read_schedule(const schedule_text& schedule);
  std::optional<trigger> read_starred(const std::vector<crontab_word>& fields, const trigger& plain);
  std::string with_modifiers(std::string text) const;
  void add(crontab_entry entry, const crontab_word& command);

  const std::string& file_;
  const crontab_surroundings& machine_;
  crontab out_;
  std::string_view line_;
  std::size_t number_ = 0;
  std::map<std::string, std::string> env_;
  std::string zone_;    // of CRON_TZ
  unsigned delay_ = 0;  // of RANDOM_DELAY, in minutes
  bool told_of_dos_ = false, told_of_mail_ = false;
  std::map<std::string, unsigned> ids_;
};

void crontab_reader::apply(const crontab_setting& setting) {
  const auto& [name, at] = setting.name;
  const auto is_name_character = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || (name.front() >= '0' && name.front() <= '9') ||
      !std::all_of(name.begin(), name.end(), is_name_character)) {
    return complain(at, fmt::format("'{}' is no name of a variable", shown(name)),
                    "letters, digits and _, as in PATH=/usr/bin:/bin");
  }
  if (!setting.quoted && setting.value.text.find(" #") != std::string_view::npos) {
    complain(setting.value.at + setting.value.text.find(" #") + 1,
             "a comment behind a setting belongs to its value", "put it on a line of its own", true);
  }
  if (is_about_mail(name)) {
    const bool wants_mail = name == "MAILTO" && !setting.value.text.empty();
    if (wants_mail && !std::exchange(told_of_mail_, true)) {
      complain(at, "MAILTO: nothing is mailed",
               "what commands print goes to the log, its end into the history", true);
    }
    return;
  }
  if (name == "CRON_TZ") return set_zone(setting.value);
  if (name == "RANDOM_DELAY") return set_delay(setting.value);
  if (name == "LOGNAME" || name == "USER") {
    return complain(at, fmt::format("{} cannot be set: commands run as {}", name, machine_.user), {}, true);
  }
  if ((name == "SHELL" || name == "HOME") &&
      (setting.value.text.empty() || setting.value.text.front() != '/')) {
    return complain(setting.value.at,
                    fmt::format("{} '{}' is no absolute path", name, shown(setting.value.text)));
  }
  env_[std::string{name}] = setting.value.text;
}

void crontab_reader::set_zone(const crontab_word& value) {
  const auto found = zone::find(value.text);
  if (!found) {
    const auto& why = found.error();
    return complain(value.at + why.position, "CRON_TZ: " + why.message, why.hint);
  }
  zone_ = found->name();
}

void crontab_reader::set_delay(const crontab_word& value) {
  unsigned minutes = 0;
  const auto end = value.text.data() + value.text.size();
  const auto [stopped, fault] = std::from_chars(value.text.data(), end, minutes);
  if (fault != std::errc{} || stopped != end || minutes > 1440) {
    return complain(value.at, fmt::format("RANDOM_DELAY '{}' is no number of minutes", shown(value.text)),
                    "0 to 1440");
  }
  delay_ = minutes;
}

void crontab_reader::read_macro_line() {
  const auto split = split_words(line_, 1);
  const auto& macro = split.words.front();
  const auto name = in_lower_case(macro.text);
  const auto& known = macros();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return complain(macro.at, fmt::format("unknown macro '{}'", shown(macro.text)),
                    suggestion(macro.text, known));
  }
  if (split.rest.text.empty()) return complain(line_.size(), fmt::format("no command after {}", name));
  if (has_user_column(split.rest)) return;
  crontab_entry entry;
  entry.at_reboot = name == "@reboot";
  entry.wildcard = name == "@hourly";
  if (!entry.at_reboot) {
    schedule_text schedule;
    schedule.add(macro);
    entry.when = read_schedule(schedule);
    if (!entry.when) return;
  }
  add(std::move(entry), split.rest);
}

void crontab_reader::read_field_line() {
  const auto split = split_words(line_, 5);
  if (!fields_are_five(split)) return;
  schedule_text schedule;
  for (const auto& field : split.words) schedule.add(field);
  crontab_entry entry;
  entry.when = read_schedule(schedule);
  if (!entry.when || has_user_column(split.rest)) return;
  entry.when = read_starred(split.words, *entry.when);
  if (!entry.when) return;
  entry.wildcard = split.words[0].text.front() == '*' || split.words[1].text.front() == '*';
  add(std::move(entry), split.rest);
}

bool crontab_reader::fields_are_five(const crontab_words& line) {
  static constexpr std::string_view wanted =
      "minute, hour, day of month, month, day of week, then the command";
  const auto& words = line.words;
  const auto first = words.front().text;
  if (first.size() > 1 && first.front() == '-') {
    complain(words.front().at,
             "a '-' before the minute, which some crons take for 'do not log', is not known here");
    return false;
  }
  for (const auto& word : words) {
    if (word.text.find('~') != std::string_view::npos && looks_like_time_field(word.text)) {
      complain(word.at + word.text.find('~'), "random times with '~' are not known here",
               "RANDOM_DELAY=minutes above the line delays it by chance");
      return false;
    }
  }
  std::size_t fields = 0;
  while (fields < words.size() && looks_like_time_field(words[fields].text)) ++fields;
  if (fields == 0) {
    complain(words.front().at,
             fmt::format("'{}' is neither a setting (NAME=value) nor a time field", shown(first)),
             std::string{wanted});
  } else if (fields < 5 &&
             (words.size() < 5 || words[fields].text.find('/') == 0 || line.rest.text.empty())) {
    const auto at = fields < words.size() ? words[fields].at : line_.size();
    complain(at, fmt::format("{} time field{} where five are needed", fields, fields == 1 ? "" : "s"),
             std::string{wanted});
  } else if (line.rest.text.empty()) {
    complain(line_.size(), "no command after the five time fields");
  } else if (line.rest.text.front() == '*' &&
             (line.rest.text.size() == 1 || line.rest.text.find_first_of(" \t/") == 1)) {
    complain(line.rest.at, "a sixth time field",
             "a crontab has five, without seconds: " + std::string{wanted});
  } else {
    return true;
  }
  return false;
}

bool crontab_reader::has_user_column(const crontab_word& command) {
  const auto split = split_words(command.text, 1);
  if (split.words.empty() || split.rest.text.empty()) return false;
  const auto word = split.words.front().text;
  if (word != "root" && !machine_.is_user(word, env_.at("PATH"))) return false;
  complain(command.at,
           fmt::format("'{}' before the command is a user's name: this is the format of /etc/crontab",
                       shown(word)),
           "this version reads the format of a user's crontab, which has no such column");
  return true;
}

std::string crontab_reader::with_modifiers(std::string text) const {
  if (!zone_.empty()) text += " in " + zone_;
  if (delay_ != 0) text += fmt::format(" jitter {}m", delay_);
  return text;
}

std::optional<trigger> crontab_reader::read_schedule(const schedule_text& schedule) {
  auto read = parse_trigger(with_modifiers(schedule.text));
  if (read) return *std::move(read);
  complain(schedule.in_line(read.error().position), read.error().message, read.error().hint);
  return std::nullopt;
}

// Vixie's rule: a day field that begins with `*` is a star, and then both must match.
std::optional<trigger> crontab_reader::read_starred(const std::vector<crontab_word>& fields,
                                                    const trigger& plain) {
  const auto date = fields[2].text, weekday = fields[4].text;
  const bool both_restricted = date != "*" && date != "?" && weekday != "*" && weekday != "?";
  if (!both_restricted || (date.front() != '*' && weekday.front() != '*')) return plain;
  const auto time = fmt::format("{} {}", fields[0].text, fields[1].text);
  const auto month = fields[3].text;
  const auto text = fmt::format("(cron {} {} {} *) and (cron {} * {} {}) within 0s", time, date, month, time,
                                month, weekday);
  auto read = parse_trigger(with_modifiers(text));
  if (read) {
    const auto meets = read->next({}, instant{});
    if (meets && *meets) return *std::move(read);
    complain(fields[2].at, "no day is ever both",
             "a day field that begins with * must match as well as the other one");
  } else {
    complain(fields[2].at, read.error().message, read.error().hint);
  }
  return std::nullopt;
}

void crontab_reader::add(crontab_entry entry, const crontab_word& command) {
  auto split = split_percent(command.text);
  if (split.line.find_first_not_of(" \t") == std::string::npos) {
    return complain(command.at, "nothing is left of the command before the first %",
                    "write \\% for a percent sign");
  }
  entry.line = number_;
  entry.id = id_of_command(command.text);
  const auto again = ++ids_[entry.id];
  if (again > 1) entry.id += fmt::format("-{}", again);
  entry.command.shell = std::move(split.line);
  entry.command.input = std::move(split.input);
  entry.command.shell_program = env_.at("SHELL");
  entry.command.cwd = env_.at("HOME");
  entry.command.inherit_env = false;
  entry.command.env = env_;
  out_.entries.push_back(std::move(entry));
}

bool is_program(std::string_view word, std::string_view path) {
  if (word.find('/') != std::string_view::npos) return true;
  while (true) {
    const auto end = path.find(':');
    if (::access(fmt::format("{}/{}", path.substr(0, end), word).c_str(), X_OK) == 0) return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

crontab_surroundings crontab_surroundings::of_this_machine() {
  crontab_surroundings machine;
  if (const auto* me = ::getpwuid(::getuid())) {
    machine.user = me->pw_name;
    machine.home = me->pw_dir;
  }
  machine.is_user = [](std::string_view word, std::string_view path) {
    return word.size() <= 64 && ::getpwnam(std::string{word}.c_str()) != nullptr && !is_program(word, path);
  };
  return machine;
}

crontab read_crontab(std::string_view text, const std::string& file, const crontab_surroundings& machine) {
  return crontab_reader{file, machine}.read(text);
}

}  // namespace carillon::app
