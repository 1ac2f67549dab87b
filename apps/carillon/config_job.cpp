#include "carillon/config_job.hpp"

#include <fmt/format.h>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>
#include <carillon/scheduler/options.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/trigger/any_of.hpp>

#include <charconv>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "carillon/config_after.hpp"
#include "carillon/config_http.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr auto longest = std::chrono::hours{24 * 3660};

template <typename T, typename Value>
void set_if(T& member, Value&& given) {
  if (given) member = *std::forward<Value>(given);
}

void read_retry(config_section& section, retry_policy& retry) {
  const auto* table = section.table("retry");
  if (table == nullptr) return;
  config_section inside{section.source(), *table, "retry"};
  set_if(retry.attempts, inside.number("attempts", 1, 1000));
  if (const auto given = read_backoff(inside, longest))
    std::tie(retry.backoff_min, retry.backoff_max) = *given;
  set_if(retry.only, inside.texts("only"));
  set_if(retry.never, inside.texts("never"));
  inside.finish();
}

// "skip", "cancel_running", "queue", or "queue 5".
void read_on_overlap(config_section& section, job_options& options) {
  const auto given = section.text("on_overlap");
  if (!given) return;
  if (*given == "skip") {
    options.on_overlap = overlap_action::skip;
  } else if (*given == "cancel_running") {
    options.on_overlap = overlap_action::cancel_running;
  } else if (*given == "queue") {
    options.on_overlap = overlap_action::queue;
  } else if (given->starts_with("queue ")) {
    const auto end = given->data() + given->size();
    std::uint32_t places = 0;
    const auto [stopped, fault] = std::from_chars(given->data() + 6, end, places);
    if (fault != std::errc{} || stopped != end || places < 1 || places > 10'000) {
      return section.complain(*section.node("on_overlap"), fmt::format("on_overlap '{}'", shown(*given)),
                              "the number of places behind queue is 1 to 10000");
    }
    options.on_overlap = overlap_action::queue;
    options.queue_limit = places;
  } else {
    section.complain(*section.node("on_overlap"), fmt::format("on_overlap '{}' is not known", shown(*given)),
                     suggestion(*given, {"skip", "queue", "queue 5", "cancel_running"}));
  }
}

