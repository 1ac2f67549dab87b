#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "carillon/import/import_report.hpp"

namespace carillon::app {

/// The text of a file; none if there is no such file.
using file_source = std::function<std::optional<std::string>(const std::string& file)>;

/// A configuration file with the jobs of systemd's timer units, each with what the service unit beside it
/// runs (or the one that `Unit=` names), and what differs line by line.
import_result import_timers(const std::vector<std::string>& files, const file_source& read);

}  // namespace carillon::app
