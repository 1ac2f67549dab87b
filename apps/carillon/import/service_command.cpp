#include "carillon/import/service_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "carillon/import/specifiers.hpp"

namespace carillon::app {
namespace {

constexpr milliseconds longest_kill_after = std::chrono::hours{24};

// Keys without a bearing on what runs when.
bool is_without_meaning(const unit_entry& entry) {
  static constexpr std::array<std::string_view, 5> keys{"Documentation", "SyslogIdentifier", "SyslogLevel",
                                                        "StandardOutput", "StandardError"};
  return entry.section == "Install" || std::find(keys.begin(), keys.end(), entry.key) != keys.end();
}

bool is_order(const unit_entry& entry) {
  static constexpr std::array<std::string_view, 8> keys{
      "After", "Before", "Requires", "Wants", "Conflicts", "PartOf", "BindsTo", "DefaultDependencies"};
  return std::find(keys.begin(), keys.end(), entry.key) != keys.end();
}

bool has_variables(const std::string& word) { return word.find('$') != std::string::npos; }

bool has_variables(const unit_command& command) {
  return !command.is_literal && std::any_of(command.words.begin(), command.words.end(),
                                            [](const std::string& word) { return has_variables(word); });
}

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
  if (!has_variables(command)) {
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
    for (const auto& [file, line] : service_.unreadable)
      notes_.push_back({import_fit::left_out, file, line, {}, {}, "is no assignment"});
    for (const auto& entry : service_.entries) take(entry);
    for (const auto& name : unset_) command_.env.erase(name);
    join_commands();
    if (!command_.argv.empty() || !command_.shell.empty()) job_.command = std::move(command_);
    return std::move(job_);
  }

 private:
  void note(import_fit fit, const unit_entry& entry, std::string words = {}) {
    notes_.push_back(
        {fit, entry.file, entry.line, {}, fmt::format("{}={}", entry.key, entry.value), std::move(words)});
  }
  void exact(const unit_entry& entry) { note(import_fit::exact, entry); }
  void fail(const unit_entry& entry, std::string words) {
    job_.lacks_command = true;
    note(import_fit::left_out, entry, std::move(words));
  }

  void take(const unit_entry& entry) {
    if (!entry.taken_back_by.empty())
      return note(import_fit::exact, entry,
                  fmt::format("no longer: {} takes its place", entry.taken_back_by));
    if (is_reset(entry)) return note(import_fit::exact, entry, "takes back what stands above it");
    if (entry.section.empty()) return note(import_fit::left_out, entry, "stands in no section");
    if (entry.section == "Unit" && entry.key == "Description")
      return take_text(entry, job_.options.description);
    if (is_without_meaning(entry)) return exact(entry);
    if (is_order(entry)) return note(import_fit::left_out, entry, "jobs do not wait for other units");
    if (entry.key.starts_with("Condition") || entry.key.starts_with("Assert"))
      return note(import_fit::left_out, entry, "is not looked at: the job runs anyhow");
    if (entry.key == "OnSuccess" || entry.key == "OnFailure")
      return fail(entry, fmt::format("a job of its own with after = {{ job = \"…\", on = \"{}\" }} does that",
                                     entry.key == "OnSuccess" ? "success" : "failure"));
    if (entry.section != "Service") return note(import_fit::left_out, entry, "has no like here");
    take_service(entry);
  }

