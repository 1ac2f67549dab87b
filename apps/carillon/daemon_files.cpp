#include "carillon/daemon_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <carillon/error.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/job/predecessors.hpp>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "carillon/boot_record.hpp"
#include "carillon/crontab_folder.hpp"

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
  return text;
}

void strip_byte_order_mark(std::string& text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
}

// A job for the start of the machine has its time by that.
trigger at_start(instant started, milliseconds delay) {
  const auto when = delay == milliseconds{0} ? started : std::max(started, boot_time(started) + delay);
  return trigger{"at " + format_instant(when, zone{})};
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
  join(all.state, one.state, "[scheduler] state", file, found);
  for (const auto& [name, executor] : one.executors) {
    auto& known = all.executors.try_emplace(name, executor_settings{executor.kind}).first->second;
    if (known.kind != executor.kind) {
      found.push_back({file, 0, 0,
                       fmt::format("[executors.{}] is of kind \"{}\", and in a file before it of kind \"{}\"",
                                   shown(name), name_of(executor.kind), name_of(known.kind)),
                       "it has one kind, and each file that has the section says it", false});
    }
    const auto section = fmt::format("[executors.{}]", shown(name));
    join(known.running, executor.running, section + " running", file, found);
    join(known.queued, executor.queued, section + " queued", file, found);
    join(known.output_tail, executor.output_tail, section + " output_tail", file, found);
    join(known.sendmail, executor.sendmail, section + " sendmail", file, found);
    join(known.mail_size, executor.mail_size, section + " mail_size", file, found);
    join(known.answer_kept, executor.answer_kept, section + " answer_kept", file, found);
  }
  for (const auto& [name, store] : one.stores) {
    auto& known = all.stores[name];
    const auto section = fmt::format("[stores.{}]", shown(name));
    join(known.url, store.url, section + " url", file, found);
    join(known.lease, store.lease, section + " lease", file, found);
    join(known.partitions, store.partitions, section + " partitions", file, found);
    join(known.history, store.history, section + " history", file, found);
    join(known.required, store.required, section + " required", file, found);
  }
  join(all.rescan, one.rescan, "[crontab] rescan", file, found);
  for (const auto& [name, group] : one.groups) {
    auto& known = all.groups[name];
    const auto section = fmt::format("[groups.{}]", shown(name));
    join(known.running, group.running, section + " running", file, found);
    join(known.queued, group.queued, section + " queued", file, found);
  }
  join(all.log_format, one.log_format, "[log] format", file, found);
  join(all.log_level, one.log_level, "[log] level", file, found);
}

class file_reader {
 public:
  file_reader(instant started, const crontab_surroundings& machine, const date_calendars& known,
              const files_before& before)
      : started_(started), machine_(machine), known_(known), before_(before) {}

  void read_config_file(const std::string& file) {
    auto text = text_of_config(file);
    if (!text) return;
    strip_byte_order_mark(*text);
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
    add_crontabs(read.crontabs);
    take_over(file, *std::move(text));
    for (auto& job : read.jobs) {
      if (job.at_start) job.definition.when = at_start(started_, job.start_delay);
      add(std::move(job));
    }
    of_configs_ = plan_.jobs.size();
  }

  void add_crontabs(const crontab_sources& more) {
    const auto append = [](std::vector<std::string>& all, const std::vector<std::string>& some) {
      for (const auto& one : some) {
        if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
      }
    };
    append(plan_.crontabs.files, more.files);
    append(plan_.crontabs.system, more.system);
    append(plan_.crontabs.folders, more.folders);
  }

  void read_crontabs() {
    plan_.stamp = stamp_of(plan_.crontabs);
    for (const auto& file : plan_.crontabs.files)
      read_crontab_file(file, crontab_format::user, before_.crontabs_only);
    for (const auto& file : plan_.crontabs.system)
      read_crontab_file(file, crontab_format::system, before_.crontabs_only);
    for (const auto& folder : plan_.crontabs.folders) read_folder(folder);
  }

