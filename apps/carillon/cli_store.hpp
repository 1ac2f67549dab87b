#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "carillon/commands/explain_job.hpp"
#include "carillon/commands/history.hpp"
#include "carillon/commands/jobs_change.hpp"
#include "carillon/commands/jobs_edit.hpp"
#include "carillon/commands/jobs_exchange.hpp"
#include "carillon/commands/jobs_list.hpp"

namespace carillon::app {

/// What the command line says about a command that works on a store.
struct store_command_choice {
  std::string store;                   ///< A URL; empty: that of the environment variable CARILLON_STORE.
  std::string zone;                    ///< Of the times; empty: the machine's.
  std::vector<std::string> calendars;  ///< Files with calendars that schedules may name.
  jobs_list_request list;
  std::vector<std::string> ids;
  std::string id;
  std::string note;
  bool catch_up = false;
  bool repair = false;
  std::optional<std::uint32_t> fires;
  std::string at;
  bool wait = false;
  std::string within, data;
  bool take_back = false;
  jobs_cancel_request cancel;
  jobs_backfill_request backfill;
  jobs_list_request exported;
  jobs_import_request imported;
  jobs_add_request add;
  jobs_modify_request modify;
  history_request history;
  explain_job_request explain;
};

/// Adds `jobs`, `history`, `members`, `watch` and `doctor` to the command line, and what `explain JOB --at
/// TIME` takes.
void add_store_commands(CLI::App& app, store_command_choice& choice);
void add_store_options(CLI::App& command, store_command_choice& choice);

/// What the parser cannot know to be wrong. Errors: throws `wrong_argument`.
void check_store_command(const CLI::App& app, const store_command_choice& choice);

/// Whether the command line asks for one of them.
bool asks_for_store(const CLI::App& app);

/// Whether what it asks for makes a store where there is none: only what puts something into it.
bool may_create_store(const CLI::App& app);

/// Whether it only says what it would put into a store, which need not be there.
bool only_tries_to_create(const CLI::App& app);

/// Does what the command line asks for, and answers the exit code. Errors: throws `wrong_argument`.
loop_awaitable<int> do_store_command(const CLI::App& app, command_context& context,
                                     store_command_choice choice);

/// The subcommands of a command, for suggestions.
std::vector<std::string_view> names_of_subcommands(const CLI::App& app);

}  // namespace carillon::app
