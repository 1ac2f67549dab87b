#pragma once
#include <carillon/time/zone.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "carillon/config.hpp"

namespace carillon::app {

/// `carillon run` as it was asked for.
struct run_request {
  std::vector<std::string> files;
  std::vector<std::string> crontabs;
  std::vector<std::string> system_crontabs;
  std::vector<std::string> crontab_folders;
  bool check_only = false;  ///< Read the files, list their jobs, start nothing.
  bool json = false;
  bool prune = false;  ///< Remove jobs of these files that they do not declare any more, at the start.
  std::optional<std::string> store;     ///< Stronger than the files: "memory:", or the URL of a shared store.
  std::optional<std::string> instance;  ///< Stronger than the files.
  std::optional<std::string> state;     ///< The same: the folder for what concerns this host.
  std::optional<enum log_format> log_format;  ///< Given on the command line: stronger than the file.
  std::optional<enum log_level> log_level;
};

/// Runs the daemon until it is told to stop. Answers the exit code.
int run_daemon(const run_request& request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
