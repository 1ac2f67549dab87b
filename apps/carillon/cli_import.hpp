#pragma once
#include <CLI/CLI.hpp>
#include <iosfwd>
#include <string>
#include <vector>

namespace carillon::app {

/// `carillon import crontab|timer` as it was asked for.
struct import_request {
  std::string crontab;              ///< A file, or "-": standard input.
  bool system = false;              ///< With a column for the user.
  std::vector<std::string> timers;  ///< Unit files.
  bool json = false;
};

void add_import(CLI::App& app, import_request& request);

/// Prints a configuration file, and on `err` what became of each line; with `json` both as one object.
/// Answers the exit code: failed if something that runs was left out.
int do_import(const CLI::App& app, const import_request& request, std::ostream& out, std::ostream& err);

}  // namespace carillon::app
