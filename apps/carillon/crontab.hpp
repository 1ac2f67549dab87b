#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/trigger/trigger.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// What the reader of a crontab must know of the machine. The members have the values of a test;
/// `of_this_machine` asks.
struct crontab_surroundings {
  std::string user = "nobody";
  std::string home = "/";
  /// Whether a word before a command is a name of a user, and no program that `path` leads to.
  std::function<bool(std::string_view word, std::string_view path)> is_user = [](auto, auto) {
    return false;
  };

  static crontab_surroundings of_this_machine();
};

/// One line that runs something.
struct crontab_entry {
  std::size_t line = 0;
  std::string id;               ///< From the command: the same wherever the line stands in the file.
  bool at_reboot = false;       ///< Once, when the daemon starts; then there is no `when`.
  std::optional<trigger> when;  ///< Its zone is CRON_TZ, if that was set above the line.
  bool wildcard =
      false;  ///< The minute or the hour begins with `*`: cron makes up for no such run that it missed.
  command_line command;
};

/// A crontab as it was read: what is right in it, and what is wrong.
struct crontab {
  std::vector<crontab_entry> entries;
  std::vector<diagnostic> found;  ///< In the order of the lines.
};

/// Reads a crontab in the format of a user (five fields, command), as Vixie cron and cronie do: settings,
/// quoting, `%`, macros, CRON_TZ, RANDOM_DELAY. Where a line cannot be read the reader goes on with the next
/// one.
///
/// Source: crontab(5) and entry.c, env.c, do_command.c of Vixie cron 3.0 and cronie 1.6. docs/operations.md
/// lists what differs.
crontab read_crontab(std::string_view text, const std::string& file, const crontab_surroundings& machine);

}  // namespace carillon::app
