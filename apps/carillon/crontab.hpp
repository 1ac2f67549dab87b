#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/trigger/trigger.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/crontab_surroundings.hpp"
#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// Whose format a crontab has.
enum class crontab_format {
  user,    ///< Five time fields, command: what `crontab -e` edits.
  system,  ///< Five time fields, user, command: /etc/crontab and the files of /etc/cron.d.
};

/// One line that runs something.
struct crontab_entry {
  std::size_t line = 0;
  std::string id;               ///< From the command: the same wherever the line stands in the file.
  bool at_reboot = false;       ///< Once, when the daemon starts; then there is no `when`.
  std::optional<trigger> when;  ///< Its zone is CRON_TZ, if that was set above the line.
  bool wildcard =
      false;  ///< The minute or the hour begins with `*`: cron makes up for no such run that it missed.
  bool quiet = false;  ///< A `-` before the minute: nothing of it goes to the log but what goes wrong.
  command_line command;
};

/// A crontab as it was read: what is right in it, and what is wrong.
struct crontab {
  std::vector<crontab_entry> entries;
  std::vector<diagnostic> found;  ///< In the order of the lines.
};

/// Reads a crontab as Vixie cron and cronie do: settings, quoting, `%`, `~`, macros, CRON_TZ, RANDOM_DELAY,
/// MAILTO. Where a line cannot be read the reader goes on with the next one.
///
/// Source: crontab(5) and entry.c, env.c, do_command.c of Vixie cron 3.0 and cronie 1.7. docs/crontab.md
/// lists what differs.
crontab read_crontab(std::string_view text, const std::string& file, const crontab_surroundings& machine,
                     crontab_format format = crontab_format::user);

}  // namespace carillon::app
