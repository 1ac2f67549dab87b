#pragma once
#include <string>
#include <vector>

#include "carillon/import/import_report.hpp"
#include "carillon/import/unit_source.hpp"

namespace carillon::app {

/// A configuration file with the jobs of systemd's timer units, each with what the service unit beside it
/// runs (or the one that `Unit=` names), and what differs line by line. Drop-ins of both are read, too.
import_result import_timers(const std::vector<std::string>& files, const unit_source& source);

}  // namespace carillon::app
