#include "carillon/import/import_crontab.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <map>
#include <utility>

#include "carillon/crontab_line.hpp"
#include "carillon/daemon_files.hpp"
#include "carillon/import/toml_text.hpp"

namespace carillon::app {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view without_blanks(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// What all commands have in common goes into [defaults].
command_line usual_of(const std::vector<crontab_entry>& entries) {
  command_line usual;
  if (entries.empty()) return usual;
  usual = entries.front().command;
  usual.shell.clear();
  usual.input.clear();
  usual.log_output = true;
  for (const auto& entry : entries) {
    const auto& one = entry.command;
    if (one.cwd != usual.cwd) usual.cwd.clear();
    if (one.user != usual.user) usual.user.clear();
    if (one.shell_program != usual.shell_program) usual.shell_program = command_line{}.shell_program;
    if (one.mail != usual.mail) usual.mail.reset();
    std::erase_if(usual.env, [&](const auto& pair) {
      const auto same = one.env.find(pair.first);
      return same == one.env.end() || same->second != pair.second;
    });
  }
  return usual;
}

class crontab_import {
 public:
  crontab_import(std::string_view text, const std::string& file, crontab_format format,
                 const crontab_surroundings& machine)
      : file_(file),
        machine_(machine),
        lines_(lines_of(text)),
        read_(read_crontab(text, file, machine, format)),
        usual_(usual_of(read_.entries)) {}

  import_result take() {
    write_head();
    for (const auto& entry : read_.entries) write_job(entry);
    note_settings();
    for (const auto& problem : read_.found) note_problem(problem);
    std::multimap<std::size_t, import_note> by_line;
    for (auto& one : result_.notes) by_line.emplace(one.line, std::move(one));
    result_.notes.clear();
    for (auto& [number, one] : by_line) result_.notes.push_back(std::move(one));
    result_.jobs = read_.entries.size();
    return std::move(result_);
  }

 private:
  std::string line(std::size_t number) const {
    return number == 0 || number > lines_.size() ? std::string{}
                                                 : std::string{without_blanks(lines_[number - 1])};
  }

  void note(import_fit fit, std::size_t number, std::string job, std::string words) {
    result_.notes.push_back({fit, file_, number, std::move(job), line(number), std::move(words)});
  }

  void write_head() {
    result_.toml = toml_comment("Made from " + file_ + ".");
    toml_section defaults{"\n[defaults]"};
    defaults.set("max_instances", "10000");
    defaults.set_command(usual_, {});
    result_.toml += defaults.text();
  }

  void write_job(const crontab_entry& entry) {
    toml_section job{"\n[[job]]"};
    job.comment(fmt::format("{}:{}: {}", file_, entry.line, line(entry.line)));
    job.set_text("id", entry.id);
    job.set_text("schedule", entry.at_reboot ? "@reboot" : entry.when->text());
    job.set_text("misfire_grace", entry.wildcard ? "1m" : "3h");
    job.set_command(entry.command, usual_);
    result_.toml += job.text();
    note_job(entry);
  }

  void note_job(const crontab_entry& entry) {
    std::string words;
    const auto add = [&](std::string_view more) { words += (words.empty() ? "" : "; ") + std::string{more}; };
    const auto text = entry.when ? entry.when->text() : "";
    if (entry.at_reboot)
      add("once for each start of the machine, also of a line that is new: it does not wait for the next "
          "start");
    if (text.find('~') != std::string::npos)
      add("the job's id decides what ~ is, once and for all; cron draws again whenever it reads the file");
    if (text.find(" jitter ") != std::string::npos)
      add("the delay of RANDOM_DELAY is drawn for each run; cron draws it once when it starts");
    if (!entry.command.user.empty() && entry.command.env.at("HOME") == "/" && !known_user(entry.command.user))
      add(fmt::format("there is no user {} on this machine, so HOME and cwd are to be set",
                      entry.command.user));
    if (entry.quiet) add("what it prints is kept out of the log, too");
    const auto fit = words.empty() ? import_fit::exact : import_fit::approximate;
    note(fit, entry.line, entry.id, std::move(words));
  }

  // Settings stand in the jobs below them.
  void note_settings() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      const auto text = without_blanks(lines_[i]);
      if (text.empty() || text.front() == '#' || !read_setting(text) || has_error(i + 1)) continue;
      note(import_fit::exact, i + 1, {}, "in the jobs below it");
    }
  }

  bool known_user(const std::string& name) const { return machine_.is_user(name, ""); }

  bool has_error(std::size_t number) const {
    return std::any_of(read_.found.begin(), read_.found.end(),
                       [&](const diagnostic& one) { return one.line == number; });
  }

  void note_problem(const diagnostic& problem) {
    auto words = problem.message;
    if (!problem.hint.empty()) words += ": " + problem.hint;
    note(problem.warning ? import_fit::approximate : import_fit::left_out, problem.line, {},
         std::move(words));
    if (!problem.warning) result_.failed = true;
  }

  const std::string& file_;
  const crontab_surroundings& machine_;
  std::vector<std::string_view> lines_;
  crontab read_;
  command_line usual_;
  import_result result_;
};

}  // namespace

import_result import_crontab(std::string_view text, const std::string& file, crontab_format format,
                             const crontab_surroundings& machine) {
  return crontab_import{text, file, format, machine}.take();
}

}  // namespace carillon::app
