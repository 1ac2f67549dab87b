#include "carillon/import/import_timer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <carillon/time/duration.hpp>
#include <carillon/trigger/trigger.hpp>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "carillon/import/on_calendar.hpp"
#include "carillon/import/service_command.hpp"
#include "carillon/import/specifiers.hpp"
#include "carillon/import/toml_text.hpp"
#include "carillon/import/unit_file.hpp"

namespace carillon::app {
namespace {

// One job of a timer: what stands behind its name, and when it runs.
struct timer_job {
  std::string suffix;
  std::string schedule;
};

class timer_import {
 public:
  timer_import(std::string file, const unit_source& source, import_result& result)
      : file_(std::move(file)), source_(source), result_(result) {
    const std::filesystem::path path{file_};
    unit_ = path.filename().string();
    name_ = path.stem().string();
    folders_ = unit_folders(path.parent_path().string());
    beside_ = path.parent_path();
  }

  void import() {
    const auto text = source_.text(file_);
    if (!text) return fail(0, "", "cannot be read");
    if (!unit_.ends_with(".timer")) return fail(0, "", "is no timer unit: its name ends with .timer");
    if (name_.ends_with('@'))
      return fail(
          0, "",
          fmt::format("is a template: a copy under the name of an instance, as {}main.timer, is a timer",
                      name_));
    first_note_ = result_.notes.size();
    timer_ = with_drop_ins(*text, file_, unit_);
    for (const auto& [file, line] : timer_.unreadable)
      result_.notes.push_back({import_fit::left_out, file, line, {}, {}, "is no assignment"});
    read_lines();
    read_jitter();
    add_jobs();
    for (auto at = first_note_; at < result_.notes.size(); ++at) result_.notes[at].job = name_;
  }

 private:
  void note(import_fit fit, std::size_t line, std::string text, std::string words) {
    result_.notes.push_back({fit, file_, line, {}, std::move(text), std::move(words)});
  }
  void note(import_fit fit, const unit_entry& entry, std::string words = {}) {
    result_.notes.push_back(
        {fit, entry.file, entry.line, {}, fmt::format("{}={}", entry.key, entry.value), std::move(words)});
  }
  void fail(std::size_t line, std::string text, std::string words) {
    result_.failed = true;
    note(import_fit::left_out, line, std::move(text), std::move(words));
  }
  void fail(const unit_entry& entry, std::string words) {
    result_.failed = true;
    note(import_fit::left_out, entry, std::move(words));
  }

  unit_file with_drop_ins(std::string_view text, const std::string& file, const std::string& unit) {
    auto read = read_unit_file(text, file);
    for (const auto& one : drop_ins_of(unit, folders_, source_)) {
      const auto more = source_.text(one);
      const auto fit = more ? import_fit::exact : import_fit::left_out;
      result_.failed |= !more;
      result_.notes.push_back(
          {fit, one, 0, {}, {}, more ? fmt::format("read as a part of {}", unit) : "cannot be read"});
      if (more) read.append(read_unit_file(*more, one));
    }
    read.settle();
    return read;
  }

  void read_lines() {
    for (const auto& entry : timer_.entries) {
      if (!entry.taken_back_by.empty()) {
        note(import_fit::exact, entry, fmt::format("no longer: {} takes its place", entry.taken_back_by));
      } else if (is_reset(entry)) {
        note(import_fit::exact, entry, "takes back what stands above it");
      } else if (entry.section.empty()) {
        note(import_fit::left_out, entry, "stands in no section");
      } else if (entry.section == "Timer") {
        read_timer_line(entry);
      } else if (entry.section == "Unit" && entry.key == "Description") {
        read_description(entry);
      } else if (entry.key.starts_with("Condition") || entry.key.starts_with("Assert")) {
        note(import_fit::left_out, entry, "is not looked at: the job runs anyhow");
      } else if (entry.key == "OnSuccess" || entry.key == "OnFailure") {
        note(import_fit::left_out, entry, "a timer that ends or fails starts nothing: jobs run after jobs");
      } else {
        note(import_fit::exact, entry);  // what a job needs no like of
      }
    }
  }

  void read_description(const unit_entry& entry) {
    const auto text = expand_specifiers(entry.value, unit_);
    if (!text) return note(import_fit::left_out, entry, std::string{unknown_specifier});
    description_ = *text;
    note(import_fit::exact, entry);
  }

