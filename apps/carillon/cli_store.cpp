#include "carillon/cli_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "carillon/commands/jobs_change.hpp"
#include "carillon/config_after.hpp"
#include "carillon/exit_code.hpp"

namespace carillon::app {
namespace {

struct key_option {
  const char* option;
  const char* key;
  const char* help;
  const char* type;
};

constexpr std::array text_keys{
    key_option{"--shell", "shell", "A line for the shell, in the place of a command", "LINE"},
    key_option{"--input", "input", "What the command finds on its standard input", "TEXT"},
    key_option{"--description", "description", "For people", "TEXT"},
    key_option{"--timeout", "timeout", "Of one attempt, as 1h30m, or none", "DURATION"},
    key_option{"--kill-after", "kill_after", "How long after SIGTERM comes SIGKILL", "DURATION"},
    key_option{"--misfire-grace", "misfire_grace", "Later than this a fire does not run, or none",
               "DURATION"},
    key_option{"--coalesce", "coalesce", "What becomes of fires that piled up", "latest|earliest|all"},
    key_option{"--on-overlap", "on_overlap", "What becomes of a fire that finds no place",
               "skip|queue|\"queue N\"|cancel_running"},
    key_option{"--on-lost", "on_lost", "What becomes of a run whose instance died", "skip|rerun"},
    key_option{"--executor", "executor", "Where it runs: one of the daemon's [executors], or of a program",
               "NAME"},
    key_option{"--group", "group", "Whose places it shares with other jobs: one of [groups], or of a program",
               "NAME"},
    key_option{"--keep-result", "keep_result", "How long what a task returns is kept; 0s: not at all",
               "DURATION"},
    key_option{"--cwd", "cwd", "Working directory of the command", "FOLDER"},
};

constexpr std::array number_keys{
    key_option{"--max-instances", "max_instances", "Runs at once, over all instances", "N"},
    key_option{"--catch-up", "catch_up", "Of --coalesce all: the most recent N", "N"},
    key_option{"--priority", "priority", "Among jobs due at the same instant the higher first, -100 to 100",
               "N"},
    key_option{"--pause-after", "pause_after", "So many failed runs in a row pause the job", "N"},
};

// The table of `retry`, which the file has as one inside the job's.
toml::table& retry_of(job_flags& flags) {
  if (flags.keys.get_as<toml::table>("retry") == nullptr) flags.keys.insert_or_assign("retry", toml::table{});
  return *flags.keys.get_as<toml::table>("retry");
}

toml::array as_array(const std::vector<std::string>& words) {
  toml::array list;
  for (const auto& word : words) list.push_back(word);
  return list;
}

void set_variables(job_flags& flags, const std::vector<std::string>& given) {
  toml::table variables;
  for (const auto& one : given) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0)
      throw CLI::ValidationError("--env", fmt::format("'{}' is no NAME=VALUE", one));
    variables.insert_or_assign(one.substr(0, equals), one.substr(equals + 1));
  }
  flags.keys.insert_or_assign("env", std::move(variables));
}

using words = std::vector<std::string>;

// The table of `http`.
toml::table& http_of(job_flags& flags) {
  if (flags.keys.get_as<toml::table>("http") == nullptr) flags.keys.insert_or_assign("http", toml::table{});
  return *flags.keys.get_as<toml::table>("http");
}

void set_headers(job_flags& flags, const words& given) {
  toml::table headers;
  for (const auto& one : given) {
    const auto sign = one.find_first_of("=:");
    if (sign == std::string::npos || sign == 0)
      throw CLI::ValidationError("--header", fmt::format("'{}' is no NAME=VALUE", one));
    const auto value = one.find_first_not_of(' ', sign + 1);
    headers.insert_or_assign(one.substr(0, sign), value == std::string::npos ? "" : one.substr(value));
  }
  http_of(flags).insert_or_assign("headers", std::move(headers));
}