  daemon_plan take() {
    auto in_force = known_;
    for (const auto name : plan_.calendars.names()) in_force.define(name, *plan_.calendars.find(name));
    for (std::size_t i = 0; i < of_configs_; ++i) {
      look_for_fires(plan_.jobs[i], in_force, plan_.found);
      look_for_executor(plan_.jobs[i]);
      look_for_group(plan_.jobs[i]);
      look_for_user(plan_.jobs[i]);
      look_for_store(plan_.jobs[i]);
    }
    look_for_predecessors();
    return std::move(plan_);
  }

 private:
  // What a crontab says, right or wrong.
  struct crontab_reading {
    std::vector<declaration> jobs;
    std::vector<diagnostic> found;
  };

  void keep(std::vector<diagnostic> found) {
    for (auto& one : found) plan_.found.push_back(std::move(one));
  }

  void take_over(const std::string& file, std::string text) {
    plan_.origins.push_back(file);
    plan_.texts[file] = std::move(text);
  }

  std::optional<std::string> text_of_config(const std::string& file) {
    const auto known = before_.texts.find(file);
    if (before_.crontabs_only && known != before_.texts.end()) return known->second;
    return read_file(file, plan_.found);
  }

  crontab_reading understand(const std::string& file, std::string text, crontab_format format) const {
    strip_byte_order_mark(text);
    auto read = read_crontab(text, file, machine_, format);
    crontab_reading all{declare(read, file, started_), std::move(read.found)};
    for (const auto& job : all.jobs) look_for_fires(job, known_, all.found);
    return all;
  }

  void read_crontab_file(const std::string& file, crontab_format format, bool keeps_jobs) {
    std::vector<diagnostic> found;
    auto text = format == crontab_format::system ? read_trusted_file(file, found) : read_file(file, found);
    crontab_reading read;
    if (text) read = understand(file, *text, format);
    for (auto& one : read.found) found.push_back(std::move(one));
    if (keeps_jobs && has_errors(found)) return keep_jobs_of(file, format, std::move(found));
    keep(std::move(found));
    if (!text) return;
    take_over(file, *std::move(text));
    add_all(std::move(read.jobs));
  }

  void keep_jobs_of(const std::string& file, crontab_format format, std::vector<diagnostic> found) {
    for (auto& one : found) plan_.aside.push_back(std::move(one));
    const auto known = before_.texts.find(file);
    plan_.aside.push_back({file,
                           0,
                           0,
                           known == before_.texts.end()
                               ? "none of its lines run until it is mended"
                               : "has faults: its jobs stay as they were until it is mended",
                           {},
                           true});
    if (known == before_.texts.end()) return;
    auto read = understand(file, known->second, format);
    take_over(file, known->second);
    if (!has_errors(read.found)) add_all(std::move(read.jobs));
  }

  void read_folder(const std::string& folder) {
    auto within = crontabs_in(folder);
    const bool unreadable = has_errors(within.found);
    const bool was_known = std::any_of(before_.texts.begin(), before_.texts.end(),
                                       [&](const auto& one) { return one.first.starts_with(folder + "/"); });
    for (auto& one : within.found)
      (unreadable && !was_known && !before_.crontabs_only ? plan_.found : plan_.aside)
          .push_back(std::move(one));
    if (unreadable) {
      for (const auto& [file, text] : before_.texts) {
        if (file.starts_with(folder + "/")) keep_jobs_of(file, crontab_format::system, {});
      }
    }
    for (const auto& file : within.files) read_crontab_file(file, crontab_format::system, true);
  }

  void add_all(std::vector<declaration> jobs) {
    for (auto& job : jobs) {
      const auto id = job.definition.id;
      for (int again = 2; places_.contains(job.definition.id); ++again)
        job.definition.id = fmt::format("{}-{}", id, again);
      add(std::move(job));
    }
  }

