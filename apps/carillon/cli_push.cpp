#include "carillon/cli_push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ostream>
#include <string>

#include "carillon/commands/command_context.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

using command = int (*)(const push_request&, std::ostream&, std::ostream&);

struct named_command {
  const char* name;
  const char* help;
  command work;
};

constexpr std::array push_commands{
    named_command{"check", "Try everything but sending, and say what would be sent within the next hour",
                  check_push},
    named_command{"add", "Add a subscription: push add FILE --user 42 --tag news --at 08:30",
                  add_subscription},
    named_command{"list", "All subscriptions, or a user's", list_subscriptions},
    named_command{"remove", "Remove a subscription", remove_subscription},
    named_command{"import", "Add subscriptions from JSON lines, as export writes them", import_subscriptions},
    named_command{"export", "Write all subscriptions as JSON lines", export_subscriptions},
    named_command{"redrive", "Send again what has failed for good", redrive_pushes}};

void add_file(CLI::App& to, push_request& request, bool required) {
  auto* file = to.add_option("FILE", request.file, "The service's configuration (TOML), with [push]");
  file->type_name("");
  if (required) file->required();
}

void add_whom(CLI::App& to, push_request& request, bool required) {
  auto* user = to.add_option("--user", request.user, "Whose")->type_name("UID");
  auto* tag = to.add_option("--tag", request.tag, "About what; may have a | in it, and may be empty")
                  ->type_name("TAG");
  if (required) user->required(), tag->required();
}

void add_when(CLI::App& to, push_request& request) {
  to.add_option("--at", request.at, "Time of day, or several: \"08:30, 12:00\"")->type_name("HH:MM");
  to.add_option("--weekdays", request.weekdays, "On these days only, as mon-fri")->type_name("DAYS");
  to.add_option("--schedule", request.schedule, "Any schedule text, in the place of --at")
      ->type_name("SCHEDULE");
  to.add_option("--zone", request.zone, "Whose clock the times are of; if not given, the file's")
      ->type_name("ZONE");
  to.add_option("--quiet", request.quiet, "What is due then waits for its end, as 22:00..07:00")
      ->type_name("HH:MM..HH:MM");
}

template <typename Chosen>
void add_log_choice(CLI::App& to, const char* name, std::vector<std::string_view> words, const char* help,
                    Chosen& chosen) {
  const auto read = [name, words, &chosen](const std::string& given) {
    const auto place = std::ranges::find(words, given);
    if (place == words.end())
      throw CLI::ValidationError(
          name, fmt::format("'{}' is not known: {}", shown(given), suggestion(given, words)));
    chosen = static_cast<typename Chosen::value_type>(place - words.begin());
  };
  to.add_option_function<std::string>(name, read, help)->type_name("WORD");
}

}  // namespace

void add_push(CLI::App& app, push_request& request) {
  auto* push =
      app.add_subcommand("push", "Send reminders that people have subscribed to in Redis, once each");
  push->require_subcommand(0, 1);
  add_file(*push, request, false);
  push->add_option("--instance", request.instance, "Who this process is, stronger than the file")
      ->type_name("NAME");
  add_log_choice(*push, "--log-format", {"text", "json"}, "How log lines are written", request.log_format);
  add_log_choice(*push, "--log-level", log_level_names(), "The log has lines of this level and above",
                 request.log_level);
  for (const auto& each : push_commands) {
    auto* sub = push->add_subcommand(each.name, each.help);
    add_file(*sub, request, true);
    const std::string_view name{each.name};
    if (name == "add" || name == "remove") add_whom(*sub, request, true);
    if (name == "list" || name == "export" || name == "redrive") add_whom(*sub, request, false);
    if (name == "add") add_when(*sub, request);
    if (name == "list")
      sub->add_option("-n,--limit", request.limit, "At most so many")
          ->type_name("N")
          ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000'000}));
    if (name == "import")
      sub->add_option("INPUT", request.input, "A file of JSON lines; standard input, if not given")
          ->type_name("");
    if (name == "import" || name == "redrive")
      sub->add_flag("--dry-run", request.dry_run, "Only say what would be done");
  }
}

std::optional<std::string> why_file_is_wrong(const CLI::App& push) {
  const auto chosen = push.get_subcommands();
  if (chosen.empty() || push.get_option("FILE")->empty()) return std::nullopt;
  const auto& name = chosen.front()->get_name();
  const auto word = shown(push.get_option("FILE")->as<std::string>());
  if (chosen.front()->get_option("FILE")->empty())
    return fmt::format("the file comes after the command: carillon push {} {}", name, word);
  return fmt::format("push {}: '{}' is one word too many", name, word);
}

int do_push(const CLI::App& app, push_request request, std::ostream& out, std::ostream& err) {
  const auto* push = app.get_subcommand("push");
  return guarded(request.json, err, [&]() -> int {
    if (const auto why = why_file_is_wrong(*push)) throw wrong_argument(*why, "carillon push COMMAND --help");
    for (const auto& each : push_commands) {
      if (push->got_subcommand(each.name)) return each.work(request, out, err);
    }
    if (request.file.empty())
      throw wrong_argument("push needs a configuration file",
                           "carillon push FILE; docs/push.md describes it");
    return run_push(request, out, err);
  });
}

}  // namespace carillon::app
