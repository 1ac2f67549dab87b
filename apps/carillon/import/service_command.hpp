#pragma once
#include <carillon/executor/command_line.hpp>
#include <carillon/job/options.hpp>

#include <optional>
#include <string>
#include <vector>

#include "carillon/import/import_report.hpp"
#include "carillon/import/unit_file.hpp"

namespace carillon::app {

/// What a service runs, as a job has it.
struct service_job {
  std::optional<command_line> command;  ///< None: nothing that could be run here.
  job_options options;
  bool lacks_command = false;  ///< Something that runs with it in systemd was left out.
};

/// Reads the parts of a service unit that a job has, and adds what became of each of its lines to `notes`.
/// `unit` is its name, "backup.service".
service_job read_service(const unit_file& service, const std::string& file, const std::string& unit,
                         std::vector<import_note>& notes);

/// What systemd's manager of the system gives its services, where they say nothing else.
command_line service_surroundings();

}  // namespace carillon::app