  void look_for_executor(const declaration& job) {
    const auto& wanted = job.definition.options->executor;
    const auto kind = *kind_of(job.definition);
    auto all = plan_.settings.executors;
    all.try_emplace(command_executor_name);
    all.try_emplace(http_executor_name, executor_settings{executor_kind::http});
    const auto place = all.find(wanted);
    if (place != all.end() && place->second.kind == kind) return;
    std::vector<std::string_view> right;
    for (const auto& [name, settings] : all)
      if (settings.kind == kind) right.emplace_back(name);
    plan_.found.push_back({job.file, job.line, 0, fault_of_executor(job.definition, place != all.end()),
                           hint_of_executor(wanted, kind, right, place != all.end()), false});
  }

  static std::string fault_of_executor(const job_definition& job, bool is_there) {
    const auto name = shown(job.options->executor);
    if (!is_there) return fmt::format("job '{}': there is no executor '{}'", job.id, name);
    return sends_request(job)
               ? fmt::format("job '{}' sends a request, but the executor '{}' runs commands", job.id, name)
               : fmt::format("job '{}' runs a command, but the executor '{}' sends requests", job.id, name);
  }

  static std::string hint_of_executor(std::string_view wanted, executor_kind kind,
                                      const std::vector<std::string_view>& right, bool is_there) {
    const auto* makes =
        kind == executor_kind::http ? "[executors.NAME] with kind = \"http\"" : "[executors.NAME]";
    if (!is_there) return fmt::format("{}; {} makes another", suggestion(wanted, right), makes);
    return fmt::format("executor = \"{}\"; {} makes another", fmt::join(right, "\" or \""), makes);
  }

  void look_for_store(const declaration& job) {
    const auto& stores = plan_.settings.stores;
    if (job.store.empty() || stores.contains(job.store)) return;
    std::vector<std::string_view> known{default_store_name};
    for (const auto& [name, settings] : stores) known.emplace_back(name);
    plan_.found.push_back(
        {job.file, job.line, 0,
         fmt::format("job '{}': there is no store '{}'", job.definition.id, shown(job.store)),
         fmt::format("{}; [stores.NAME] with url = \"…\" makes another", suggestion(job.store, known)),
         false});
  }

  // In a store that is shared another instance may be able to run it.
  void look_for_user(const declaration& job) {
    if (!runs_command(job.definition)) return;
    const auto user = command_of(job.definition.arguments.str()).user;
    if (user.empty() || user == machine_.user) return;
    const auto account = machine_.account(user);
    if (account && (machine_.is_root || account->name == machine_.user)) return;
    const auto other = plan_.settings.stores.find(job.store);
    const bool shared = other == plan_.settings.stores.end()
                            ? plan_.settings.store.value_or(memory_store_name) != memory_store_name
                            : other->second.is_shared();
    const auto why = account
                         ? fmt::format("only root may run commands as '{}': this is {}", user, machine_.user)
                         : fmt::format("there is no user '{}' here", user);
    plan_.found.push_back(
        {job.file, job.line, 0, fmt::format("job '{}': {}", job.definition.id, why), {}, shared});
  }

  void look_for_group(const declaration& job) {
    const auto& wanted = job.definition.options->group;
    if (wanted.empty() || plan_.settings.groups.contains(wanted)) return;
    std::vector<std::string_view> known;
    for (const auto& [name, settings] : plan_.settings.groups) known.emplace_back(name);
    const std::string make_one = "[groups.NAME] with running = 3 makes one";
    plan_.found.push_back(
        {job.file, job.line, 0,
         fmt::format("job '{}': there is no group '{}'", job.definition.id, shown(wanted)),
         known.empty() ? make_one : fmt::format("{}; {}", suggestion(wanted, known), make_one), false});
  }