void add_http_flags(CLI::App& command, job_flags& flags) {
  constexpr std::array keys{
      key_option{"--http", "url", "A request in the place of a command: its URL", "URL"},
      key_option{"--method", "method", "Of the request", "POST|GET|PUT|PATCH|DELETE|HEAD"},
      key_option{"--body", "body", "What is sent, as it stands, in the place of the JSON", "TEXT"},
      key_option{"--body-json", "body_json", "An object whose members go into the JSON that is sent", "JSON"},
      key_option{"--answer-timeout", "answer_timeout", "How long the answer may take", "DURATION"},
  };
  for (const auto& one : keys) {
    const auto set = [&flags, key = one.key](const std::string& given) {
      http_of(flags).insert_or_assign(key, given);
    };
    command.add_option_function<std::string>(one.option, set, one.help)->type_name(one.type);
  }
  const auto headers = [&flags](const words& given) { set_headers(flags, given); };
  command.add_option_function<words>("--header", headers, "A header of the request; may be given again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  const auto expected = [&flags](const words& given) {
    http_of(flags).insert_or_assign("expect", as_array(given));
  };
  command
      .add_option_function<words>("--expect", expected,
                                  "An answer that is a success, 204 or 2xx; may be given again")
      ->type_name("STATUS")
      ->allow_extra_args(false);
}

void add_schedule_flags(CLI::App& command, job_flags& flags) {
  const auto set_schedules = [&flags](const words& given) {
    if (given.size() == 1) {
      flags.keys.insert_or_assign("schedule", given.front());
    } else {
      flags.keys.insert_or_assign("schedule", as_array(given));
    }
  };
  command
      .add_option_function<words>(
          "--schedule", set_schedules,
          "When: the schedule text, quoted as one word; given again, it fires by each")
      ->type_name("SCHEDULE")
      ->allow_extra_args(false);
  const auto set_after = [&flags](const words& given) {
    toml::array list;
    for (const auto& one : given) list.push_back(predecessor_of(one));
    flags.keys.insert_or_assign("after", std::move(list));
  };
  command
      .add_option_function<words>(
          "--after", set_after, "When a run of another job has ended, beside --schedule; may be given again")
      ->type_name("JOB[:success|failure|either]")
      ->allow_extra_args(false);
}

void add_retry_flags(CLI::App& command, job_flags& flags) {
  const auto set_attempts = [&flags](std::int64_t given) {
    retry_of(flags).insert_or_assign("attempts", given);
  };
  command.add_option_function<std::int64_t>("--retry", set_attempts, "How often a run is tried in all")
      ->type_name("N");
  const auto set_backoff = [&flags](const std::string& given) {
    retry_of(flags).insert_or_assign("backoff", given);
  };
  command
      .add_option_function<std::string>("--backoff", set_backoff, "The wait before the next try, as 10s..5m")
      ->type_name("DURATION..DURATION");
}

