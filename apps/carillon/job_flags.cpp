#include "carillon/job_flags.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>
#include <carillon/trigger/any_of.hpp>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "carillon/config_after.hpp"
#include "carillon/config_job.hpp"
#include "carillon/declaration.hpp"

namespace carillon::app {
namespace {

const std::string command_line_name = "command line";

std::optional<std::string> fault_of_arguments(const std::string& text) {
  boost::system::error_code fault;
  const auto read = boost::json::parse(text, fault);
  if (fault) return "--args is no JSON: " + fault.message();
  if (!read.is_array()) return "--args must be a JSON array, as in --args '[\"customer-42\", 9.99]'";
  return std::nullopt;
}

// What a file would be told, in the words of the command line.
void speak_of_options(std::vector<diagnostic>& found) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> hints{{
      {"the job has no id", "--id NAME"},
      {"the job has no schedule", "--schedule \"every 5m\" or --after JOB"},
      {"the job has nothing to run", "-- PROGRAM ARGUMENT…, --shell LINE, --http URL or --task NAME"},
      {"http: no url", "--http URL"},
  }};
  for (auto& one : found) {
    for (const auto& [message, hint] : hints)
      if (one.message == message) one.hint = hint;
  }
}

class flag_reader {
 public:
  explicit flag_reader(const job_flags& flags)
      : flags_{flags}, source_{{}, command_line_name}, section_{source_, flags.keys, "the job"} {}

  flagged_job add() {
    if (!flags_.task) {
      auto declared = read_job(section_, {});
      if (flags_.arguments) source_.complain({}, "--args is for jobs with --task");
      if (declared && declared->at_start) {
        source_.complain({}, only_daemons_know_starts);
        return take({});
      }
      if (!declared) return take({});
      const auto& job = declared->definition;
      check_executor(job.options->executor, kind_of(job));
      if (!source_.found.empty()) return take({});
      declared->definition.origin = {};
      return take(std::move(declared->definition));
    }
    job_definition job{.id = read_text("id"),
                       .when = trigger{"every 1h"},
                       .task = *flags_.task,
                       .arguments = {},
                       .options = default_options(),
                       .first_time = std::nullopt,
                       .origin = {}};
    if (flags_.keys.get("schedule") == nullptr && flags_.keys.get("after") == nullptr)
      source_.complain({}, "the job has no schedule", "--schedule \"every 5m\" or --after JOB");
    return change(job);
  }

  flagged_job change(const job_definition& old) {
    auto job = old;
    job_settings settings;
    settings.options = *old.options;
    if (runs_command(old)) settings.command = command_of(old.arguments.str());
    if (sends_request(old)) settings.http = http_call_of(old.arguments.str());
    if (const auto id = section_.text("id"); id && *id != old.id)
      source_.complain({}, "a job keeps its id",
                       "jobs add makes another one; jobs remove takes the old away");
    if (const auto fault = fault_of_id(job.id)) source_.complain({}, "id: " + *fault, "--id NAME");
    read_schedule_flag(job);
    read_job_settings(section_, settings);
    read_runs(settings, job);
    if (const auto given = section_.text("description")) settings.options.description = *given;
    section_.finish();
    if (!source_.found.empty()) return take({});
    return take(finished(std::move(job), std::move(settings)));
  }

 private:
  flagged_job take(std::optional<job_definition> job) {
    speak_of_options(source_.found);
    return {std::move(job), std::move(source_.found)};
  }

  std::string read_text(std::string_view key) { return section_.text(key).value_or(""); }

  void read_schedule_flag(job_definition& job) {
    const auto follows = read_after(section_);
    const auto* node = section_.node("schedule");
    if (node == nullptr) {
      if (follows) job.when = *follows;
      return;
    }
    std::vector<std::string> given;
    if (node->is_array()) {
      given = section_.texts("schedule").value_or(given);
    } else {
      given.push_back(read_text("schedule"));
    }
    std::size_t faulty = 0;
    auto read = parse_any_of(given, &faulty);
    if (read) {
      join(*std::move(read), follows, job);
    } else {
      const auto& why = read.error();
      const auto& text = given.at(faulty);
      source_.complain({},
                       fmt::format("schedule '{}': {} (character {})", shown(text), why.message,
                                   characters(text, why.position) + 1),
                       why.hint);
    }
  }