  // Whom jobs follow may be in another file, or on the store; but it must not follow them.
  void look_for_predecessors() {
    std::map<std::string, const declaration*, std::less<>> known;
    for (const auto& job : plan_.jobs) known.emplace(job.definition.id, &job);
    const auto find = [&](std::string_view id) {
      const auto found = known.find(id);
      return found == known.end() ? nullptr : &found->second->definition;
    };
    for (const auto& job : plan_.jobs) {
      if (!job.definition.when.follows()) continue;
      if (const auto cycle = find_cycle(job.definition, find); !cycle.empty())
        plan_.found.push_back(
            {job.file,
             job.line,
             0,
             fmt::format("job '{}' would run after itself: {}", job.definition.id, shown(cycle)),
             {},
             false});
      for (const auto& each : job.definition.when.predecessors()) {
        if (const auto other = known.find(each.job); other != known.end()) {
          look_for_one_store(job, *other->second);
          continue;
        }
        std::vector<std::string_view> ids;
        for (const auto& [id, definition] : known) ids.emplace_back(id);
        plan_.found.push_back({job.file, job.line, 0,
                               fmt::format("job '{}' runs after '{}', which is in none of these files",
                                           job.definition.id, shown(each.job)),
                               suggestion(each.job, ids), true});
      }
    }
  }

  void look_for_one_store(const declaration& job, const declaration& followed) {
    if (job.store == followed.store) return;
    const auto name = [](const declaration& one) {
      return one.store.empty() ? default_store_name : one.store;
    };
    plan_.found.push_back(
        {job.file, job.line, 0,
         fmt::format("job '{}' is kept in the store '{}' and runs after '{}', which is kept in '{}'",
                     job.definition.id, shown(name(job)), followed.definition.id, shown(name(followed))),
         "a job follows those of its own store only", false});
  }

  // A schedule may be well said and yet fire never.
  void look_for_fires(const declaration& job, const date_calendars& in_force,
                      std::vector<diagnostic>& found) const {
    if (job.at_start) return;
    binding bound;
    bound.seed = seed_of(job.definition.id);
    bound.anchor = started_;
    bound.calendars = &in_force;
    bound.where = plan_.settings.timezone.value_or(zone::system());
    const auto first = job.definition.when.first(bound, started_);
    if (first && (*first || job.definition.when.follows())) return;
    if (!first && first.error() == errc::unknown_calendar) return;  // Told where the file names it.
    const auto why = first ? std::string{"has no time to come"} : first.error().message();
    found.push_back({job.file,
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
  const files_before& before_;
  daemon_plan plan_;
  std::size_t of_configs_ = 0;
  std::map<std::string, std::string> places_;
};

}  // namespace

std::vector<declaration> declare(const crontab& read, const std::string& file, instant started) {
  std::vector<declaration> jobs;
  for (const auto& entry : read.entries) {
    job_definition job{.id = entry.id,
                       .when = entry.at_reboot ? at_start(started, milliseconds{0}) : *entry.when,
                       .task = command_executor_name,
                       .arguments = command_arguments(entry.command),
                       .options = intern(crontab_options(entry)),
                       .first_time = std::nullopt,
                       .origin = file};
    jobs.push_back({std::move(job), file, entry.line, entry.at_reboot, milliseconds{0}, entry.quiet});
  }
  return jobs;
}

std::string stamp_of(const crontab_sources& crontabs) {
  auto files = crontabs.files;
  files.insert(files.end(), crontabs.system.begin(), crontabs.system.end());
  return stamp_of(files, crontabs.folders);
}

file_list only_configs(std::vector<std::string> configs) {
  file_list files;
  files.configs = std::move(configs);
  files.without_crontabs = true;
  return files;
}

daemon_plan read_files(const file_list& files, instant started, const crontab_surroundings& machine,
                       const date_calendars& known, const files_before& before) {
  file_reader reader{started, machine, known, before};
  for (const auto& file : files.configs) reader.read_config_file(file);
  reader.add_crontabs({files.crontabs, files.system_crontabs, files.crontab_folders});
  if (!files.without_crontabs) reader.read_crontabs();
  auto plan = reader.take();
  if (files.store) plan.settings.store = files.store;
  if (files.instance) plan.settings.instance = files.instance;
  if (files.state) plan.settings.state = files.state;
  return plan;
}

}  // namespace carillon::app
