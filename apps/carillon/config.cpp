#include "carillon/config.hpp"

#include <fmt/format.h>
#include <carillon/time/timestamp.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "carillon/config_job.hpp"
#include "carillon/config_section.hpp"
#include "carillon/config_stores.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

void read_store(config_section& section, daemon_settings& settings) {
  settings.lease = section.duration("lease", 1s, 1h);
  settings.partitions = section.number("partitions", 1, 4096);
  settings.store = read_store_url(section, "store");
}

void read_timezone(config_section& section, daemon_settings& settings) {
  const auto given = section.text("timezone");
  if (!given) return;
  const auto read = zone::find(*given);
  if (read) {
    settings.timezone = *read;
  } else {
    const auto& why = read.error();
    section.source().complain_inside(*section.node("timezone"), why.position, "timezone: " + why.message,
                                     why.hint);
  }
}

void read_scheduler(config_section section, daemon_settings& settings) {
  read_store(section, settings);
  read_timezone(section, settings);
  if (const auto given = section.text("instance")) {
    const auto fault = fault_of_instance(*given);
    if (fault)
      section.complain(*section.node("instance"), fmt::format("instance '{}': {}", shown(*given), *fault));
    settings.instance = *given;
  }
  settings.drain = section.duration("drain", 0ms, 24h);
  settings.resume_spread = section.duration("resume_spread", 0ms, 1h);
  if (const auto given = section.number("history", 0, 100'000'000)) settings.history = *given;
  settings.running = section.number("running", 1, 100'000);
  settings.queued = section.number("queued", 0, 1'000'000);
  settings.state = read_absolute_path(section, "state");
  section.finish();
}

// "command" and "http" are what their names say.
executor_kind read_kind(config_section& section, const std::string& name) {
  const auto natural = natural_kind(name);
  const auto place = section.choice("kind", {"command", "http"});
  if (!place) return natural;
  const auto kind = *place == 1 ? executor_kind::http : executor_kind::command;
  const bool is_fixed = name == command_executor_name || name == http_executor_name;
  if (!is_fixed || kind == natural) return kind;
  section.complain(*section.node("kind"),
                   fmt::format("kind '{}': the executor '{}' is always of the kind that its name says",
                               name_of(kind), name),
                   fmt::format("[executors.NAME] with another name and kind = \"{}\"", name_of(kind)));
  return natural;
}

// The keys of the other kind.
void refuse_keys_of_others(config_section& section, bool is_http) {
  const auto refuse = [&](std::string_view key, std::string_view hint) {
    const auto* node = section.node(key);
    if (node == nullptr) return;
    section.complain(
        *node,
        fmt::format("{} is for executors that {}, and {} {}", key, is_http ? "run commands" : "send requests",
                    section.path(), is_http ? "sends requests" : "runs commands"),
        std::string{hint});
  };
  if (!is_http) return refuse("answer_kept", "kind = \"http\" makes it send requests");
  refuse("output_tail", "answer_kept = BYTES is for requests");
  refuse("mail_size", "an executor of kind \"command\" has it");
  refuse("sendmail", "an executor of kind \"command\" has it");
}

void read_executor(config_section section, const std::string& name, executor_settings& settings) {
  settings.kind = read_kind(section, name);
  settings.running = section.number("running", 1, 100'000);
  settings.queued = section.number("queued", 0, 1'000'000);
  const bool is_http = settings.kind == executor_kind::http;
  refuse_keys_of_others(section, is_http);
  if (is_http) {
    if (const auto given = section.number("answer_kept", 0, 1 << 16)) settings.answer_kept = *given;
  } else {
    if (const auto given = section.number("output_tail", 0, 1 << 20)) settings.output_tail = *given;
    if (const auto given = section.number("mail_size", 1, 64U << 20)) settings.mail_size = *given;
    settings.sendmail = read_absolute_path(section, "sendmail");
  }
  section.finish();
}

void read_crontabs(config_section section, crontab_sources& crontabs, daemon_settings& settings) {
  const auto read = [&](std::string_view key, std::vector<std::string>& into) {
    if (auto given = section.texts(key)) into = *std::move(given);
  };
  read("files", crontabs.files);
  read("system", crontabs.system);
  read("folders", crontabs.folders);
  settings.rescan = section.duration("rescan", 10ms, 24h);
  section.finish();
}

void read_group(config_section section, group_settings& settings) {
  settings.running = section.number("running", 1, 100'000);
  settings.queued = section.number("queued", 0, 1'000'000);
  if (section.node("running") == nullptr)
    section.source().complain(section.begin(),
                              fmt::format("{} does not say how many runs go on at once", section.path()),
                              "running = 3, for example");
  section.finish();
}

// A date written as "2026-12-25" or, TOML's own, without the quotes.
std::optional<std::chrono::local_days> read_date(config_section& section, const toml::node& node) {
  if (const auto* date = node.as_date()) {
    const auto value = date->get();
    return std::chrono::local_days{std::chrono::year{value.year} / value.month / value.day};
  }
  if (!node.is_string()) {
    section.complain(node, "a calendar is a list of dates", "[\"2026-12-25\", \"2027-01-01\"]");
    return std::nullopt;
  }
  const auto read = parse_timestamp(*node.value<std::string_view>());
  if (read && read->date_only) return std::chrono::floor<std::chrono::days>(read->wall);
  if (read) {
    section.complain(node, fmt::format("'{}' is more than a date", shown(*node.value<std::string_view>())));
  } else {
    section.source().complain_inside(node, read.error().position, read.error().message, read.error().hint);
  }
  return std::nullopt;
}

void read_calendars(config_section section, const toml::table& table, date_calendars& calendars) {
  for (const auto& [key, value] : table) {
    const auto* list = section.node(key.str())->as_array();
    if (list == nullptr) {
      section.complain(value, fmt::format("calendar '{}' must be a list of dates", shown(key.str())),
                       "[\"2026-12-25\"]");
      continue;
    }
    std::vector<date_calendars::date> dates;
    for (const auto& element : *list) {
      if (const auto date = read_date(section, element)) dates.push_back(*date);
    }
    if (is_calendar_name(key.str())) {
      calendars.define(key.str(), std::move(dates));
    } else {
      section.complain(value, fmt::format("'{}' is no name of a calendar", shown(key.str())),
                       "letters, digits, _, - and .");
    }
  }
}

class config_reader {
 public:
  config_reader(std::string_view text, const std::string& file, const date_calendars& known)
      : source_(text, file), known_(known) {}

  config read(const toml::table& root) {
    config_section top{source_, root, "the file"};
    if (const auto* table = top.table("scheduler"))
      read_scheduler({source_, *table, "[scheduler]"}, out_.settings);
    if (const auto* table = top.table("stores"))
      read_stores({source_, *table, "[stores]"}, *table, out_.settings);
    if (const auto* table = top.table("executors")) read_executors({source_, *table, "[executors]"}, *table);
    if (const auto* table = top.table("crontab"))
      read_crontabs({source_, *table, "[crontab]"}, out_.crontabs, out_.settings);
    if (const auto* table = top.table("groups")) read_groups({source_, *table, "[groups]"}, *table);
    if (const auto* table = top.table("log")) read_log({source_, *table, "[log]"}, out_.settings);
    if (const auto* table = top.table("calendars"))
      read_calendars({source_, *table, "[calendars]"}, *table, out_.calendars);
    job_settings defaults;
    if (const auto* table = top.table("defaults")) {
      config_section section{source_, *table, "[defaults]"};
      read_job_settings(section, defaults);
      check_defaults(section, *table, defaults.command);
      section.finish();
    }
    if (const auto* list = top.list_of_tables("job")) read_jobs(*list, defaults);
    top.not_yet("http", "HTTP interface");
    if (const auto* push = top.node("push"))
      source_.complain(push->source().begin, "[push] has a command of its own", "carillon push FILE");
    top.finish();
    return take();
  }

  config refuse(const toml::parse_error& fault) {
    source_.complain(fault.source().begin, shown(fault.description(), 300));
    return take();
  }

 private:
  config take() {
    out_.found = std::move(source_.found);
    sort_by_place(out_.found);
    return std::move(out_);
  }

  // Told once, where it is: without it each job is looked at for faults of its own.
  static void check_defaults(config_section& section, const toml::table& table, command_line& command) {
    const auto check = [&](const char* key, auto command_line::* part) {
      const auto* const node = table.get(key);
      if (node == nullptr) return;
      command_line only;
      only.shell = "true";
      only.*part = command.*part;
      const auto fault = fault_of(only);
      if (!fault) return;
      section.complain(*node, fmt::format("[defaults] {}: {}", key, *fault));
      (command.*part).clear();
    };
    check("env", &command_line::env);
    check("unset_env", &command_line::unset);
    check("user", &command_line::user);
  }

  void read_executors(config_section section, const toml::table& all) {
    read_named_sections(section, all, "an executor", [this](config_section one, const std::string& name) {
      read_executor(std::move(one), name, out_.settings.executors[name]);
    });
  }

  void read_groups(config_section section, const toml::table& all) {
    read_named_sections(section, all, "a group", [this](config_section one, const std::string& name) {
      read_group(std::move(one), out_.settings.groups[name]);
    });
  }

  void read_jobs(const toml::array& list, const job_settings& defaults) {
    for (const auto& element : list) {
      const auto& table = *element.as_table();
      config_section section{source_, table, "this [[job]]"};
      auto job = read_job(section, defaults);
      check_id(table);
      if (!job) continue;
      if (const auto* schedule = table.get("schedule")) check_schedule(*job, *schedule);
      out_.jobs.push_back(std::move(*job));
    }
  }

  // Also of jobs with other faults, so that they are all told at once.
  void check_id(const toml::table& job) {
    const auto* node = job.get("id");
    const auto id = node == nullptr ? std::nullopt : node->value<std::string>();
    if (!id) return;
    const auto [first, is_new] = ids_.emplace(*id, node->source().begin.line);
    if (is_new) return;
    source_.complain(node->source().begin, fmt::format("a second job with the id '{}'", shown(*id)),
                     fmt::format("the first one is in line {}", first->second));
  }

  void check_schedule(const declaration& job, const toml::node& schedule) {
    for (const auto& name : job.definition.when.calendars()) {
      if (out_.calendars.find(name) != nullptr || known_.find(name) != nullptr) continue;
      auto known = out_.calendars.names();
      std::ranges::copy(known_.names(), std::back_inserter(known));
      source_.complain(schedule.source().begin, fmt::format("schedule: there is no calendar '{}'", name),
                       known.empty() ? "name its dates in [calendars]" : suggestion(name, known));
    }
  }

  config_source source_;
  const date_calendars& known_;
  config out_;
  std::map<std::string, toml::source_index> ids_;
};

}  // namespace

std::optional<std::string> fault_of_instance(std::string_view name) {
  return fault_of_id(name, "the name of an instance");
}

void read_log(config_section section, daemon_settings& settings) {
  if (const auto place = section.choice("level", log_level_names()))
    settings.log_level = static_cast<log_level>(*place);
  if (const auto place = section.choice("format", {"text", "json"}))
    settings.log_format = static_cast<log_format>(*place);
  section.finish();
}

const std::vector<std::string_view>& log_level_names() {
  static const std::vector<std::string_view> names{"trace", "debug", "info", "warn", "error", "off"};
  return names;
}

config read_config(std::string_view text, const std::string& file, const date_calendars& known) {
  config_reader reader{text, file, known};
  try {
    const auto root = toml::parse(text, file);
    return reader.read(root);
  } catch (const toml::parse_error& fault) {
    return reader.refuse(fault);
  }
}

}  // namespace carillon::app