  void read_timer_line(const unit_entry& entry) {
    const auto& key = entry.key;
    if (key == "OnCalendar") return read_calendar(entry);
    if (key.starts_with("On") && key.ends_with("Sec")) return read_span(entry);
    if (key == "Unit") return note(import_fit::exact, entry);
    if (key == "Persistent") return read_persistent(entry);
    if (key == "RandomizedDelaySec" || key == "FixedRandomDelay") return;  // read_jitter tells of them
    if (key == "AccuracySec")
      return note(import_fit::exact, entry,
                  "it runs at the very time, which systemd is allowed to miss by this");
    if (key == "RemainAfterElapse") return note(import_fit::exact, entry);
    if (key == "WakeSystem")
      return is_yes(entry.value) ? note(import_fit::left_out, entry, "a machine that sleeps is not woken")
                                 : note(import_fit::exact, entry);
    if (key == "OnClockChange" || key == "OnTimezoneChange")
      return is_yes(entry.value)
                 ? note(import_fit::left_out, entry, "nothing runs because the clock or the zone was set")
                 : note(import_fit::exact, entry);
    note(import_fit::left_out, entry, "has no like here");
  }

  void read_calendar(const unit_entry& entry) {
    const auto expanded = expand_specifiers(entry.value, unit_);
    if (!expanded) return fail(entry, std::string{unknown_specifier});
    const auto read = translate_calendar(*expanded);
    if (!read) {
      auto words = read.error().message;
      if (!read.error().hint.empty()) words += ": " + read.error().hint;
      return fail(entry, std::move(words));
    }
    calendars_.push_back(read->text);
    note(read->differences.empty() ? import_fit::exact : import_fit::approximate, entry,
         read->differences.empty() ? read->text : fmt::format("{}", fmt::join(read->differences, "; ")));
  }

  void read_span(const unit_entry& entry) {
    const auto span = read_time_span(entry.value);
    const auto& key = entry.key;
    if (!span || *span == infinite_span) return fail(entry, "is no time span");
    if (key == "OnUnitActiveSec") {
      every_ = std::min(*span, every_.value_or(*span));
      note(import_fit::approximate, entry,
           "each interval is counted from the one before, not from when the service last began: it never "
           "drifts");
    } else if (key == "OnUnitInactiveSec") {
      after_end_ = std::min(*span, after_end_.value_or(*span));
      note(import_fit::exact, entry, "counted from the end of the last run");
    } else if (key == "OnBootSec" || key == "OnStartupSec") {
      starts_.push_back(*span);
      note(key == "OnBootSec" ? import_fit::exact : import_fit::approximate, entry,
           key == "OnBootSec" ? "once for each start of the machine"
                              : "counted from the start of the machine, not of systemd");
    } else if (key == "OnActiveSec") {
      starts_.push_back(*span);
      note(import_fit::approximate, entry,
           "counted from the start of the machine, not from when the timer was started");
    } else {
      note(import_fit::left_out, entry, "has no like here");
    }
  }

  void read_persistent(const unit_entry& entry) {
    persistent_ = is_yes(entry.value);
    if (!persistent_) return note(import_fit::exact, entry);
    note(import_fit::approximate, entry,
         "made up for however late it is, but over a restart of the daemon only with a store that keeps jobs "
         "(store = \"sqlite:jobs.db\", for one)");
  }

  void read_jitter() {
    const auto* delay = timer_.last("Timer", "RandomizedDelaySec");
    if (const auto* fixed = timer_.last("Timer", "FixedRandomDelay")) {
      if (!is_yes(fixed->value) || delay == nullptr) {
        note(import_fit::exact, *fixed);
      } else {
        note(import_fit::approximate, *fixed,
             "each fire has a delay of its own, by the job's id and its time");
      }
    }
    if (delay == nullptr) return;
    const auto span = read_time_span(delay->value);
    if (!span || *span == infinite_span) return note(import_fit::left_out, *delay, "is no time span");
    if (*span == milliseconds{0}) return note(import_fit::exact, *delay);
    jitter_ = " jitter " + format_duration(*span);
    note(import_fit::approximate, *delay,
         "the delay comes from the job's id and the time, the same on each instance, and never reaches the "
         "next fire");
  }

