#include "carillon/crontab.hpp"

#include <fmt/format.h>
#include <carillon/time/zone.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "carillon/crontab_line.hpp"

namespace carillon::app {
namespace {

constexpr std::size_t most_line_bytes = 64u << 10;

// Vixie cron's settings of the mail. They stand in the environment, too.
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
  crontab_reader(const std::string& file, const crontab_surroundings& machine, crontab_format format)
      : file_(file), machine_(machine), format_(format) {
    env_ = {{"SHELL", "/bin/sh"}, {"PATH", "/usr/bin:/bin"}};
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
  void set_mail(std::string_view name, const crontab_word& value);
  command_mail mail_of(const std::string& user) const;
  void read_macro_line();
  void read_field_line();
  bool fields_are_five(const crontab_words& line);
  bool has_user_column(const crontab_word& command);
  bool is_system() const { return format_ == crontab_format::system; }
  std::optional<std::string> take_user(crontab_word& command);
  std::optional<trigger> read_schedule(const schedule_text& schedule);
  std::optional<trigger> read_starred(const std::vector<crontab_word>& fields, const trigger& plain);
  std::string with_modifiers(std::string text) const;
  void add(crontab_entry entry, crontab_word command);
  void set_whose(command_line& command, const std::string& user) const;

  const std::string& file_;
  const crontab_surroundings& machine_;
  crontab_format format_;
  crontab out_;
  std::string_view line_;
  std::size_t number_ = 0;
  std::map<std::string, std::string> env_;
  std::string zone_;                                 // of CRON_TZ
  unsigned delay_ = 0;                               // of RANDOM_DELAY, in minutes
  std::optional<std::vector<std::string>> mail_to_;  // of MAILTO; none: the user of the line
  command_mail mail_;                                // the other settings of mails
  bool told_of_dos_ = false;
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
  if (is_about_mail(name)) set_mail(name, setting.value);
  if (name == "CRON_TZ") return set_zone(setting.value);
  if (name == "RANDOM_DELAY") return set_delay(setting.value);
  if (name == "LOGNAME" || name == "USER") {
    const auto who = is_system() ? std::string{"the user of their line"} : machine_.user;
    return complain(at, fmt::format("{} cannot be set: commands run as {}", name, who), {}, true);
  }
  if ((name == "SHELL" || name == "HOME") &&
      (setting.value.text.empty() || setting.value.text.front() != '/')) {
    return complain(setting.value.at,
                    fmt::format("{} '{}' is no absolute path", name, shown(setting.value.text)));
  }
  env_[std::string{name}] = setting.value.text;
}

void crontab_reader::set_mail(std::string_view name, const crontab_word& value) {
  const std::string text{value.text};
  const auto check = [&](std::string_view address) {
    const auto fault = fault_of_address(address);
    if (!fault) return true;
    complain(value.at, fmt::format("{}: {}", name, *fault));
    return false;
  };
  if (name == "MAILTO") {
    auto all = addresses_of(text);
    if (std::all_of(all.begin(), all.end(), check)) mail_to_ = std::move(all);
  } else if (name == "MAILFROM") {
    if (text.empty() || check(text)) mail_.from = text;
  } else {
    (name == "CONTENT_TYPE" ? mail_.content_type : mail_.transfer_encoding) = text.substr(0, 900);
  }
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
  if (!is_system() && has_user_column(split.rest)) return;
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
  auto split = split_words(line_, 5);
  crontab_entry entry;
  if (split.words.front().text.size() > 1 && split.words.front().text.front() == '-') {
    entry.quiet = true;
    split.words.front().text.remove_prefix(1);
    ++split.words.front().at;
  }
  if (!fields_are_five(split)) return;
  schedule_text schedule;
  for (const auto& field : split.words) schedule.add(field);
  entry.when = read_schedule(schedule);
  if (!entry.when || (!is_system() && has_user_column(split.rest))) return;
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
           "--system-crontab reads it; the format of a user's crontab has no such column");
  return true;
}

// The user before the command, which is then left with the rest.
std::optional<std::string> crontab_reader::take_user(crontab_word& command) {
  const auto split = split_words(command.text, 1);
  std::string user{split.words.front().text};
  const auto complain_of_user = [&](std::string message, std::string hint) {
    complain(command.at, std::move(message), std::move(hint));
    return std::nullopt;
  };
  const bool is_number = std::all_of(user.begin(), user.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_number || !machine_.account(user)) {  // a number is more likely a sixth time field
    return complain_of_user(fmt::format("there is no user '{}' here", shown(user)),
                            "this is the system's format: a user stands before the command");
  }
  if (split.rest.text.empty()) {
    return complain_of_user(fmt::format("no command after the user '{}'", shown(user)), {});
  }
  if (!machine_.is_root && user != machine_.user) {
    return complain_of_user(
        fmt::format("only root may run commands as '{}': this is {}", user, machine_.user), {});
  }
  command = {split.rest.text, command.at + split.rest.at};
  return user;
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

void crontab_reader::add(crontab_entry entry, crontab_word command) {
  auto user = machine_.user;
  if (is_system()) {
    const auto given = take_user(command);
    if (!given) return;
    user = *given;
  }
  auto split = split_percent(command.text);
  if (split.line.find_first_not_of(" \t") == std::string::npos) {
    return complain(command.at, "nothing is left of the command before the first %",
                    "write \\% for a percent sign");
  }
  entry.line = number_;
  entry.id = id_of_command(command.text, is_system() ? user : "");
  const auto again = ++ids_[entry.id];
  if (again > 1) entry.id += fmt::format("-{}", again);
  entry.command.shell = std::move(split.line);
  entry.command.input = std::move(split.input);
  entry.command.shell_program = env_.at("SHELL");
  entry.command.inherit_env = false;
  entry.command.log_output = !entry.quiet;
  set_whose(entry.command, user);
  out_.entries.push_back(std::move(entry));
}

void crontab_reader::set_whose(command_line& command, const std::string& user) const {
  command.env = env_;
  command.env["LOGNAME"] = command.env["USER"] = user;
  const auto account = is_system() ? machine_.account(user) : crontab_account{machine_.home, machine_.home};
  const auto home = env_.find("HOME");
  if (home == env_.end()) command.env["HOME"] = account->home;
  command.cwd = home == env_.end() ? account->folder : home->second;
  if (is_system()) command.user = user;
  if (mail_to_ && mail_to_->empty()) return;
  command.mail = mail_of(user);
}

command_mail crontab_reader::mail_of(const std::string& user) const {
  auto mail = mail_;
  mail.to = mail_to_.value_or(std::vector{user});
  mail.show_env = true;
  mail.if_possible = !mail_to_;
  return mail;
}

}  // namespace

crontab read_crontab(std::string_view text, const std::string& file, const crontab_surroundings& machine,
                     crontab_format format) {
  return crontab_reader{file, machine, format}.read(text);
}

}  // namespace carillon::app