void read_options(config_section& section, job_options& options) {
  set_if(options.max_instances, section.number("max_instances", 1, 10'000));
  read_on_overlap(section, options);
  if (const auto place = section.choice("coalesce", {"latest", "earliest", "all"})) {
    options.coalesce = static_cast<coalesce_policy>(*place);
  }
  set_if(options.catch_up, section.number("catch_up", 1, 10'000));
  set_if(options.misfire_grace, section.duration_or_none("misfire_grace", 0ms));
  set_if(options.timeout, section.duration_or_none("timeout", 1ms));
  read_retry(section, options.retry);
  set_if(options.priority, section.signed_number("priority", -100, 100));
  set_if(options.pause_after, section.number("pause_after", 0, 1'000'000));
  if (const auto place = section.choice("on_lost", {"skip", "rerun"}))
    options.on_lost = static_cast<lost_action>(*place);
  set_if(options.keep_result, section.duration("keep_result", 0ms, 720h));
  set_if(options.carries, section.flag("carries"));
  set_if(options.executor, section.text("executor"));
  set_if(options.group, section.text("group"));
  set_if(options.tags, section.texts("tags"));
  if (const auto given = section.text_map("metadata")) {
    for (const auto& [name, value] : *given) options.metadata[name] = value;
  }
}

// `mail = { to = "ops@example.com" }`; of the defaults, a job's own is stronger as a whole.
void read_mail(config_section& section, command_line& command) {
  const auto* table = section.table("mail");
  if (table == nullptr) return;
  config_section inside{section.source(), *table, "mail"};
  command_mail mail;
  if (const auto given = inside.text("to")) mail.to = addresses_of(*given);
  set_if(mail.from, inside.text("from"));
  set_if(mail.content_type, inside.text("content_type"));
  set_if(mail.transfer_encoding, inside.text("transfer_encoding"));
  set_if(mail.if_possible, inside.flag("if_possible"));
  set_if(mail.show_env, inside.flag("show_env"));
  inside.finish();
  command.mail.reset();
  const bool nobody = inside.node("to") != nullptr && mail.to.empty();
  if (nobody) return;  // to = "": nothing is mailed
  if (const auto fault = fault_of(mail)) {
    section.complain(*table, *fault, "mail = { to = \"ops@example.com\" }");
  } else {
    command.mail = std::move(mail);
  }
}

void read_surroundings(config_section& section, command_line& command) {
  set_if(command.inherit_env, section.flag("inherit_env"));
  if (const auto given = section.text_map("env")) {
    for (const auto& [name, value] : *given) command.env[name] = value;
  }
  set_if(command.unset, section.texts("unset_env"));
  set_if(command.cwd, read_absolute_path(section, "cwd"));
  set_if(command.shell_program, read_absolute_path(section, "shell_program"));
  set_if(command.user, section.text("user"));
  set_if(command.log_output, section.flag("log_output"));
  read_mail(section, command);
  set_if(command.kill_after, section.duration("kill_after", 0ms, 24h));
}

void read_store_name(config_section& section, std::string& store) {
  const auto given = section.text("store");
  if (!given) return;
  store = *given == default_store_name ? std::string{} : *given;
  if (given->empty()) section.complain(*section.node("store"), "store: a name is missing");
}

// `command = ["program", "argument"]` or `shell = "a | b"`.
bool read_command(config_section& section, command_line& command) {
  const auto* words = section.node("command");
  const bool is_text = words != nullptr && words->is_string();
  if (is_text) {
    section.complain(*words, "command must be a list of words, is a text",
                     "command = [\"program\", \"argument\"] without a shell, or shell = \"…\" with one");
  } else {
    set_if(command.argv, section.texts("command"));
  }
  set_if(command.shell, section.text("shell"));
  set_if(command.input, section.text("input"));
  const bool both = words != nullptr && section.node("shell") != nullptr;
  if (both) section.complain(*words, "command and shell are both given", "a job has one of them");
  if (words == nullptr && section.node("shell") == nullptr) {
    section.source().complain(
        section.begin(), fmt::format("{} has nothing to run", section.path()),
        "give it command = [\"program\", \"argument\"], shell = \"…\" or http = { url = "
        "\"http://…\" }");
  }
  const bool nothing = command.argv.empty() && command.shell.empty();
  return !is_text && !both && !nothing;
}

// "@reboot", "@reboot after 15m": not a trigger, for it is no time that can be known before.
std::optional<milliseconds> read_start(config_section& section) {
  const auto* node = section.node("schedule");
  const auto given = node == nullptr ? std::nullopt : node->value<std::string>();
  if (!given || !given->starts_with("@reboot")) return std::nullopt;
  if (*given == "@reboot") return milliseconds{0};
  static constexpr std::string_view after = "@reboot after ";
  const auto delay = given->starts_with(after) ? parse_duration(std::string_view{*given}.substr(after.size()))
                                               : parse_duration("");
  if (delay && *delay <= std::chrono::hours{24 * 365}) return *delay;
  section.complain(*node, fmt::format("schedule '{}' cannot be read", shown(*given)),
                   "\"@reboot\", or \"@reboot after 15m\"");
  return milliseconds{0};
}

// `http = { url = "…" }`, whose keys have been read; `fine`: without a complaint.
bool check_http(config_section& section, const http_call& call, bool fine) {
  const auto& table = *section.node("http");
  const auto written = table.source().begin;
  const auto at = written.line > 0 ? written : section.begin();  // http.url = "…" writes no table
  for (const auto* key : {"command", "shell", "input"}) {
    if (section.node(key) == nullptr) continue;
    section.source().complain(at, fmt::format("{} and http are both given", key), "a job has one of them");
    fine = false;
  }
  if (!fine || !table.is_table()) return false;
  const auto fault = fault_of(call);
  if (fault)
    section.source().complain(at, "http: " + *fault, call.url.empty() ? "http = { url = \"http://…\" }" : "");
  return !fault;
}

// `schedule = ["every day at 09:00", "every saturday at 11:00"]`: fires where any of them does.
std::optional<trigger> read_schedules(config_section& section, const toml::array& list) {
  const auto texts = section.texts("schedule");
  if (!texts) return std::nullopt;
  std::size_t faulty = 0;
  auto read = parse_any_of(*texts, &faulty);
  if (read) return *std::move(read);
  const auto& why = read.error();
  if (texts->empty()) {
    section.complain(list, "schedule: " + why.message,
                     "schedule = [\"every day at 09:00\", \"every saturday at 11:00\"]");
  } else {
    section.source().complain_inside(
        list[faulty], why.position,
        fmt::format("schedule, {} of {}: {}", faulty + 1, texts->size(), why.message), why.hint);
  }
  return std::nullopt;
}

// `schedule = "…"`, or a list of them.
std::optional<trigger> read_times(config_section& section, const toml::node& node) {
  if (const auto* list = node.as_array()) return read_schedules(section, *list);
  const auto given = section.text("schedule");
  if (!given) return std::nullopt;
  auto read = parse_trigger(*given);
  if (read) return *std::move(read);
  const auto& why = read.error();
  section.source().complain_inside(node, why.position, "schedule: " + why.message, why.hint);
  return std::nullopt;
}

std::optional<trigger> read_schedule(config_section& section) {
  const auto* times = section.node("schedule");
  const bool is_after = section.node("after") != nullptr;
  auto follows = read_after(section);
  if (times == nullptr) {
    if (!is_after)
      section.source().complain(section.begin(), fmt::format("{} has no schedule", section.path()),
                                "schedule = \"every 5m\", for example, or after = \"another-job\"");
    return follows;
  }
  auto fires = read_times(section, *times);
  if (!is_after) return fires;
  if (!fires || !follows) return std::nullopt;
  try {
    return *fires || *follows;
  } catch (const parse_failure& why) {
    section.complain(*times, fmt::format("schedule beside after: {}", why.what()));
    return std::nullopt;
  }
}

std::optional<std::string> read_id(config_section& section) {
  auto given = section.text("id");
  if (!given) {
    if (section.node("id") == nullptr)
      section.source().complain(section.begin(), fmt::format("{} has no id", section.path()));
    return std::nullopt;
  }
  const auto fault = fault_of_id(*given);
  if (!fault) return given;
  section.complain(*section.node("id"), fmt::format("id '{}': {}", shown(*given), *fault));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_absolute_path(config_section& section, std::string_view key) {
  auto given = section.text(key);
  if (!given || given->starts_with('/')) return given;
  section.complain(*section.node(key), fmt::format("{} '{}' is no absolute path", key, shown(*given)));
  return std::nullopt;
}

std::optional<std::pair<milliseconds, milliseconds>> read_backoff(config_section& section,
                                                                  milliseconds most) {
  const auto given = section.text("backoff");
  if (!given) return std::nullopt;
  const auto& node = *section.node("backoff");
  const auto dots = given->find("..");
  const auto first = parse_duration(std::string_view{*given}.substr(0, dots));
  const auto behind = dots == std::string::npos ? std::size_t{0} : dots + 2;
  const auto second = parse_duration(std::string_view{*given}.substr(behind));
  if (!first || !second) {
    const auto& why = first ? second.error() : first.error();
    section.source().complain_inside(node, (first ? behind : 0) + why.position, "backoff: " + why.message,
                                     "a duration, or two as in \"10s..5m\"");
    return std::nullopt;
  }
  if (*first > *second) {
    section.complain(node,
                     fmt::format("backoff '{}': the first duration must not be the longer one", *given));
    return std::nullopt;
  }
  if (*second > most) {
    section.complain(node, fmt::format("backoff '{}': at most {}", *given, format_duration(most)));
    return std::nullopt;
  }
  return std::pair{*first, *second};
}

void read_job_settings(config_section& section, job_settings& settings) {
  read_options(section, settings.options);
  read_surroundings(section, settings.command);
  read_http(section, settings.http);
  read_store_name(section, settings.store);
}

std::optional<declaration> read_job(config_section& section, job_settings settings) {
  const auto id = read_id(section);
  const auto start = read_start(section);
  const auto when = start ? std::optional{trigger{"at 1970-01-01"}} : read_schedule(section);
  if (const auto* after = start ? section.node("after") : nullptr)
    section.complain(*after, "after stands beside \"@reboot\"", "make them two jobs");
  const auto before = section.source().found.size();
  read_job_settings(section, settings);
  const bool is_fine = section.source().found.size() == before;
  const bool is_request = section.node("http") != nullptr;
  const bool runs_something =
      is_request ? check_http(section, settings.http, is_fine) : read_command(section, settings.command);
  set_if(settings.options.description, section.text("description"));
  if (start && section.node("store") != nullptr)
    section.complain(*section.node("store"),
                     "a job for the start of the machine is kept in the daemon's own store");
  section.finish();
  if (!id || !when || !runs_something) return std::nullopt;
  const auto runs = is_request ? executor_kind::http : executor_kind::command;
  if (settings.options.executor.empty()) settings.options.executor = name_of(runs);
  const auto fault = is_request ? std::nullopt : fault_of(settings.command);
  if (fault) {
    section.source().complain(section.begin(), fmt::format("job '{}': {}", *id, *fault));
    return std::nullopt;
  }
  try {
    job_definition job{
        .id = *id,
        .when = *when,
        .task = std::string{name_of(runs)},
        .arguments = is_request ? http_arguments(settings.http) : command_arguments(settings.command),
        .options = intern(settings.options),
        .first_time = std::nullopt,
        .origin = section.source().file()};
    return declaration{std::move(job),
                       section.source().file(),
                       section.begin().line,
                       start.has_value(),
                       start.value_or(milliseconds{0}),
                       !settings.command.log_output,
                       start ? std::string{} : settings.store};
  } catch (const std::invalid_argument& fault) {
    section.source().complain(section.begin(), fmt::format("job '{}': {}", *id, fault.what()));
    return std::nullopt;
  }
}

}  // namespace carillon::app
