#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/http/http_call.hpp>
#include <carillon/job/options.hpp>

#include <optional>
#include <utility>

#include "carillon/config_section.hpp"
#include "carillon/declaration.hpp"

namespace carillon::app {

/// What `[defaults]` sets for all jobs, and a `[[job]]` for itself.
struct job_settings {
  job_options options;
  command_line command;
  http_call http;
  std::string store;  ///< Empty: the daemon's own.
};

/// Reads a path; complains about one that is not absolute.
std::optional<std::string> read_absolute_path(config_section& section, std::string_view key);

/// Reads `backoff`: one duration, or two as in "10s..5m", neither longer than `most`.
std::optional<std::pair<milliseconds, milliseconds>> read_backoff(config_section& section, milliseconds most);

/// Reads the keys that `[defaults]` and `[[job]]` share into `settings`; those that are not given stay as
/// they are.
void read_job_settings(config_section& section, job_settings& settings);

/// Reads one `[[job]]`; nothing if it is not fit to be declared.
std::optional<declaration> read_job(config_section& section, job_settings settings);

}  // namespace carillon::app
