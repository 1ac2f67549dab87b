#pragma once
#include <carillon/error.hpp>
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
  std::string file = {};
  /// Where the line stands that takes its place or takes it back, "override.conf:2"; empty: it is in force.
  std::string taken_back_by = {};
};

/// A line of a file.
struct unit_place {
  std::string file;
  std::size_t line = 0;
  friend bool operator==(const unit_place&, const unit_place&) = default;
};

/// A unit file of systemd as it was read, in the order of its lines.
struct unit_file {
  std::vector<unit_entry> entries;
  std::vector<unit_place> unreadable;  ///< Lines that are no assignment, comment or section.

  /// Adds the lines of a drop-in, which is read behind this one.
  void append(unit_file drop_in);
  /// Tells of each entry whether one below it takes its place (of a key with one value) or takes it back (an
  /// empty one of a key that is a list).
  void settle();

  /// The last value of a key, as systemd takes it; none if it is not there, or was taken back by an empty
  /// one.
  const unit_entry* last(std::string_view section, std::string_view key) const;
  /// All values of a key since the last empty one.
  std::vector<const unit_entry*> all(std::string_view section, std::string_view key) const;
};

/// Reads systemd.syntax(7): sections, `key=value`, lines continued with a backslash, comments.
unit_file read_unit_file(std::string_view text, const std::string& file = {});

/// Whether an empty entry does no more than take back what stands above it.
bool is_reset(const unit_entry& entry);

/// Reads "15min", "1d 2h", "90", "1.5h" (systemd.time(7)); none if it is no span. Infinity is the longest.
std::optional<milliseconds> read_time_span(std::string_view text);
inline constexpr milliseconds infinite_span = milliseconds::max();

/// Yes, true, on, 1.
bool is_yes(std::string_view text);

/// A command of a service, as systemd splits it.
struct unit_command {
  std::vector<std::string> words;  ///< Without quotes and escapes; `$` and `%` as they stand.
  bool may_fail = false;           ///< `-`
  bool is_literal = false;         ///< `:`, a `$` is a character as any other.
  std::string prefixes;            ///< The others: @ + ! |
};

/// The commands of an `Exec…=` line, which `;` parts.
///
/// Errors: quotes that do not close, an escape that systemd.syntax(7) does not know or that is a NUL, and
/// what is no UTF-8.
parse_result<std::vector<unit_command>> read_exec_line(std::string_view line);

/// `Environment=A=b "C=d e"` as its parts. Errors: as of `read_exec_line`.
parse_result<std::vector<std::string>> read_unit_words(std::string_view line);

}  // namespace carillon::app
