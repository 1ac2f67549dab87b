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

#include "carillon/commands/batch.hpp"
#include "carillon/commands/explain.hpp"
#include "carillon/commands/next.hpp"
#include "carillon/commands/run.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"

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

void add_run(CLI::App& app, run_request& run) {
  auto* command = app.add_subcommand(
      "run", "Run the jobs of files until stopped (SIGINT, SIGTERM); SIGHUP reads the files again");
  command->add_option("FILE", run.files, "Configuration files (TOML)")->type_name("");
  command->add_option("--crontab", run.crontabs, "A crontab in the format of a user's; may be given again")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_flag("--check", run.check_only,
                    "Read the files, list their jobs and next times, and start nothing");
  add_choice(*command, "--log-format", {"text", "json"}, "How log lines are written", run.log_format);
  add_choice(*command, "--log-level", log_level_names(), "The log has lines of this level and above",
             run.log_level);
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
  command->add_flag("--batch", choice.batch,
                    "Answer JSON lines on standard input: {\"id\": 1, \"trigger\": \"every 5m\", \"after\": "
                    "\"2026-03-27T10:00:00Z\", \"count\": 5}");
}

void add_explain(CLI::App& app, explain_request& explain) {
  auto* command =
      app.add_subcommand("explain", "Say a schedule in words, with its next times and what to beware of");
  command->add_option("SCHEDULE", explain.schedule, "The schedule, quoted as one word")
      ->required()
      ->type_name("");
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

// CLI11's words, but for a command that does not exist.
std::string why_wrong(const CLI::App& app, const CLI::ParseError& fault) {
  const auto extras = app.remaining();
  const bool no_such_command =
      app.get_subcommands().empty() && !extras.empty() && !extras.front().starts_with('-');
  if (!no_such_command) return fault.what();
  return fmt::format("there is no command '{}': {}", shown(extras.front()),
                     suggestion(extras.front(), {"run", "next", "explain", "version"}));
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

int do_command(const CLI::App& app, command_line_choice& choice) {
  const auto now = system_clock{}.now();
  if (choice.show_version || app.got_subcommand("version")) return print_version(choice.json);
  if (app.got_subcommand("next")) return do_next(choice, now);
  if (app.got_subcommand("explain")) {
    choice.explain.json = choice.json;
    return print_explanation(choice.explain, now, std::cout, std::cerr);
  }
  if (!app.got_subcommand("run")) return wrong_usage("say what to do: run, next, explain or version");
  if (choice.run.files.empty() && choice.run.crontabs.empty()) {
    return wrong_usage("run needs a configuration file, or --crontab FILE");
  }
  choice.run.json = choice.json;
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
  add_run(app, choice.run);
  add_next(app, choice);
  add_explain(app, choice.explain);
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