  void take_service(const unit_entry& entry) {
    const auto& key = entry.key;
    if (key == "ExecStart" || key == "ExecStartPre" || key == "ExecStartPost") return take_command(entry);
    if (key == "ExecStop" || key == "ExecStopPost")
      return fail(entry, "is not run: the end of the command is the place for it, or a job with after");
    if (key == "ExecCondition") return fail(entry, "is not run: the job runs anyhow");
    if (key == "ExecReload") return note(import_fit::left_out, entry, "a job is not reloaded");
    if (key == "User") return take_text(entry, command_.user);
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

  // A text in which specifiers are known.
  void take_text(const unit_entry& entry, std::string& into) {
    const auto text = expand_specifiers(entry.value, unit_);
    if (!text) return note(import_fit::left_out, entry, std::string{unknown_specifier});
    into = *text;
    exact(entry);
  }

  void take_command(const unit_entry& entry) {
    auto commands = read_exec_line(entry.value);
    if (!commands) return fail(entry, commands.error().message);
    std::string words;
    for (auto& command : *commands) {
      for (auto& word : command.words) {
        auto text = expand_specifiers(word, unit_);
        if (!text) return fail(entry, std::string{unknown_specifier});
        word = std::move(*text);
      }
      if (!command.prefixes.empty())
        words = fmt::format("the '{}' before the program has no like here", command.prefixes);
      // Behind @ stands the name that the program is told, and then what it is given.
      if (command.prefixes.find('@') != std::string::npos && command.words.size() > 1)
        command.words.erase(command.words.begin() + 1);
      if (command.words.front().empty()) return fail(entry, "no program");
    }
    auto& into = entry.key == "ExecStartPre" ? before_ : entry.key == "ExecStart" ? main_ : after_;
    std::move(commands->begin(), commands->end(), std::back_inserter(into));
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
    const bool plain = lines.size() == 1 && !first.may_fail && !has_variables(first);
    if (plain) {
      command_.argv = first.words;
    } else if (lines.size() == 1 && !first.may_fail) {
      command_.shell = "exec " + lines.front();
    } else {
      command_.shell = fmt::format("{}", fmt::join(lines, " && "));
    }
    if (!plain)
      notes_.push_back({import_fit::approximate,
                        file_,
                        0,
                        {},
                        {},
                        "a shell runs its commands, one after the other, and knows their variables"});
  }

  void take_environment(const unit_entry& entry) {
    const auto words = read_unit_words(entry.value);
    if (!words) return note(import_fit::left_out, entry, words.error().message);
    for (const auto& word : *words) {
      const auto text = expand_specifiers(word, unit_);
      if (!text) return note(import_fit::left_out, entry, std::string{unknown_specifier});
      const auto equals = text->find('=');
      if (equals == std::string::npos || equals == 0)
        return note(import_fit::left_out, entry, fmt::format("'{}' sets no variable", *text));
      command_.env[text->substr(0, equals)] = text->substr(equals + 1);
    }
    exact(entry);
  }

  void take_unset(const unit_entry& entry) {
    const auto words = read_unit_words(entry.value);
    if (!words) return note(import_fit::left_out, entry, words.error().message);
    unset_.insert(unset_.end(), words->begin(), words->end());
    exact(entry);
  }

  void take_folder(const unit_entry& entry) {
    auto folder = entry.value;
    const bool optional = folder.starts_with('-');
    if (optional) folder.erase(0, 1);
    const auto text = expand_specifiers(folder, unit_);
    if (!text) return note(import_fit::left_out, entry, std::string{unknown_specifier});
    if (!text->starts_with('/'))
      return note(import_fit::left_out, entry, "cwd is an absolute path: name the folder");
    command_.cwd = *text;
    note(optional ? import_fit::approximate : import_fit::exact, entry,
         optional ? "a folder that is not there is a failure" : "");
  }

  void take_type(const unit_entry& entry) {
    const bool waits = entry.value == "oneshot" || entry.value == "simple" || entry.value == "exec";
    note(waits ? import_fit::exact : import_fit::approximate, entry,
         waits ? "" : "the run ends when the command itself ends");
  }

  std::string type() const {
    const auto* named = service_.last("Service", "Type");
    if (named != nullptr) return named->value;
    return service_.last("Service", "ExecStart") == nullptr ? "oneshot" : "simple";
  }

  bool runs_several() const {
    const auto count = [this](std::string_view key) { return service_.all("Service", key).size(); };
    return count("ExecStartPre") + count("ExecStart") + count("ExecStartPost") > 1;
  }

  // The start of a oneshot service is its whole run; one of any other type has begun when its run begins.
  void take_timeout(const unit_entry& entry) {
    const auto span = read_time_span(entry.value);
    if (!span) return note(import_fit::left_out, entry, "is no time span");
    const bool is_limit = *span != infinite_span && *span > milliseconds{0};
    const bool of_stop = entry.key == "TimeoutStopSec" || entry.key == "TimeoutSec";
    const bool of_start = entry.key == "TimeoutStartSec" || entry.key == "TimeoutSec";
    const bool of_run = type() == "oneshot" ? of_start : entry.key == "RuntimeMaxSec";
    std::vector<std::string> words;
    if (of_stop) {
      command_.kill_after = is_limit ? std::min(*span, longest_kill_after) : longest_kill_after;
      if (!is_limit || *span > longest_kill_after)
        words.emplace_back("SIGKILL comes a day after SIGTERM: kill_after is no longer");
    }
    if (of_run) {
      job_.options.timeout = is_limit ? span : std::nullopt;
      if (is_limit && of_start && runs_several())
        words.emplace_back("of all its commands together; systemd counts it for each of them");
    } else if (!of_stop && is_limit) {
      return note(import_fit::left_out, entry,
                  fmt::format("it does not bound the run there, with Type={}", type()));
    }
    note(words.empty() ? import_fit::exact : import_fit::approximate, entry,
         fmt::format("{}", fmt::join(words, "; ")));
  }

  const unit_file& service_;
  const std::string& file_;
  const std::string& unit_;
  std::vector<import_note>& notes_;
  command_line command_;
  service_job job_;
  std::vector<std::string> unset_;
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

service_job read_service(const unit_file& service, const std::string& file, const std::string& unit,
                         std::vector<import_note>& notes) {
  return service_reader{service, file, unit, notes}.read();
}

}  // namespace carillon::app
