#pragma once
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// One assignment of a unit file.
struct unit_entry {
  std::string section;  ///< "Timer"
  std::string key;
  std::string value;     ///< With continued lines joined by a blank.
  std::size_t line = 0;  ///< Where it begins, from 1.
};

/// A unit file of systemd as it was read, in the order of its lines.
struct unit_file {
  std::vector<unit_entry> entries;
  std::vector<std::size_t> unreadable;  ///< Lines that are no assignment, comment or section.

  /// The last value of a key, as systemd takes it; none if it is not there, or was taken back by an empty
  /// one.
  const unit_entry* last(std::string_view section, std::string_view key) const;
  /// All values of a key since the last empty one.
  std::vector<const unit_entry*> all(std::string_view section, std::string_view key) const;
};

/// Reads systemd.syntax(7): sections, `key=value`, lines continued with a backslash, comments.
unit_file read_unit_file(std::string_view text);

/// Reads "15min", "1d 2h", "90", "1.5h" (systemd.time(7)); none if it is no span. Infinity is the longest.
std::optional<milliseconds> read_time_span(std::string_view text);
inline constexpr milliseconds infinite_span = milliseconds::max();

/// Yes, true, on, 1.
bool is_yes(std::string_view text);

/// A command of a service, as systemd splits it.
struct unit_command {
  std::vector<std::string> words;  ///< Without quotes; `$` as it stands.
  bool may_fail = false;           ///< `-`
  std::string prefixes;            ///< The others: @ : + ! |
};

/// The commands of an `Exec…=` line, which `;` parts; none if its quotes do not close.
std::optional<std::vector<unit_command>> read_exec_line(std::string_view line);

/// `Environment=A=b "C=d e"` as its parts; none if it cannot be read.
std::optional<std::vector<std::string>> read_unit_words(std::string_view line);

}  // namespace carillon::app
