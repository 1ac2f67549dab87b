#include "carillon/import/service_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace carillon::app {
namespace {

// Keys without a bearing on what runs when.
bool is_without_meaning(const unit_entry& entry) {
  static constexpr std::array<std::string_view, 6> keys{"Documentation", "Description",    "SyslogIdentifier",
                                                        "SyslogLevel",   "StandardOutput", "StandardError"};
  return entry.section == "Install" || std::find(keys.begin(), keys.end(), entry.key) != keys.end();
}

bool is_order(const unit_entry& entry) {
  static constexpr std::array<std::string_view, 8> keys{
      "After", "Before", "Requires", "Wants", "Conflicts", "PartOf", "BindsTo", "DefaultDependencies"};
  return std::find(keys.begin(), keys.end(), entry.key) != keys.end();
}

bool has_variables(const std::string& word) { return word.find('$') != std::string::npos; }

// A word for the shell: its variables are the shell's, all else is taken as it stands.
std::string for_shell(const std::string& word) {
  const bool whole = word.size() > 1 && word.front() == '$' && word[1] != '{' && word[1] != '$';
  if (whole) return word;
  std::string quoted = "\"";
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if (c == '$' && i + 1 < word.size() && word[i + 1] == '{') {
      quoted += c;
    } else if (c == '$') {
      quoted += "\\$";
      if (i + 1 < word.size() && word[i + 1] == '$') ++i;
    } else {
      if (c == '"' || c == '\\' || c == '`') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string shell_line(const unit_command& command) {
  std::string line;
  if (std::none_of(command.words.begin(), command.words.end(), has_variables)) {
    command_line plain;
    plain.argv = command.words;
    line = to_string(plain);
  } else {
    for (const auto& word : command.words) line += (line.empty() ? "" : " ") + for_shell(word);
  }
  return command.may_fail ? "{ " + line + " || true; }" : line;
}

class service_reader {
 public:
  service_reader(const unit_file& service, const std::string& file, const std::string& unit,
                 std::vector<import_note>& notes)
      : service_(service), file_(file), unit_(unit), notes_(notes) {
    command_ = service_surroundings();
  }

  service_job read() {
    for (const auto line : service_.unreadable) note(import_fit::left_out, line, "", "is no assignment");
    for (const auto& entry : service_.entries) take(entry);
    join_commands();
    service_job job;
    job.options = std::move(options_);
    if (!command_.argv.empty() || !command_.shell.empty()) job.command = std::move(command_);
    return job;
  }

 private:
  void note(import_fit fit, std::size_t line, std::string text, std::string words) {
    notes_.push_back({fit, file_, line, {}, std::move(text), std::move(words)});
  }
  void note(import_fit fit, const unit_entry& entry, std::string words = {}) {
    note(fit, entry.line, fmt::format("{}={}", entry.key, entry.value), std::move(words));
  }
  void exact(const unit_entry& entry) { note(import_fit::exact, entry); }

  void take(const unit_entry& given) {
    auto entry = given;
    const auto expanded = expand_specifiers(given.value, unit_);
    if (!expanded) return note(import_fit::left_out, given, "a specifier that only systemd knows");
    entry.value = *expanded;
    if (entry.section == "Unit" && entry.key == "Description") options_.description = entry.value;
    if (is_without_meaning(entry)) return exact(entry);
    if (is_order(entry)) return note(import_fit::left_out, entry, "jobs do not wait for other units");
    if (entry.key.starts_with("Condition") || entry.key.starts_with("Assert"))
      return note(import_fit::left_out, entry, "is not looked at: the job runs anyhow");
    if (entry.key == "OnSuccess" || entry.key == "OnFailure")
      return note(import_fit::left_out, entry,
                  fmt::format("a job of its own with after = {{ job = \"…\", on = \"{}\" }} does that",
                              entry.key == "OnSuccess" ? "success" : "failure"));
    if (entry.section != "Service") return note(import_fit::left_out, entry, "has no like here");
    take_service(entry);
  }

  void take_service(const unit_entry& entry) {
    const auto& key = entry.key;
    if (key == "ExecStart" || key == "ExecStartPre" || key == "ExecStartPost") return take_command(entry);
    if (key == "User") return command_.user = entry.value, exact(entry);
    if (key == "Environment") return take_environment(entry);
    if (key == "UnsetEnvironment") return take_unset(entry);
    if (key == "WorkingDirectory") return take_folder(entry);
    if (key == "Type") return take_type(entry);
    if (key == "TimeoutStartSec" || key == "RuntimeMaxSec" || key == "TimeoutStopSec" || key == "TimeoutSec")
      return take_timeout(entry);
    if (key == "Group")
      return note(import_fit::left_out, entry,
                  "a command has the groups that its user has in the list of users");
    if (key == "EnvironmentFile")
      return note(import_fit::left_out, entry,
                  "is not read: set the variables in env, or read it in the command");
    if (key.starts_with("Restart"))
      return note(import_fit::left_out, entry, "retry = { attempts = 3, backoff = \"10s..5m\" } tries again");
    if (key == "KillMode" || key == "KillSignal" || key == "SendSIGKILL")
      return note(import_fit::left_out, entry,
                  "the process group gets SIGTERM, and SIGKILL kill_after later");
    if (key == "SuccessExitStatus")
      return note(import_fit::left_out, entry, "each exit status but 0 is a failure");
    note(import_fit::left_out, entry, "has no like here; systemd-run in the command can have it");
  }

  void take_command(const unit_entry& entry) {
    auto commands = read_exec_line(entry.value);
    auto& into = entry.key == "ExecStartPre" ? before_ : entry.key == "ExecStart" ? main_ : after_;
    if (entry.value.empty()) return into.clear();
    if (!commands || commands->empty()) return note(import_fit::left_out, entry, "its quotes do not close");
    std::string words;
    for (auto& command : *commands) {
      if (!command.prefixes.empty())
        words = fmt::format("the '{}' before the program has no like here", command.prefixes);
      if (command.words.front().empty()) return note(import_fit::left_out, entry, "no program");
      into.push_back(std::move(command));
    }
    note(words.empty() ? import_fit::exact : import_fit::approximate, entry, words);
  }

  // One command without variables runs without a shell; systemd has none, so several need one to join them.
  void join_commands() {
    std::vector<std::string> lines;
    for (const auto* part : {&before_, &main_, &after_}) {
      for (const auto& command : *part) lines.push_back(shell_line(command));
    }
    if (lines.empty()) return;
    const auto& first = main_.empty() ? (before_.empty() ? after_ : before_).front() : main_.front();
    const bool plain = lines.size() == 1 && !first.may_fail &&
                       std::none_of(first.words.begin(), first.words.end(), has_variables);
    if (plain) {
      command_.argv = first.words;
    } else if (lines.size() == 1 && !first.may_fail) {
      command_.shell = "exec " + lines.front();
    } else {
      command_.shell = fmt::format("{}", fmt::join(lines, " && "));
    }
    if (!plain)
      note(import_fit::approximate, 0, "",
           "a shell runs its commands, one after the other, and knows their variables");
  }

  void take_environment(const unit_entry& entry) {
    const auto words = read_unit_words(entry.value);
    if (!words) return note(import_fit::left_out, entry, "its quotes do not close");
    for (const auto& word : *words) {
      const auto equals = word.find('=');
      if (equals == std::string::npos || equals == 0)
        return note(import_fit::left_out, entry, fmt::format("'{}' sets no variable", word));
      command_.env[word.substr(0, equals)] = word.substr(equals + 1);
    }
    exact(entry);
  }

  void take_unset(const unit_entry& entry) {
    const auto words = read_unit_words(entry.value);
    for (const auto& word : words.value_or(std::vector<std::string>{})) command_.env.erase(word);
    exact(entry);
  }

  void take_folder(const unit_entry& entry) {
    auto folder = entry.value;
    const bool optional = folder.starts_with('-');
    if (optional) folder.erase(0, 1);
    if (!folder.starts_with('/'))
      return note(import_fit::left_out, entry, "cwd is an absolute path: name the folder");
    command_.cwd = folder;
    note(optional ? import_fit::approximate : import_fit::exact, entry,
         optional ? "a folder that is not there is a failure" : "");
  }

  void take_type(const unit_entry& entry) {
    const bool waits = entry.value == "oneshot" || entry.value == "simple" || entry.value == "exec";
    note(waits ? import_fit::exact : import_fit::approximate, entry,
         waits ? "" : "the run ends when the command itself ends");
  }

  void take_timeout(const unit_entry& entry) {
    const auto span = read_time_span(entry.value);
    if (!span) return note(import_fit::left_out, entry, "is no time span");
    const bool of_stop = entry.key == "TimeoutStopSec" || entry.key == "TimeoutSec";
    const bool of_run = entry.key != "TimeoutStopSec";
    if (of_stop) command_.kill_after = std::min<milliseconds>(*span, std::chrono::hours{24});
    if (of_run && *span != infinite_span && *span > milliseconds{0}) options_.timeout = *span;
    exact(entry);
  }

  const unit_file& service_;
  const std::string& file_;
  const std::string& unit_;
  std::vector<import_note>& notes_;
  command_line command_;
  job_options options_;
  std::vector<unit_command> before_, main_, after_;
};

}  // namespace

command_line service_surroundings() {
  command_line command;
  command.inherit_env = false;
  command.env["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  command.cwd = "/";
  command.kill_after = std::chrono::seconds{90};
  return command;
}

std::optional<std::string> expand_specifiers(std::string_view text, const std::string& unit) {
  const auto stem = unit.substr(0, unit.rfind('.'));
  const auto at = stem.find('@');
  std::string expanded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      expanded += text[i];
      continue;
    }
    switch (++i < text.size() ? text[i] : '\0') {
      case '%': expanded += '%'; break;
      case 'n': expanded += unit; break;
      case 'N': expanded += stem; break;
      case 'p': expanded += stem.substr(0, at); break;
      case 'i':
      case 'I': expanded += at == std::string::npos ? "" : stem.substr(at + 1); break;
      case 't': expanded += "/run"; break;
      case 'S': expanded += "/var/lib"; break;
      case 'C': expanded += "/var/cache"; break;
      case 'L': expanded += "/var/log"; break;
      case 'E': expanded += "/etc"; break;
      case 'T': expanded += "/tmp"; break;
      case 'V': expanded += "/var/tmp"; break;
      default: return std::nullopt;
    }
  }
  return expanded;
}

service_job read_service(const unit_file& service, const std::string& file, const std::string& unit,
                         std::vector<import_note>& notes) {
  return service_reader{service, file, unit, notes}.read();
}

}  // namespace carillon::app