  void join(trigger schedule, const std::optional<trigger>& follows, job_definition& job) {
    try {
      job.when = follows ? schedule || *follows : schedule;
    } catch (const parse_failure& why) {
      source_.complain({}, fmt::format("--schedule beside --after: {}", why.what()));
    }
  }

  // What a job needs; nothing: a task of some program.
  using kind = std::optional<executor_kind>;

  // What runs from now on: what the flags name, else what it was.
  kind read_kind(kind was, command_line& command) {
    const auto words = section_.texts("command");
    const auto line = section_.text("shell");
    const auto input = section_.text("input");
    const bool is_command = words || line;
    const bool is_request = section_.node("http") != nullptr;
    if (words && line) source_.complain({}, "a command and --shell are both given", "a job has one of them");
    if (flags_.task && is_command)
      source_.complain({}, "--task and a command are both given", "a job runs one of them");
    if (is_request && (is_command || flags_.task))
      source_.complain({}, "a request and something else to run are both given", "a job runs one of them");
    if (words) command.argv = *words, command.shell.clear();
    if (line) command.shell = *line, command.argv.clear();
    if (input) command.input = *input;
    if (is_command) return executor_kind::command;
    if (is_request) return executor_kind::http;
    return flags_.task ? std::nullopt : was;
  }

  // What runs: a command, a line for the shell, a request, or a task of some program.
  void read_runs(job_settings& settings, job_definition& job) {
    const auto was = kind_of(job);
    const bool is_fine = source_.found.empty();
    const auto is = read_kind(was, settings.command);
    if (flags_.arguments) {
      if (auto fault = fault_of_arguments(*flags_.arguments)) source_.complain({}, std::move(*fault));
      if (is) source_.complain({}, "--args is for jobs with --task");
    }
    settings.options.executor = executor_of(settings.options.executor, is, was);
    if (is == executor_kind::command) {
      if (const auto fault = fault_of(settings.command)) source_.complain({}, *fault);
      job.arguments = command_arguments(settings.command);
    } else if (is == executor_kind::http) {
      const auto fault = is_fine ? fault_of(settings.http) : std::nullopt;
      if (fault) source_.complain({}, *fault, settings.http.url.empty() ? "--http URL" : "");
      job.arguments = http_arguments(settings.http);
    } else {
      if (was) job.arguments = std::string{};
      if (flags_.task) job.task = *flags_.task;
      if (flags_.arguments) job.arguments = *flags_.arguments;
    }
    if (is) job.task = std::string{name_of(*is)};
  }

  // A job that changes from one kind to another leaves its executor, unless it is told which to take. What
  // the others of a daemon do, only its files know.
  std::string executor_of(const std::string& asked_or_old, kind is, kind was) {
    const std::string usual = is ? name_of(*is) : "";
    if (!section_.text("executor") && is != was) return usual;
    if (is && asked_or_old.empty()) return usual;
    if (section_.text("executor")) check_executor(asked_or_old, is);
    return asked_or_old;
  }

  void check_executor(const std::string& executor, kind is) {
    const bool is_usual = executor == command_executor_name || executor == http_executor_name;
    if (!is_usual || is == natural_kind(executor)) return;
    const auto* runs = !is                          ? "runs a task"
                       : *is == executor_kind::http ? "sends a request"
                                                    : "runs a command";
    const bool requests = natural_kind(executor) == executor_kind::http;
    source_.complain({},
                     fmt::format("the job {}, but the executor '{}' {}", runs, executor,
                                 requests ? "sends requests" : "runs commands"),
                     is ? fmt::format("--executor {}, or another that does", name_of(*is))
                        : "one that the program has which runs the task, or none");
  }

  std::optional<job_definition> finished(job_definition job, job_settings settings) {
    try {
      job.options = intern(settings.options);
      return job;
    } catch (const std::invalid_argument& fault) {
      source_.complain({}, fault.what());
      return std::nullopt;
    }
  }

  const job_flags& flags_;
  config_source source_;
  config_section section_;
};

}  // namespace

flagged_job job_of_flags(const job_flags& flags) { return flag_reader{flags}.add(); }

flagged_job changed_by_flags(const job_definition& old, const job_flags& flags) {
  return flag_reader{flags}.change(old);
}

}  // namespace carillon::app
