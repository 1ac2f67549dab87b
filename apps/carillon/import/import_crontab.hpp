#pragma once
#include <string>
#include <string_view>

#include "carillon/crontab.hpp"
#include "carillon/import/import_report.hpp"

namespace carillon::app {

/// A configuration file with the jobs of a crontab, which does what `run --crontab` does of it, and what
/// differs from cron line by line.
import_result import_crontab(std::string_view text, const std::string& file, crontab_format format,
                             const crontab_surroundings& machine);

}  // namespace carillon::app
