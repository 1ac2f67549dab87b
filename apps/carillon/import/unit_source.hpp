#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "carillon/import/unit_file.hpp"

namespace carillon::app {

/// Where unit files are read: this machine, or a test.
struct unit_source {
  /// The text of a file; none if there is no such file.
  std::function<std::optional<std::string>(const std::string& file)> text;
  /// The names of what lies in a folder, in any order; empty if there is no such folder.
  std::function<std::vector<std::string>(const std::string& folder)> names;
};

/// The folders in which the other files of a unit in `folder` are looked for, the first before the others:
/// itself or, if it is one of the folders of systemd's manager of the system, all of them.
std::vector<std::string> unit_folders(const std::string& folder);

/// The drop-ins of a unit in `folders`, in the order in which they are read: by their names, and of those of
/// one name only the one that is nearest to the unit. For "a-b@c.service" they lie in a-b@c.service.d,
/// a-b@.service.d, a-@.service.d and service.d.
std::vector<std::string> drop_ins_of(const std::string& unit, const std::vector<std::string>& folders,
                                     const unit_source& source);

}  // namespace carillon::app
