#include "carillon/import/unit_source.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

namespace carillon::app {
namespace {

// The nearest first.
std::vector<std::string> names_with_drop_ins(const std::string& unit) {
  const auto dot = unit.rfind('.');
  auto stem = unit.substr(0, dot);
  auto behind = unit.substr(dot);
  std::vector<std::string> names{unit};
  if (const auto at = stem.find('@'); at != std::string::npos) {
    stem.resize(at);
    behind = "@" + behind;
    names.push_back(stem + behind);
  }
  while (stem.size() > 1) {
    const auto dash = stem.rfind('-', stem.size() - 2);
    if (dash == std::string::npos || dash == 0) break;
    stem.resize(dash + 1);
    names.push_back(stem + behind);
  }
  names.push_back(unit.substr(dot + 1));
  return names;
}

}  // namespace

std::vector<std::string> unit_folders(const std::string& folder) {
  static constexpr std::array<std::string_view, 5> of_system{
      "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
      "/usr/lib/systemd/system", "/lib/systemd/system"};
  if (std::find(of_system.begin(), of_system.end(), folder) == of_system.end()) return {folder};
  return {of_system.begin(), of_system.end()};
}

std::vector<std::string> drop_ins_of(const std::string& unit, const std::vector<std::string>& folders,
                                     const unit_source& source) {
  std::map<std::string, std::string> nearest;
  for (const auto& name : names_with_drop_ins(unit)) {
    for (const auto& folder : folders) {
      const auto place = std::filesystem::path{folder} / (name + ".d");
      for (const auto& file : source.names(place.string())) {
        if (file.ends_with(".conf") && !file.starts_with('.')) nearest.emplace(file, (place / file).string());
      }
    }
  }
  std::vector<std::string> files;
  for (const auto& [name, file] : nearest) files.push_back(file);
  return files;
}

}  // namespace carillon::app
