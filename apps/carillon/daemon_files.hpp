#pragma once
#include <carillon/time/instant.hpp>

#include <map>
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
  std::vector<std::string> crontabs;      ///< In the format of a user's.
  std::optional<std::string> store{};     ///< Given on the command line: stronger than what a file says.
  std::optional<std::string> instance{};  ///< The same.
  std::vector<std::string> system_crontabs{};
  std::vector<std::string> crontab_folders{};
  std::optional<std::string> state{};  ///< As `store`.
  bool without_crontabs = false;       ///< Those that configuration files name are not read.
};

/// Configuration files for what only asks them: for jobs and calendars of theirs.
file_list only_configs(std::vector<std::string> configs);

/// What was read before, for a daemon that reads again.
struct files_before {
  std::map<std::string, std::string> texts;  ///< Of each file, as its jobs are in force.
  bool crontabs_only =
      false;  ///< Configuration files stay as they were, and no crontab's fault stops anything.
};

/// What all files of a daemon say together.
struct daemon_plan {
  daemon_settings settings;
  date_calendars calendars;
  crontab_sources crontabs;  ///< Of the files and of the command line.
  std::vector<declaration> jobs;
  std::vector<diagnostic> found;  ///< By files, then in the order of their places.
  /// What is wrong in crontabs that keep the jobs they had, or do without: it stops nothing.
  std::vector<diagnostic> aside;
  std::vector<std::string> origins;          ///< All files that were read, in their order.
  std::map<std::string, std::string> texts;  ///< Of each, as its jobs are in force.
  std::string stamp;  ///< Of the crontabs (`stamp_of`), from before they were read: no change is lost.
};

/// The same of how they lie there now.
std::string stamp_of(const crontab_sources& crontabs);

/// Reads the files. A job's id stands once in all of them; a setting of the daemon may stand in several if
/// they agree. `started` is when the daemon began: the moment of jobs that run once at the start. `known` are
/// calendars that schedules may name beside those of the files, which are stronger; the plan leaves them out.
///
/// A file of a folder that has faults keeps the jobs that it had `before`, or has none; it stops nothing.
daemon_plan read_files(const file_list& files, instant started, const crontab_surroundings& machine,
                       const date_calendars& known = {}, const files_before& before = {});

/// The jobs that a crontab declares, with cron's ways: as many at once as come, and runs at fixed times made
/// up for up to three hours later, those with `*` in minute or hour only within their minute.
std::vector<declaration> declare(const crontab& read, const std::string& file, instant started);

}  // namespace carillon::app