void add_command_flags(CLI::App& command, job_flags& flags) {
  const auto set_command = [&flags](const words& given) {
    flags.keys.insert_or_assign("command", as_array(given));
  };
  command.add_option_function<words>("--command", set_command, "The program and its arguments")
      ->type_name("WORD...")
      ->expected(1, 10'000);
  command.add_option_function<words>("COMMAND", set_command, "The same, behind --")->type_name("");
}

void add_job_flags(CLI::App& command, job_flags& flags) {
  add_schedule_flags(command, flags);
  for (const auto& one : text_keys) {
    const auto set = [&flags, key = one.key](const std::string& given) {
      flags.keys.insert_or_assign(key, given);
    };
    command.add_option_function<std::string>(one.option, set, one.help)->type_name(one.type);
  }
  for (const auto& one : number_keys) {
    const auto set = [&flags, key = one.key](std::int64_t given) { flags.keys.insert_or_assign(key, given); };
    command.add_option_function<std::int64_t>(one.option, set, one.help)->type_name(one.type);
  }
  add_retry_flags(command, flags);
  add_command_flags(command, flags);
  const auto set_tags = [&flags](const words& given) {
    flags.keys.insert_or_assign("tags", as_array(given));
  };
  command.add_option_function<words>("--tag", set_tags, "A tag; may be given again")
      ->type_name("TAG")
      ->allow_extra_args(false);
  const auto set_env = [&flags](const words& given) { set_variables(flags, given); };
  command.add_option_function<words>("--env", set_env, "A variable of the command; may be given again")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  add_http_flags(command, flags);
  const auto set_carries = [&flags] { flags.keys.insert_or_assign("carries", true); };
  command.add_flag_callback("--carries", set_carries, "Runs of the task hand on data, one to the next");
  command.add_option("--task", flags.task, "A task that programs have registered, in the place of a command")
      ->type_name("NAME");
  command.add_option("--args", flags.arguments, "The task's arguments, a JSON array")->type_name("JSON");
}

CLI::App* add_ids_command(CLI::App& jobs, store_command_choice& choice, const char* name, const char* help) {
  auto* command = jobs.add_subcommand(name, help);
  command->add_option("ID", choice.ids, "Jobs")->required()->type_name("");
  return command;
}

void add_list(CLI::App& jobs, store_command_choice& choice) {
  auto* list = jobs.add_subcommand("list", "All jobs, by id");
  list->add_option("--prefix", choice.list.prefix, "Those whose id begins so")->type_name("TEXT");
  list->add_option("--tag", choice.list.tags, "Those with this tag; may be given again")
      ->type_name("TAG")
      ->allow_extra_args(false);
  list->add_option("--task", choice.list.task, "Those that run this task")->type_name("NAME");
  list->add_option("--state", choice.list.state, "Those in this state")
      ->type_name("active|paused|parked|ended|removed");
  list->add_option("-n,--limit", choice.list.limit, "At most so many")->type_name("N");
}

void add_edits(CLI::App& jobs, store_command_choice& choice) {
  auto* add = jobs.add_subcommand("add",
                                  "Add a job: jobs add --id backup --schedule \"every day at 02:30\" -- "
                                  "/usr/local/bin/backup --full");
  const auto set_id = [&choice](const std::string& id) { choice.add.flags.keys.insert_or_assign("id", id); };
  add->add_option_function<std::string>("--id", set_id, "The job's id")->type_name("ID");
  add->add_option("--file", choice.add.files, "The jobs of a configuration file, in the place of one")
      ->type_name("FILE")
      ->allow_extra_args(false);
  auto* replace = add->add_flag_callback(
      "--replace", [&choice] { choice.add.policy = on_conflict::replace; },
      "A job of that id gets this definition");
  add->add_flag_callback(
         "--keep", [&choice] { choice.add.policy = on_conflict::keep; }, "A job of that id stays as it is")
      ->excludes(replace);
  add_job_flags(*add, choice.add.flags);

  auto* modify = jobs.add_subcommand("modify", "Change parts of a job; the rest stays");
  modify->add_option("ID", choice.modify.id, "The job")->required()->type_name("");
  modify
      ->add_option("--if-revision", choice.modify.if_revision,
                   "Only if the job is at this revision (jobs show): else somebody has changed it since")
      ->type_name("N");
  add_job_flags(*modify, choice.modify.flags);
}

// What is done to single fires and runs.
void add_occasions(CLI::App& jobs, store_command_choice& choice) {
  auto* cancel = jobs.add_subcommand("cancel", "Ask the running bodies of jobs to stop");
  cancel->add_option("ID", choice.cancel.ids, "Jobs")->required()->type_name("");
  auto* run = cancel->add_option("--run", choice.cancel.run, "Only this run (history --json, watch)");
  run->type_name("RUN");
  cancel
      ->add_flag("--waiting", choice.cancel.waiting,
                 "Cancel what waits, in the place of what runs: retries, queued runs, a backfill")
      ->excludes(run);

  auto* skip = jobs.add_subcommand("skip", "Leave out the next fires of a job, or the one at a time");
  skip->add_option("ID", choice.id, "The job")->required()->type_name("");
  auto* fires = skip->add_option("-n,--fires", choice.fires, "How many; 0 takes it back; 1, if not given");
  fires->check(CLI::Range(0u, 10'000u));
  auto* at = skip->add_option("--at", choice.at, "The fire at this time (09:00, RFC 3339)");
  at->type_name("TIME")->excludes(fires);
  skip->add_flag("--take-back", choice.take_back, "Fire at that time after all")->needs(at);

  auto* trigger =
      jobs.add_subcommand("trigger-at", "Run a job now, beside its schedule, as if a time had come");
  trigger->add_option("ID", choice.id, "The job")->required()->type_name("");
  trigger->add_option("TIME", choice.at, "As its run sees it (09:00, \"2h ago\", RFC 3339)")
      ->required()
      ->type_name("");

  auto* backfill =
      jobs.add_subcommand("backfill", "Run a job for each time of its schedule in a stretch that has passed");
  backfill->add_option("ID", choice.backfill.id, "The job")->required()->type_name("");
  backfill->add_option("--from", choice.backfill.from, "Times from this one on (09:00, \"2h ago\", RFC 3339)")
      ->required()
      ->type_name("TIME");
  backfill->add_option("--to", choice.backfill.to, "Times up to this one; now, if not given")
      ->type_name("TIME");
  backfill->add_option("--limit", choice.backfill.limit, "More times than these are refused")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
      ->capture_default_str()
      ->type_name("N");
  backfill->add_flag("--again", choice.backfill.again, "Also times that were put down within the hour");
}

void add_exchange(CLI::App& jobs, store_command_choice& choice) {
  auto* exported = jobs.add_subcommand("export", "Print the jobs as a document (JSON) that import takes");
  exported->add_option("--prefix", choice.exported.prefix, "Those whose id begins so")->type_name("TEXT");
  exported->add_option("--tag", choice.exported.tags, "Those with this tag; may be given again")
      ->type_name("TAG")
      ->allow_extra_args(false);
  exported->add_option("--task", choice.exported.task, "Those that run this task")->type_name("NAME");

  auto& how = choice.imported.how;
  auto* imported = jobs.add_subcommand("import", "Bring in the jobs of a document, and say what changed");
  imported->add_option("FILE", choice.imported.file, "The document; - is standard input")
      ->required()
      ->type_name("");
  auto* replace = imported->add_flag_callback(
      "--replace", [&how] { how.policy = on_conflict::replace; },
      "Jobs that differ become as in the document");
  imported
      ->add_flag_callback(
          "--keep", [&how] { how.policy = on_conflict::keep; }, "Jobs that are there stay as they are")
      ->excludes(replace);
  imported->add_flag("--begin-anew", how.begin_anew,
                     "Added jobs fire as if they were new, in the place of going on where they were");
  imported->add_flag("--partial", how.partial, "Bring in what can be, also when some are refused");
  imported->add_flag("--dry-run", how.dry_run, "Change nothing, and say what would be");
}

void add_jobs_commands(CLI::App& app, store_command_choice& choice) {
  auto* jobs = app.add_subcommand("jobs", "Look at the jobs of a store, and change them");
  add_store_options(*jobs, choice);
  jobs->add_option("--calendars", choice.calendars,
                   "A configuration file with the calendars that schedules name; may be given again")
      ->type_name("FILE")
      ->allow_extra_args(false);
  jobs->require_subcommand(0, 1);
  add_list(*jobs, choice);
  add_ids_command(*jobs, choice, "show", "All that the store says of a job");
  add_edits(*jobs, choice);
  auto* pause = add_ids_command(*jobs, choice, "pause", "Stop jobs from firing");
  pause->add_option("--note", choice.note, "Why, for others to read")->type_name("TEXT");
  auto* resume = add_ids_command(*jobs, choice, "resume", "Let paused jobs fire again");
  resume->add_flag("--catch-up", choice.catch_up,
                   "Make up for what came due, as each job's misfire policy says");
  auto* run = add_ids_command(*jobs, choice, "run", "Run jobs now, beside their schedules");
  auto* wait =
      run->add_flag("--wait", choice.wait, "Wait for each run to end, and say how; fails if it does");
  run->add_option("--within", choice.within, "No longer than this (30s, 2h)")
      ->needs(wait)
      ->type_name("DURATION");
  auto* carry = jobs->add_subcommand("carry", "Set the data that a job carries from run to run");
  carry->add_option("ID", choice.id, "The job")->required()->type_name("");
  carry->add_option("JSON", choice.data, "What its next run reads; null: nothing")->required()->type_name("");
  add_occasions(*jobs, choice);
  add_exchange(*jobs, choice);
  add_ids_command(*jobs, choice, "remove", "Remove jobs");
  for (auto* command : jobs->get_subcommands({})) command->fallthrough();
}

void add_history(CLI::App& app, store_command_choice& choice) {
  auto* command = app.add_subcommand(
      "history", "What became of each fire, the latest first; with --follow as it happens");
  add_store_options(*command, choice);
  command->add_option("JOB", choice.history.job, "Of this job; of all, if not given")->type_name("");
  command
      ->add_option("--from", choice.history.from,
                   "Fires of this time and later (09:00, \"2h ago\", RFC 3339)")
      ->type_name("TIME");
  command->add_option("--to", choice.history.to, "Fires up to this time")->type_name("TIME");
  command->add_option("--outcome", choice.history.outcomes, "Those that ended so; may be given again")
      ->type_name("succeeded|failed|timed_out|cancelled|lost|missed|skipped|coalesced")
      ->allow_extra_args(false);
  command
      ->add_option("-n,--limit", choice.history.limit,
                   "At most so many; 100, with --follow the last 10 at first")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->type_name("N");
  command->add_flag("-f,--follow", choice.history.follow,
                    "Go on with new entries as they come, until Ctrl-C; the oldest first");
}

loop_awaitable<int> do_jobs_command(const CLI::App& jobs, command_context& context,
                                    store_command_choice choice) {
  if (jobs.got_subcommand("list")) co_return co_await list_jobs(context, std::move(choice.list));
  if (jobs.got_subcommand("show")) co_return co_await show_jobs(context, std::move(choice.ids));
  if (jobs.got_subcommand("add")) co_return co_await add_jobs(context, std::move(choice.add));
  if (jobs.got_subcommand("modify")) co_return co_await modify_job(context, std::move(choice.modify));
  if (jobs.got_subcommand("pause"))
    co_return co_await pause_jobs(context, std::move(choice.ids), std::move(choice.note));
  if (jobs.got_subcommand("resume"))
    co_return co_await resume_jobs(context, std::move(choice.ids), choice.catch_up);
  if (jobs.got_subcommand("carry")) co_return co_await set_what_job_carries(context, choice.id, choice.data);
  if (jobs.got_subcommand("run") && choice.wait)
    co_return co_await run_jobs_and_wait(context, std::move(choice.ids), choice.within);
  if (jobs.got_subcommand("run")) co_return co_await run_jobs_now(context, std::move(choice.ids));
  if (jobs.got_subcommand("cancel")) co_return co_await cancel_jobs(context, std::move(choice.cancel));
  if (jobs.got_subcommand("trigger-at")) co_return co_await trigger_job_at(context, choice.id, choice.at);
  if (jobs.got_subcommand("backfill")) co_return co_await backfill_job(context, std::move(choice.backfill));
  if (jobs.got_subcommand("export")) co_return co_await export_jobs(context, std::move(choice.exported));
  if (jobs.got_subcommand("import")) co_return co_await import_jobs(context, std::move(choice.imported));
  if (jobs.got_subcommand("remove")) co_return co_await remove_jobs(context, std::move(choice.ids));
  if (!choice.at.empty()) co_return co_await skip_fire_at(context, choice.id, choice.at, choice.take_back);
  co_return co_await skip_fires(context, choice.id, choice.fires.value_or(1));
}

// What a file or a flag has to say, but not both.
void check_edits(const CLI::App& jobs, const store_command_choice& choice) {
  if (jobs.got_subcommand("add")) {
    const bool files = !choice.add.files.empty();
    if (files && !choice.add.flags.empty())
      throw wrong_argument("--file and the options of a job are both given", "Either, but not both.");
    if (!files && choice.add.flags.empty())
      throw wrong_argument(
          "jobs add needs a job",
          "carillon jobs add --id backup --schedule \"every day at 02:30\" -- /usr/local/bin/backup, "
          "or --file FILE");
  }
  if (jobs.got_subcommand("cancel") && !choice.cancel.run.empty() && choice.cancel.ids.size() != 1)
    throw wrong_argument("--run names a run of one job", "carillon jobs cancel ID --run RUN");
  if (jobs.got_subcommand("modify") && choice.modify.flags.empty())
    throw wrong_argument("jobs modify needs something to change", "--schedule \"every 5m\", for example");
}

}  // namespace

void add_store_options(CLI::App& command, store_command_choice& choice) {
  command
      .add_option("--store", choice.store,
                  "sqlite:FILE, postgresql://…, mysql://…, redis://HOST:PORT?namespace=NAME, rediss://…, "
                  "redis+sentinel://…; if not given, $CARILLON_STORE")
      ->type_name("URL");
  command.add_option("--zone", choice.zone, "Time zone of the times; this machine's, if not given")
      ->type_name("ZONE");
}

void add_store_commands(CLI::App& app, store_command_choice& choice) {
  add_jobs_commands(app, choice);
  add_history(app, choice);
  auto* members = app.add_subcommand("members", "The instances that share a store");
  add_store_options(*members, choice);
  auto* watch = app.add_subcommand("watch", "Tell of runs as they happen, until Ctrl-C");
  add_store_options(*watch, choice);
  auto* doctor = app.add_subcommand(
      "doctor", "Say what is wrong with a store and its server: exit status 1 if anything is");
  add_store_options(*doctor, choice);
  doctor->add_flag("--repair", choice.repair, "Mend what can be mended without a risk; of a store in Redis");
}

bool asks_for_store(const CLI::App& app) {
  if (app.got_subcommand("explain")) return app.get_subcommand("explain")->count("--at") > 0;
  constexpr std::array commands{"jobs", "history", "members", "watch", "doctor"};
  return std::ranges::any_of(commands, [&](const char* name) { return app.got_subcommand(name); });
}

bool may_create_store(const CLI::App& app) {
  if (!app.got_subcommand("jobs")) return false;
  const auto* jobs = app.get_subcommand("jobs");
  return jobs->got_subcommand("add") ||
         (jobs->got_subcommand("import") && jobs->get_subcommand("import")->count("--dry-run") == 0);
}

bool only_tries_to_create(const CLI::App& app) {
  if (!app.got_subcommand("jobs")) return false;
  const auto* jobs = app.get_subcommand("jobs");
  return jobs->got_subcommand("import") && jobs->get_subcommand("import")->count("--dry-run") > 0;
}

void check_store_command(const CLI::App& app, const store_command_choice& choice) {
  if (!app.got_subcommand("jobs")) return;
  const auto* jobs = app.get_subcommand("jobs");
  if (jobs->get_subcommands().empty())
    throw wrong_argument(
        "jobs: say what to do",
        "list, show, add, modify, pause, resume, run, carry, trigger-at, backfill, cancel, skip, export, "
        "import or remove");
  check_edits(*jobs, choice);
}

loop_awaitable<int> do_store_command(const CLI::App& app, command_context& context,
                                     store_command_choice choice) {
  if (app.got_subcommand("explain")) co_return co_await explain_job(context, std::move(choice.explain));
  if (app.got_subcommand("history")) co_return co_await print_history(context, std::move(choice.history));
  co_return co_await do_jobs_command(*app.get_subcommand("jobs"), context, std::move(choice));
}

std::vector<std::string_view> names_of_subcommands(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

}  // namespace carillon::app
