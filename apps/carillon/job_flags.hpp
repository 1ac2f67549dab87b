#pragma once
#include <carillon/job/job.hpp>

#include <toml++/toml.h>
#include <optional>
#include <string>
#include <vector>

#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// What options of the command line say of a job: the keys of a `[[job]]` in a file (docs/configuration.md),
/// so that both are read and refused alike; and what a program's task is given, which no file has.
struct job_flags {
  toml::table keys;
  std::optional<std::string> task;
  std::optional<std::string> arguments;  ///< A JSON array.

  bool empty() const noexcept { return keys.empty() && !task && !arguments; }
};

/// A definition, or what is wrong with the flags.
struct flagged_job {
  std::optional<job_definition> definition;
  std::vector<diagnostic> found;
};

/// The job that the flags say, put at run time: without an origin.
flagged_job job_of_flags(const job_flags& flags);

/// `old` with what the flags say in the place of what it had; all else stays.
flagged_job changed_by_flags(const job_definition& old, const job_flags& flags);

}  // namespace carillon::app
