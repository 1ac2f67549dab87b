#include "time/zone_names.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace carillon {

namespace {

constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

std::string folded(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == ' ' || c == '-' ? '_' : c;
  return out;
}

/// All names in the zone folder.
std::vector<std::string> all_names() {
  namespace fs = std::filesystem;
  std::vector<std::string> names;
  std::error_code failed;
  const fs::path root = zone_folder();
  for (fs::recursive_directory_iterator at(root, failed), end; !failed && at != end; at.increment(failed)) {
    if (!at->is_regular_file(failed)) continue;
    auto name = at->path().lexically_relative(root).generic_string();
    if (looks_like_zone_name(name) && name.find('.') == std::string::npos) names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

/// How many letters must be changed, added, taken away or exchanged with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> older(b.size() + 1), old(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) old[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], older[j - 2] + 1);
    }
    std::swap(older, old);
    std::swap(old, row);
  }
  return old[b.size()];
}

/// The present name of a zone whose old name this system's zone data knows, but does not install.
std::string present_name(std::string_view old_name) {
  std::ifstream rules(zone_folder() + "/tzdata.zi");
  for (std::string line; std::getline(rules, line);) {
    std::istringstream words(line);
    std::string kind, target, name;
    if (words >> kind >> target >> name && kind == "L" && name == old_name) return target;
  }
  return {};
}

}  // namespace

std::string zone_folder() {
  const char* const named = std::getenv("TZDIR");
  if (named != nullptr && *named != '\0') return named;
  return "/usr/share/zoneinfo";
}

bool looks_like_zone_name(std::string_view name) {
  constexpr std::array<std::string_view, 4> refused{"Factory", "localtime", "posixrules", "leapseconds"};
  if (name.empty() || !(name[0] >= 'A' && name[0] <= 'Z') || name.back() == '/') return false;
  if (std::ranges::find(refused, name) != refused.end() || name.starts_with("Fixed/")) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '/' && c != '_' && c != '-' && c != '+')
      return false;
    if (c == '/' && !is_letter(name[i + 1])) return false;
  }
  return true;
}

std::string hint_for_zone(std::string_view name) {
  const std::string usual = "an IANA name such as Europe/Oslo, or UTC";
  if (name.empty()) return usual;
  if (name.size() > 64) return usual;
  for (const std::string_view prefix : {"posix/", "right/", "/usr/share/zoneinfo/"})
    if (name.starts_with(prefix) && looks_like_zone_name(name.substr(prefix.size())))
      return "did you mean " + std::string{name.substr(prefix.size())} + "?";
  if (const auto present = present_name(name); !present.empty()) return "it is an old name of " + present;
  const auto names = all_names();
  const auto wanted = folded(name);
  for (const auto& each : names)
    if (folded(each) == wanted) return "did you mean " + each + "?";
  for (const auto& each : names)
    if (folded(each).ends_with("/" + wanted)) return "did you mean " + each + "?";
  for (const auto& each : names)
    if (folded(each).starts_with(wanted + "/")) return "a city is missing, as in " + each;
  const auto nearest =
      std::ranges::min_element(names, {}, [&](const auto& each) { return distance(wanted, folded(each)); });
  const bool near = nearest != names.end() && name.size() > 4 && distance(wanted, folded(*nearest)) <= 2;
  return near ? "did you mean " + *nearest + "?" : usual;
}

}  // namespace carillon
