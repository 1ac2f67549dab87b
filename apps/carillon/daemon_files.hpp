#pragma once
#include <carillon/time/instant.hpp>

#include <optional>
#include <string>
#include <vector>

#include "carillon/config.hpp"
#include "carillon/crontab.hpp"
#include "carillon/declaration.hpp"
#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// Which files a daemon was given.
struct file_list {
  std::vector<std::string> configs;
  std::vector<std::string> crontabs;
  std::optional<std::string> store{};     ///< Given on the command line: stronger than what a file says.
  std::optional<std::string> instance{};  ///< The same.
};

/// What all files of a daemon say together.
struct daemon_plan {
  daemon_settings settings;
  date_calendars calendars;
  std::vector<declaration> jobs;
  std::vector<diagnostic> found;  ///< By files, then in the order of their places.
};

/// Reads the files. A job's id stands once in all of them; a setting of the daemon may stand in several if
/// they agree. `started` is when the daemon began: the moment of jobs that run once at the start. `known` are
/// calendars that schedules may name beside those of the files, which are stronger; the plan leaves them out.
daemon_plan read_files(const file_list& files, instant started, const crontab_surroundings& machine,
                       const date_calendars& known = {});

/// The jobs that a crontab declares, with cron's ways: as many at once as come, and runs at fixed times made
/// up for up to three hours later, those with `*` in minute or hour only within their minute.
std::vector<declaration> declare(const crontab& read, const std::string& file, instant started);

}  // namespace carillon::app
