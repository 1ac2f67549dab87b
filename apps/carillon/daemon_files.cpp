#include "carillon/daemon_files.hpp"

#include <fmt/format.h>
#include <carillon/executor/command_executor.hpp>
#include <carillon/time/timestamp.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t largest_file = 64 << 20;

std::optional<std::string> read_file(const std::string& file, std::vector<diagnostic>& found) {
  std::ifstream in{file, std::ios::binary};
  std::string text;
  if (in) {
    std::ostringstream all;
    all << in.rdbuf();
    text = std::move(all).str();
  }
  std::error_code fault;
  const bool is_directory = std::filesystem::is_directory(file, fault);
  if (!in || is_directory) {
    const auto why = is_directory ? EISDIR : errno;
    found.push_back({file, 0, 0, "cannot be read: " + std::generic_category().message(why), {}, false});
    return std::nullopt;
  }
  if (text.size() > largest_file) {
    found.push_back({file, 0, 0, fmt::format("has more than {} MB", largest_file >> 20), {}, false});
    return std::nullopt;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark
  return text;
}

job_options crontab_options(const crontab_entry& entry) {
  job_options options;
  options.executor = command_executor_name;
  options.max_instances = 10'000;  // the most there is: cron has no limit
  options.misfire_grace = entry.wildcard ? milliseconds{1min} : milliseconds{3h};
  options.description = to_string(entry.command);
  return options;
}

// Sets what is not set yet; two files that disagree are told.
template <typename T>
void join(std::optional<T>& all, const std::optional<T>& one, std::string_view name, const std::string& file,
          std::vector<diagnostic>& found) {
  if (all && one && !(*all == *one)) {
    found.push_back({file, 0, 0, fmt::format("{} is another one than in a file before it", name),
                     "set it in one file", false});
  }
  if (!all) all = one;
}

void join(daemon_settings& all, const daemon_settings& one, const std::string& file,
          std::vector<diagnostic>& found) {
  join(all.timezone, one.timezone, "[scheduler] timezone", file, found);
  join(all.store, one.store, "[scheduler] store", file, found);
  join(all.lease, one.lease, "[scheduler] lease", file, found);
  join(all.partitions, one.partitions, "[scheduler] partitions", file, found);
  join(all.instance, one.instance, "[scheduler] instance", file, found);
  join(all.drain, one.drain, "[scheduler] drain", file, found);
  join(all.resume_spread, one.resume_spread, "[scheduler] resume_spread", file, found);
  join(all.history, one.history, "[scheduler] history", file, found);
  join(all.running, one.running, "[scheduler] running", file, found);
  join(all.queued, one.queued, "[scheduler] queued", file, found);
  for (const auto& [name, executor] : one.executors) {
    auto& known = all.executors[name];
    const auto section = fmt::format("[executors.{}]", shown(name));
    join(known.running, executor.running, section + " running", file, found);
    join(known.queued, executor.queued, section + " queued", file, found);
    join(known.output_tail, executor.output_tail, section + " output_tail", file, found);
  }
  join(all.log_format, one.log_format, "[log] format", file, found);
  join(all.log_level, one.log_level, "[log] level", file, found);
}

class file_reader {
 public:
  file_reader(instant started, const crontab_surroundings& machine, const date_calendars& known)
      : started_(started), machine_(machine), known_(known) {}

  void read_config_file(const std::string& file) {
    const auto text = read_file(file, plan_.found);
    if (!text) return;
    auto read = read_config(*text, file, known_);
    keep(std::move(read.found));
    join(plan_.settings, read.settings, file, plan_.found);
    for (const auto name : read.calendars.names()) {
      if (plan_.calendars.find(name) != nullptr) {
        plan_.found.push_back(
            {file, 0, 0, fmt::format("a second calendar '{}'", name), "a file before it has one", false});
      }
      plan_.calendars.define(name, *read.calendars.find(name));
    }
    for (auto& job : read.jobs) add(std::move(job));
  }

  void read_crontab_file(const std::string& file) {
    const auto text = read_file(file, plan_.found);
    if (!text) return;
    auto read = read_crontab(*text, file, machine_);
    keep(std::move(read.found));
    for (auto& job : declare(read, file, started_)) {
      const auto id = job.definition.id;
      for (int again = 2; places_.contains(job.definition.id); ++again)
        job.definition.id = fmt::format("{}-{}", id, again);
      add(std::move(job));
    }
  }

  daemon_plan take() {
    auto in_force = known_;
    for (const auto name : plan_.calendars.names()) in_force.define(name, *plan_.calendars.find(name));
    for (const auto& job : plan_.jobs) look_for_fires(job, in_force);
    for (const auto& job : plan_.jobs) look_for_executor(job);
    return std::move(plan_);
  }

 private:
  void keep(std::vector<diagnostic> found) {
    for (auto& one : found) plan_.found.push_back(std::move(one));
  }

  void look_for_executor(const declaration& job) {
    const auto& wanted = job.definition.options->executor;
    if (wanted == command_executor_name || plan_.settings.executors.contains(wanted)) return;
    std::vector<std::string_view> known{command_executor_name};
    for (const auto& [name, settings] : plan_.settings.executors) known.emplace_back(name);
    plan_.found.push_back(
        {job.file, job.line, 0,
         fmt::format("job '{}': there is no executor '{}'", job.definition.id, shown(wanted)),
         fmt::format("{}; [executors.NAME] makes another", suggestion(wanted, known)), false});
  }

  // A schedule may be well said and yet fire never.
  void look_for_fires(const declaration& job, const date_calendars& in_force) {
    if (job.at_start) return;
    binding bound;
    bound.anchor = started_;
    bound.calendars = &in_force;
    bound.where = plan_.settings.timezone.value_or(zone::system());
    const auto first = job.definition.when.first(bound, started_);
    if (first && *first) return;
    const auto why = first ? std::string{"has no time to come"} : first.error().message();
    plan_.found.push_back({job.file,
                           job.line,
                           0,
                           fmt::format("the schedule of '{}': {}", job.definition.id, why),
                           {},
                           first.has_value()});
  }

  void add(declaration job) {
    const auto [first, is_new] = places_.emplace(job.definition.id, fmt::format("{}:{}", job.file, job.line));
    if (is_new) return plan_.jobs.push_back(std::move(job));
    plan_.found.push_back({job.file, job.line, 0,
                           fmt::format("a second job with the id '{}'", job.definition.id),
                           "the first one is at " + first->second, false});
  }

  instant started_;
  const crontab_surroundings& machine_;
  const date_calendars& known_;
  daemon_plan plan_;
  std::map<std::string, std::string> places_;
};

}  // namespace

std::vector<declaration> declare(const crontab& read, const std::string& file, instant started) {
  std::vector<declaration> jobs;
  for (const auto& entry : read.entries) {
    const auto at_start = "at " + format_instant(started, zone{});
    job_definition job{.id = entry.id,
                       .when = entry.at_reboot ? trigger{at_start} : *entry.when,
                       .task = command_executor_name,
                       .arguments = command_arguments(entry.command),
                       .options = intern(crontab_options(entry)),
                       .first_time = std::nullopt,
                       .origin = file};
    jobs.push_back({std::move(job), file, entry.line, entry.at_reboot});
  }
  return jobs;
}

daemon_plan read_files(const file_list& files, instant started, const crontab_surroundings& machine,
                       const date_calendars& known) {
  file_reader reader{started, machine, known};
  for (const auto& file : files.configs) reader.read_config_file(file);
  for (const auto& file : files.crontabs) reader.read_crontab_file(file);
  auto plan = reader.take();
  if (files.store) plan.settings.store = files.store;
  if (files.instance) plan.settings.instance = files.instance;
  return plan;
}

}  // namespace carillon::app
