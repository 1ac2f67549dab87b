#include "carillon/cli.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/version.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/zone.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "carillon/cli_import.hpp"
#include "carillon/cli_push.hpp"
#include "carillon/cli_store.hpp"
#include "carillon/commands/batch.hpp"
#include "carillon/commands/explain.hpp"
#include "carillon/commands/members_of_store.hpp"
#include "carillon/commands/next.hpp"
#include "carillon/commands/run.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/store_access.hpp"
#include "carillon/store_choice.hpp"
#include "carillon/store_session.hpp"

namespace carillon::app {
namespace {

constexpr const char* about =
    "Carillon fires jobs at their times: from a configuration file, from a crontab, or from both.";

constexpr const char* footer =
    "\nA schedule is a text such as\n"
    "  every 5m                  every day at 10:30         every monday at 13:15\n"
    "  cron 0 9 * * mon-fri in Europe/London                every 5m from 09:00 to 17:00 on mon-fri\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.";

struct command_line_choice {
  bool json = false;
  bool show_version = false;
  bool batch = false;
  next_request next;
  explain_request explain;
  run_request run;
  store_command_choice on_store;
  push_request push;
  import_request import;
};

// An option that takes one of a few words.
template <typename Chosen>
void add_choice(CLI::App& command, const std::string& name, const std::vector<std::string_view>& words,
                const std::string& help, Chosen& chosen) {
  const auto read = [name, words, &chosen](const std::string& given) {
    const auto place = std::find(words.begin(), words.end(), given);
    if (place == words.end()) {
      throw CLI::ValidationError(
          name, fmt::format("'{}' is not known: {}", shown(given), suggestion(given, words)));
    }
    chosen = static_cast<typename Chosen::value_type>(place - words.begin());
  };
  command.add_option_function<std::string>(name, read, help)
      ->type_name(fmt::format("{{{}}}", fmt::join(words, ",")));
}

void add_run(CLI::App& app, run_request& run, store_command_choice& on_store) {
  auto* command = app.add_subcommand(
      "run", "Run the jobs of files until stopped (SIGINT, SIGTERM); SIGHUP reads the files again");
  command->add_option("FILE", run.files, "Configuration files (TOML)")->type_name("");
  command->add_option("--crontab", run.crontabs, "A crontab in the format of a user's; may be given again")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      ->add_option("--system-crontab", run.system_crontabs,
                   "A crontab with a column for the user, as /etc/crontab; may be given again")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command
      ->add_option("--crontab-dir", run.crontab_folders,
                   "A folder of such crontabs, as /etc/cron.d; may be given again")
      ->allow_extra_args(false)
      ->type_name("FOLDER");
  command->add_option("--state", run.state, "Where is kept what has run since the machine started (@reboot)")
      ->type_name("FOLDER");
  command
      ->add_option("--store", on_store.store,
                   fmt::format("Where jobs are kept, stronger than the file: memory:, {}", ways_to_a_store))
      ->type_name("URL");
  command->add_option("--instance", run.instance, "Who this daemon is, stronger than the file")
      ->type_name("NAME");
  command->add_flag("--prune", run.prune,
                    "On a shared store: at the start, remove jobs that these files do not declare any more");
  command->add_flag("--check", run.check_only,
                    "Read the files, list their jobs and next times, and start nothing");
  add_choice(*command, "--log-format", {"text", "json"}, "How log lines are written", run.log_format);
  add_choice(*command, "--log-level", log_level_names(), "The log has lines of this level and above",
             run.log_level);
}

void add_id(CLI::App& command, std::string& id) {
  command.add_option("--id", id, "As of the job of this id, which decides what is random (~, every 2h..4h)")
      ->type_name("ID");
}

void add_next(CLI::App& app, command_line_choice& choice) {
  auto* command = app.add_subcommand("next", "Print the next times of a schedule");
  command->add_option("SCHEDULE", choice.next.schedule, "The schedule, quoted as one word")->type_name("");
  command->add_option("-n,--count", choice.next.count, "How many times")
      ->check(CLI::Range(std::size_t{1}, most_fires))
      ->capture_default_str();
  command
      ->add_option("--after", choice.next.after,
                   "Times strictly after this one (RFC 3339); now, if not given")
      ->type_name("TIME");
  command
      ->add_option("--zone", choice.next.zone,
                   "Time zone of schedules that name none; this machine's, if not given")
      ->type_name("ZONE");
  add_id(*command, choice.next.id);
  command->add_flag("--batch", choice.batch,
                    "Answer JSON lines on standard input: {\"id\": 1, \"trigger\": \"every 5m\", \"after\": "
                    "\"2026-03-27T10:00:00Z\", \"count\": 5}");
}

void add_explain(CLI::App& app, explain_request& explain, store_command_choice& on_store) {
  auto* command = app.add_subcommand(
      "explain",
      "Say a schedule in words, with its next times and what to beware of; or, of a job and a time "
      "(JOB --at TIME), why it ran or why it did not");
  command->add_option("SCHEDULE", explain.schedule, "The schedule, quoted as one word; with --at, a job")
      ->required()
      ->type_name("");
  auto* at = command->add_option("--at", on_store.explain.at,
                                 "Why did the job (not) run then? (09:00, \"2h ago\", RFC 3339)");
  at->type_name("TIME");
  command
      ->add_option(
          "--file", on_store.explain.files,
          "Of --at: a configuration file with the calendars that the schedule names; may be given again")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->needs(at);
  command->add_option("--store", on_store.store, "Of --at: where the job is; if not given, $CARILLON_STORE")
      ->type_name("URL");
  add_id(*command, explain.id);
  command->add_option("--after", explain.after, "Times strictly after this one (RFC 3339); now, if not given")
      ->type_name("TIME");
  command
      ->add_option("--zone", explain.zone,
                   "Time zone of schedules that name none; this machine's, if not given")
      ->type_name("ZONE");
}

int print_version(bool json) {
  const auto boost =
      fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
  if (json) {
    const boost::json::object answer{
        {"version", CARILLON_VERSION}, {"zone_data", zone_data_version()}, {"boost", boost}};
    std::cout << boost::json::serialize(answer) << '\n';
  } else {
    std::cout << fmt::format("carillon {} (time zone data {}, Boost {})\n", CARILLON_VERSION,
                             zone_data_version(), boost);
  }
  return exit_code::done;
}

int wrong_usage(std::string_view why) {
  std::cerr << "carillon: " << why << "\nTry: carillon --help\n";
  return exit_code::usage;
}

// A word that is no command of `push` is taken for its file, and what follows for one too many.
std::optional<std::string> why_push_is_wrong(const CLI::App& app) {
  if (!app.got_subcommand("push")) return std::nullopt;
  const auto* push = app.get_subcommand("push");
  if (const auto why = why_file_is_wrong(*push)) return why;
  if (!push->get_subcommands().empty() || app.remaining(true).empty() || push->get_option("FILE")->empty())
    return std::nullopt;
  const auto word = push->get_option("FILE")->as<std::string>();
  return fmt::format("there is no command 'push {}': {}", shown(word),
                     suggestion(word, names_of_subcommands(*push)));
}

// CLI11's words, but for a command that does not exist.
std::string why_wrong(const CLI::App& app, const CLI::ParseError& fault) {
  if (const auto why = why_push_is_wrong(app)) return *why;
  const auto chosen = app.get_subcommands();
  const bool within_jobs = chosen.size() == 1 && chosen.front()->get_name() == "jobs";
  const auto& parent = within_jobs ? *chosen.front() : app;
  const auto extras = app.remaining(true);
  const bool no_such_command =
      parent.get_subcommands().empty() && !extras.empty() && !extras.front().starts_with('-');
  if (!no_such_command) return fault.what();
  return fmt::format("there is no command '{}{}': {}", within_jobs ? "jobs " : "", shown(extras.front()),
                     suggestion(extras.front(), names_of_subcommands(parent)));
}

int answer_standard_input(const next_request& next) {
  const auto where = next.zone.empty() ? zone::system() : zone::find(next.zone);
  if (!where) return print_parse_error(next.zone, where.error(), true, std::cerr), exit_code::usage;
  const auto write = [](std::string_view text) {
    return std::cout.write(text.data(), static_cast<std::streamsize>(text.size())).flush().good();
  };
  const auto now = [] { return system_clock{}.now(); };
  return answer_batch(STDIN_FILENO, write, now, *where) ? exit_code::done : exit_code::failed;
}

int do_next(command_line_choice& choice, instant now) {
  if (choice.batch)
    return choice.next.schedule.empty() ? answer_standard_input(choice.next)
                                        : wrong_usage("--batch takes schedules from standard input only");
  if (choice.next.schedule.empty())
    return wrong_usage("next needs a schedule, as in: carillon next \"every day at 10:30\"");
  choice.next.json = choice.json;
  return print_next(choice.next, now, std::cout, std::cerr);
}

/// What is there for stores in Redis only.
void refuse_for_database(const CLI::App& app, const store_command_choice& asked) {
  if (!is_database(asked.store)) return;
  if (app.got_subcommand("watch") || (app.got_subcommand("history") && asked.history.follow))
    throw wrong_argument("a store in an SQL database cannot be followed",
                         "carillon history shows what has happened until now.");
  if (app.got_subcommand("doctor") && asked.repair)
    throw wrong_argument("there is nothing in an SQL database that --repair mends",
                         "carillon doctor says what is wrong, and what to do.");
}

int do_store_work(const CLI::App& app, const store_command_choice& asked, bool json) {
  if (app.got_subcommand("members") && is_database(asked.store)) {
    const session_request request{asked.zone, json, {}};
    return run_on_store(maker_of(asked.store, false), request, print_members, std::cout, std::cerr);
  }
  if (app.got_subcommand("members"))
    return run_members({asked.store, asked.zone, json}, std::cout, std::cerr);
  if (app.got_subcommand("history") && asked.history.follow)
    return run_history_follow({asked.store, asked.zone, json, asked.history}, std::cout, std::cerr);
  if (app.got_subcommand("watch")) return run_watch({asked.store, asked.zone, json}, std::cout, std::cerr);
  if (app.got_subcommand("doctor"))
    return run_doctor({asked.store, asked.repair, json}, std::cout, std::cerr);
  const session_request request{asked.zone, json, asked.calendars, only_tries_to_create(app)};
  const auto work = [&](command_context& context) { return do_store_command(app, context, asked); };
  return run_on_store(maker_of(asked.store, may_create_store(app)), request, work, std::cout, std::cerr);
}

int do_on_store(const CLI::App& app, command_line_choice& choice) {
  auto& asked = choice.on_store;
  if (app.got_subcommand("explain")) {
    asked.explain.job = choice.explain.schedule;
    asked.zone = choice.explain.zone;
  }
  try {
    check_store_command(app, asked);
    asked.store = chosen_store(asked.store);
    refuse_for_database(app, asked);
  } catch (const wrong_argument& fault) {
    print_failure(choice.json, fault.what(), fault.hint(), std::cerr);
    return exit_code::usage;
  }
  return do_store_work(app, asked, choice.json);
}

// What `run` is told on the command line is read as it would be in a file.
std::optional<std::string> fault_of_run(command_line_choice& choice) {
  const auto& store = choice.on_store.store;
  if (!store.empty()) {
    choice.run.store = store;
    if (const auto fault = fault_of_daemon_store(store)) return "--store: " + fault->to_string();
  }
  if (choice.run.instance) {
    const auto fault = fault_of_instance(*choice.run.instance);
    if (fault) return fmt::format("--instance '{}': {}", shown(*choice.run.instance), *fault);
  }
  return std::nullopt;
}

int do_command(const CLI::App& app, command_line_choice& choice) {
  const auto now = system_clock{}.now();
  if (choice.show_version || app.got_subcommand("version")) return print_version(choice.json);
  if (app.got_subcommand("next")) return do_next(choice, now);
  if (app.got_subcommand("push")) {
    choice.push.json = choice.json;
    return do_push(app, choice.push, std::cout, std::cerr);
  }
  if (app.got_subcommand("import")) {
    choice.import.json = choice.json;
    return do_import(app, choice.import, std::cout, std::cerr);
  }
  if (asks_for_store(app)) return do_on_store(app, choice);
  if (app.got_subcommand("explain")) {
    choice.explain.json = choice.json;
    return print_explanation(choice.explain, now, std::cout, std::cerr);
  }
  if (!app.got_subcommand("run"))
    return wrong_usage(
        "say what to do: run, push, next, explain, import, jobs, history, members, watch, doctor or version");
  if (choice.run.files.empty() && choice.run.crontabs.empty() && choice.run.system_crontabs.empty() &&
      choice.run.crontab_folders.empty()) {
    return wrong_usage(
        "run needs a configuration file, --crontab FILE, --system-crontab FILE or --crontab-dir FOLDER");
  }
  choice.run.json = choice.json;
  if (const auto fault = fault_of_run(choice)) return wrong_usage(*fault);
  return run_daemon(choice.run, std::cout, std::cerr);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  command_line_choice choice;
  CLI::App app{about, "carillon"};
  app.footer(footer);
  app.fallthrough();
  app.add_flag("--json", choice.json, "Answers as JSON");
  app.add_flag("--version", choice.show_version, "Print the version");
  app.add_subcommand("version", "Print the version");
  add_run(app, choice.run, choice.on_store);
  add_next(app, choice);
  add_explain(app, choice.explain, choice.on_store);
  add_store_commands(app, choice.on_store);
  add_push(app, choice.push);
  add_import(app, choice.import);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) return app.exit(fault, std::cout, std::cerr);
    return wrong_usage(why_wrong(app, fault));
  }
  return do_command(app, choice);
}

}  // namespace carillon::app