  // All that counts without a start becomes one schedule; what begins with the machine is a job of its own.
  std::vector<timer_job> jobs_of_timer() const {
    std::vector<timer_job> jobs;
    auto regular = calendars_;
    if (every_) regular.push_back("every " + format_duration(*every_));
    if (regular.size() == 1) {
      jobs.push_back({"", regular.front() + jitter_});
    } else if (!regular.empty()) {
      jobs.push_back({"", fmt::format("({}){}", fmt::join(regular, ") or ("), jitter_)});
    }
    if (after_end_)
      jobs.push_back({jobs.empty() ? "" : "-again",
                      fmt::format("every {}{} fixed_delay", format_duration(*after_end_), jitter_)});
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      const auto suffix = jobs.empty() ? "" : i == 0 ? "-boot" : fmt::format("-boot-{}", i + 1);
      jobs.push_back({suffix, starts_[i] == milliseconds{0}
                                  ? "@reboot"
                                  : "@reboot after " + format_duration(starts_[i])});
    }
    return jobs;
  }

  // What is read of a unit, and where it lies: itself or, of an instance, its template.
  std::optional<std::pair<std::string, std::string>> find_unit(const std::string& unit) const {
    std::vector<std::string> names{unit};
    if (const auto at = unit.find('@'); at != std::string::npos)
      names.push_back(unit.substr(0, at + 1) + unit.substr(unit.rfind('.')));
    for (const auto& name : names) {
      for (const auto& folder : folders_) {
        const auto file = (std::filesystem::path{folder} / name).string();
        if (auto text = source_.text(file)) return std::pair{file, std::move(*text)};
      }
    }
    return std::nullopt;
  }

  std::optional<service_job> service() {
    const auto* named = timer_.last("Timer", "Unit");
    const auto expanded = named == nullptr ? name_ + ".service" : expand_specifiers(named->value, unit_);
    if (!expanded || !expanded->ends_with(".service")) {
      fail(*named, expanded ? "only services become jobs" : std::string{unknown_specifier});
      return std::nullopt;
    }
    const auto found = find_unit(*expanded);
    if (!found) {
      const auto words =
          fmt::format("there is no {}: what it runs is not known", (beside_ / *expanded).string());
      named == nullptr ? fail(0, "", words) : fail(*named, words);
      return std::nullopt;
    }
    const auto& [file, text] = *found;
    auto job = read_service(with_drop_ins(text, file, *expanded), file, *expanded, result_.notes);
    if (!job.command) fail(0, "", fmt::format("{} has no ExecStart that could be run here", file));
    if (job.lacks_command) result_.failed = true;
    return job;
  }

  void add_jobs() {
    auto job = service();
    const auto jobs = jobs_of_timer();
    if (jobs.empty()) fail(0, "", "nothing says when it runs");
    if (!job || !job->command || jobs.empty()) return;
    if (job->command->user.empty())
      note(import_fit::approximate, 0, "",
           "runs as the user of the daemon; systemd's manager of the system runs it as root");
    if (jobs.size() > 1)
      note(import_fit::approximate, 0, "",
           fmt::format("becomes {} jobs, which do not wait for each other", jobs.size()));
    for (const auto& one : jobs) write(one, *job);
  }

  void write(const timer_job& when, const service_job& what) {
    const auto read = when.schedule.starts_with("@reboot") ? std::string{} : fault_of_schedule(when.schedule);
    if (!read.empty()) return fail(0, when.schedule, read);
    toml_section job{"\n[[job]]"};
    job.comment(file_);
    job.set_text("id", name_ + when.suffix);
    job.set_text("schedule", when.schedule);
    const auto& description = what.options.description.empty() ? description_ : what.options.description;
    if (!description.empty()) job.set_text("description", description);
    if (persistent_) job.set_text("misfire_grace", "none");
    if (what.options.timeout) job.set_text("timeout", format_duration(*what.options.timeout));
    job.set_command(*what.command, service_surroundings());
    result_.toml += job.text();
    ++result_.jobs;
  }

  static std::string fault_of_schedule(const std::string& text) {
    const auto read = parse_trigger(text);
    return read ? std::string{} : read.error().message;
  }

  std::string file_, unit_, name_, description_;
  std::filesystem::path beside_;
  std::vector<std::string> folders_;
  const unit_source& source_;
  import_result& result_;
  unit_file timer_;
  std::size_t first_note_ = 0;
  std::vector<std::string> calendars_;
  std::vector<milliseconds> starts_;
  std::optional<milliseconds> every_, after_end_;
  std::string jitter_;
  bool persistent_ = false;
};

}  // namespace

import_result import_timers(const std::vector<std::string>& files, const unit_source& source) {
  import_result result;
  toml_section defaults{"\n[defaults]"};
  defaults.set_command(service_surroundings(), {});
  result.toml = toml_comment("Made from systemd's timers.") + defaults.text();
  for (const auto& file : files) timer_import{file, source, result}.import();
  return result;
}

}  // namespace carillon::app
